"""Metrics, comparisons and votes over guides."""

import models  # noqa: F401  # its settings come before llama_cpp is loaded
