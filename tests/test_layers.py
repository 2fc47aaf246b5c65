"""The architecture's own rule: nothing earlier in the chain imports something later."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAIN = ["data", "models", "train", "export", "infer", "evaluate"]
HEAVY = {"torch", "unsloth", "transformers", "llama_cpp", "fastapi", "datasets", "trl", "peft"}

MODULES = [
    path
    for stage in CHAIN
    for path in sorted((ROOT / stage).rglob("*.py"))
    if stage != "models" or path.parent.name == "models"  # below it lies what was fetched
]


def imports(path: Path) -> set[str]:
    """Top-level packages a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_imports_nothing_later_than_itself(path):
    stage = path.relative_to(ROOT).parts[0]
    # The one exception: a data set's rows are counted by the vocabulary of the model's own file.
    stage = "models" if path == ROOT / "data" / "dataset" / "tokens.py" else stage
    later = set(CHAIN[CHAIN.index(stage) + 1 :]) | {"guide", "bench", "tests"}
    assert not imports(path) & later


def test_help_imports_nothing_heavy():
    code = (
        "import sys, guide; guide.cli.main(['--help'], standalone_mode=False); "
        f"print(sorted(set(sys.modules) & {HEAVY | {'pydantic', 'requests', 'rich'}}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("[]\n")
