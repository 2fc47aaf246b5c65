"""Measurements anyone can rerun: `python -m bench.NAME --help`."""
