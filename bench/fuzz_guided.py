"""One door under atheris: python -m bench.fuzz_guided DOOR RUNS SEED SECONDS MINUTES.

A process of its own, because what is to be followed has to be instrumented as it is imported, and
libFuzzer ends the process itself.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["data", "infer", "models", "train", "bench"]):
    from bench.fuzz_doors import FOUND, attack, seeds


def main() -> None:
    """Run it; what is found is kept under tests/fixtures/fuzz."""
    door, runs, seed, seconds, minutes = sys.argv[1:]
    folder = Path(tempfile.mkdtemp(prefix="fuzz-seeds-"))
    for number, text in enumerate(seeds(door)):
        (folder / f"seed-{number}").write_bytes(text)
    found = FOUND / door
    found.mkdir(parents=True, exist_ok=True)

    def case(data: bytes) -> None:
        attack(door, data)

    atheris.Setup(
        [
            "fuzz", str(folder), f"-runs={runs}", f"-seed={seed}", f"-timeout={seconds}",
            f"-max_total_time={round(float(minutes) * 60)}", "-rss_limit_mb=3000",
            "-max_len=3000", "-print_final_stats=1", f"-artifact_prefix={found}/",
        ],
        case,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
