# Museum Guide. Every recipe sets up what it needs; `just` alone lists them.

set positional-arguments

python := if os() == "windows" { "python" } else { "python3" }
bin := if os() == "windows" { ".venv/Scripts/" } else { ".venv/bin/" }
example := "data/examples/girl-with-a-pearl-earring.json"

_list:
    @just --list --unsorted

# Create or bring up to date the environment in .venv; does nothing when nothing changed
setup *extras:
    @{{python}} bootstrap.py "$@"

# Write the guide of one work: of the example, or of what `guide tell` is given
guide *args: setup
    @[ $# -gt 0 ] || set -- {{example}}; {{bin}}guide tell "$@"

# Write the guides of many works: just batch IN.jsonl OUT.jsonl
batch *args: setup
    @{{bin}}guide batch "$@"

# Collect records of paintings and export clean works to data/raw/works.jsonl
collect *args: setup
    @[ $# -gt 0 ] || set -- met --limit 200; {{bin}}guide collect "$@"
    @{{bin}}guide collect export data/raw/works.jsonl

# Run the tests
test *args: (setup "dev")
    {{bin}}python -m pytest "$@"

# Lint, formatting and types
lint: (setup "dev")
    {{bin}}ruff check
    {{bin}}ruff format --check
    {{bin}}mypy

# Everything that must pass before a commit
check: lint test

# Put the code into the project's format
format: (setup "dev")
    {{bin}}ruff check --fix
    {{bin}}ruff format
