"""Scripts: a teacher model writes guides for collected works, a curator reviews them.

    guide scripts write works.jsonl --base-url http://localhost:8000/v1 --model NAME
    guide scripts review            # keep, edit, reject, one after another
    guide scripts report
    guide scripts export guides.jsonl

Nothing passes unread by the fact check: a candidate that fails it, or the rules of style, is asked
again with the findings, and what still fails is kept apart with its reasons.
"""
