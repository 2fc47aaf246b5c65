"""Time to first token and tokens per second of `guide tell`, each run a process of its own.

python -m bench.tell --model small --repeat 5
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import click

from bench.common import machine, summary

EXAMPLE = Path(__file__).parents[1] / "data" / "examples" / "girl-with-a-pearl-earring.json"


@click.command()
@click.option("--model", default="small", show_default=True, help="Name or path.")
@click.option("--length", default="brief", show_default=True, help="brief or full.")
@click.option("--repeat", default=5, show_default=True, help="Measured runs, after one to warm up.")
def main(model: str, length: str, repeat: int) -> None:
    """Write the example's guide with another seed each time."""
    guide = Path(sys.executable).with_name("guide")
    command = [str(guide), "tell", str(EXAMPLE), "--model", model, "--length", length, "--json"]
    results, seconds = [], []
    for seed in range(repeat + 1):
        start = time.perf_counter()
        run = subprocess.run(
            [*command, "--seed", str(seed)], check=True, stdout=subprocess.PIPE, text=True
        )
        seconds.append(time.perf_counter() - start)
        results.append(json.loads(run.stdout))
    print(machine())
    print(f"model {model}, {length}, {results[0]['prompt_tokens']} tokens of prompt")
    print(f"whole command       {summary(seconds[1:], 's')}")
    for name, unit in (("time_to_first_token", "s"), ("tokens_per_second", "tokens/s")):
        print(f"{name:19} {summary([r[name] for r in results[1:]], unit)}")
    print(f"{'tokens':19} {summary([r['tokens'] for r in results[1:]], 'tokens', 0)}")


if __name__ == "__main__":
    main()
