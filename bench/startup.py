"""Start-up time of the `guide` command, as a user waits for it.

python -m bench.startup --repeat 20
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click

from bench.common import machine, summary

COMMANDS = (["--version"], ["--help"], ["tell", "--help"], ["models", "list"])


@click.command()
@click.option("--repeat", default=20, show_default=True, help="Runs of each command.")
def main(repeat: int) -> None:
    """Time whole processes, from the start to the exit; the first run of each warms up."""
    guide = Path(sys.executable).with_name("guide")
    print(machine())
    for arguments in COMMANDS:
        seconds = []
        for _ in range(repeat + 1):
            start = time.perf_counter()
            subprocess.run([guide, *arguments], check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        print(f"guide {' '.join(arguments):12} {summary(seconds[1:], 's', 3)}")


if __name__ == "__main__":
    main()
