"""The supply chain: locks with hashes, known faults, licences, a bill of materials.

python -m bench.supply lock --upgrade     # newer versions into requirements/*.lock
python -m bench.supply audit              # needs the vulnerability service of PyPI
python -m bench.supply licences           # docs/LICENCES.md
python -m bench.supply sbom               # dist/museum-guide.cdx.json, CycloneDX

`just lock`, `just audit` and `just licences` call it. The locks cover the default set-up, with and
without speech and serving; what other extras add is resolved on top of them by `bootstrap.py`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from data.errors import GuideError
from models.catalog import Entry, read_entries
from models.voices import VoiceEntry

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
OLDEST_PYTHON = "3.11"

# In this order: what the smaller set-up shares with the larger one has one version in both.
RECIPES: dict[str, list[str]] = {
    "pip.lock": ["requirements/pip.in"],
    "build.lock": ["requirements/build.in"],
    "serve.lock": ["pyproject.toml", "--extra", "speech", "--extra", "serve"],
    "guide.lock": [
        "pyproject.toml",
        "--extra",
        "speech",
        "--constraints",
        "requirements/serve.lock",
    ],
}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


class SupplyError(GuideError):
    """A tool of the supply chain could not do its work."""


@click.group()
def main() -> None:
    """Locks, known faults, licences and the bill of materials of the default set-up."""


@main.command()
@click.option("--upgrade", is_flag=True, help="Take the newest versions allowed.")
def lock(upgrade: bool) -> None:
    """Write requirements/*.lock, for every platform and Python, without a word of any index."""
    for name, inputs in RECIPES.items():
        command = [
            sys.executable, "-m", "uv", "pip", "compile", *inputs, "--universal", "--quiet",
            "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-emit-index-url",
            "--constraints", "requirements/choices.txt",
            "--custom-compile-command", "just lock",
            "--output-file", f"requirements/{name}",
        ]  # fmt: skip
        if upgrade:
            command.append("--upgrade")
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise SupplyError(f"requirements/{name} could not be made; the lines above say why.")
        print(f"requirements/{name}: {len(pins(LOCKS / name))} packages")


@main.command()
def audit() -> None:
    """Ask PyPI's vulnerability service about every locked version."""
    pinned = pins(LOCKS / "serve.lock") | pins(LOCKS / "build.lock") | pins(LOCKS / "pip.lock")
    run = subprocess.run(
        [
            sys.executable, "-m", "pip_audit", "--requirement", "requirements/serve.lock",
            "--requirement", "requirements/build.lock", "--requirement", "requirements/pip.lock",
            "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        answers = json.loads(run.stdout)["dependencies"]
    except ValueError:
        answers = []
    audited = [answer for answer in answers if "vulns" in answer]
    if not audited:
        raise SupplyError(
            "Nothing was audited: the vulnerability service cannot be reached from here; "
            "try again where PyPI itself is reached."
        )
    faulty = [answer for answer in audited if answer["vulns"]]
    for answer in faulty:
        names = ", ".join(fault["id"] for fault in answer["vulns"])
        print(f"{answer['name']} {answer['version']}: {names}")
    print(f"{len(audited)} of {len(pinned)} packages audited, {len(faulty)} with known faults")
    sys.exit(1 if faulty else 0)


@main.command()
def licences() -> None:
    """Write docs/LICENCES.md: every package of the default set-up, every model and voice."""
    target = ROOT / "docs" / "LICENCES.md"
    wanted = pins(LOCKS / "serve.lock")
    rows = [row for row in _installed_licences() if _normal(row["Name"]) in wanted]
    absent = sorted(set(wanted) - {_normal(row["Name"]) for row in rows})
    lines = [
        "# Licences",
        "",
        "Made by `just licences`. The project itself is under Apache-2.0. The packages below are",
        "the locked ones of the default set-up with speech and serving; none is shipped with it.",
        "",
        "| package | version | licence |",
        "|---|---|---|",
        *(f"| {row['Name']} | {row['Version']} | {_one_line(row['License'])} |" for row in rows),
    ]
    if absent:
        lines += ["", f"Not installed where this was made: {', '.join(absent)}."]
    lines += ["", "| model or voice | made from | licence |", "|---|---|---|"]
    lines += [f"| {m['name']} | {m['base']} | {m['licence']} |" for m in models()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(rows)} packages, {len(models())} models and voices")


@main.command()
def sbom() -> None:
    """Write dist/museum-guide.cdx.json: the locked packages and the models, with their hashes."""
    target = ROOT / "dist" / "museum-guide.cdx.json"
    target.parent.mkdir(exist_ok=True)
    run = subprocess.run(
        [
            sys.executable, "-m", "cyclonedx_py", "requirements", "requirements/serve.lock",
            "--pyproject", "pyproject.toml", "--output-reproducible", "-o", str(target),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        raise SupplyError(f"The bill of materials could not be made: {run.stderr.strip()}")
    bill = json.loads(target.read_text(encoding="utf-8"))
    bill["components"] += [_component(model) for model in models()]
    target.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(bill['components'])} components")


def pins(path: Path) -> dict[str, str]:
    """Normalised names and versions that a lock pins."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise SupplyError(f"{path} is missing; `just lock` makes it.") from None
    return {_normal(name): version for name, version in _PIN.findall(text)}


def models() -> list[dict[str, str]]:
    """Every file of the shipped catalogs: models, and the voices' parts."""
    found = []
    for name, entry in read_entries(ROOT / "models" / "catalog.toml", Entry).items():
        found.append(
            {
                "name": name,
                "base": entry.base,
                "licence": entry.licence,
                "sha256": str(entry.sha256),
            }
        )
    for name, voice in read_entries(ROOT / "models" / "voices.toml", VoiceEntry).items():
        for part, file in voice.files.items():
            found.append(
                {
                    "name": f"{name} ({part})",
                    "base": voice.description,
                    "licence": voice.licence,
                    "sha256": str(file.sha256),
                }
            )
    return found


def _component(model: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model-{model['sha256'][:12]}-{model['name']}",
        "name": model["name"],
        "description": model["base"],
        "licenses": [{"license": {"name": model["licence"]}}],
        "hashes": [{"alg": "SHA-256", "content": model["sha256"]}],
    }


def _installed_licences() -> list[dict[str, str]]:
    run = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SupplyError(f"The licences could not be listed: {run.stderr.strip()}")
    rows: list[dict[str, str]] = json.loads(run.stdout)
    return sorted(rows, key=lambda row: row["Name"].lower())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")[:80]


if __name__ == "__main__":
    try:
        main()
    except SupplyError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
