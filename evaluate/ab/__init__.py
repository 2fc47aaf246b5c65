"""Blind comparison by people: the store of votes, their statistics, and a judge that is no person.

guide ab create spring --a small --b corpus --works works.jsonl
guide ab report spring
guide ab export spring --format dpo
"""
