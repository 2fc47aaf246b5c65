"""x."""

from train.run import Run


def write_report(run: Run) -> None:
    """X."""
