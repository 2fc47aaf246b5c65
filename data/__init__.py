"""The record, its cleaning, derived facts, the prompt and the fact check."""
