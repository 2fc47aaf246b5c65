"""Measurements anyone can rerun: `python -m bench.NAME --help`."""

import models  # noqa: F401  # its settings come before llama_cpp is loaded
