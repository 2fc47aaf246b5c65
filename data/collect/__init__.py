"""Collecting: raw records from open collections and exports into one database, and out of it.

    guide collect met --limit 500          # one request a second; stop and go on as you like
    guide collect report                   # what was kept, what was skipped and why
    guide collect export works.jsonl       # clean Artworks

Every body is kept as the source sent it. What it means (`met.py`, `aic.py`, `cleveland.py`,
`table.py`) and whether it is wanted (`judge.py`) is decided from the stored body, so a better
mapping or another filter needs no new request.
"""
