"""Measurements anyone can rerun: `python -m bench.NAME --help`."""

import models  # noqa: F401  # sets how threads wait, before llama_cpp is imported anywhere
