"""Metrics, comparisons and votes over guides."""
