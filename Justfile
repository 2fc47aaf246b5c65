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

# Serve the visitor's page, the API and the curator's side: just serve --works works.csv
serve *args: (setup "serve" "speech")
    @{{bin}}guide serve "$@"

# Collect records of paintings and export clean works to data/raw/works.jsonl
collect *args: setup
    @[ $# -gt 0 ] || set -- met --limit 200; {{bin}}guide collect "$@"
    @{{bin}}guide collect export data/raw/works.jsonl

# Have a teacher model write guides for the collected works; --help names its address and key
scripts *args: (setup "data")
    @[ $# -gt 0 ] || set -- write data/raw/works.jsonl; {{bin}}guide scripts "$@"

# Make the data set: data/processed/train.jsonl, validation.jsonl and report.html
dataset *args: (setup "data")
    @{{bin}}guide dataset build "$@"

# Fine-tune by a recipe: just train small, on several GPUs just train small --gpus 2
train *args: (setup "train")
    @[ $# -gt 0 ] || set -- small; {{bin}}guide train "$@"

# Make verified GGUF files of a run: just export runs/NAME --quantize Q4_K_M
export *args: (setup "train")
    @{{bin}}guide export "$@"

# Measure models on held-out works: just evaluate small tiny corpus
evaluate *args: (setup "evaluate")
    @[ $# -gt 0 ] || set -- small corpus --sample 40 --style clear; {{bin}}guide evaluate "$@"

# Compare two measured models: just compare A B
compare *args: (setup "evaluate")
    @{{bin}}guide compare "$@"

# Run the tests
test *args: (setup "dev" "data" "train" "evaluate" "serve" "speech" "scale")
    {{bin}}python -m pytest "$@"

# Run the tests that take minutes each: whole exports, Ray, two hundred guides at once
test-slow *args: (setup "dev" "data" "train" "evaluate" "serve" "speech" "scale")
    {{bin}}python -m pytest -m slow "$@"

# Lint, formatting and types
lint: (setup "dev" "data" "train" "evaluate" "serve" "speech" "scale")
    {{bin}}ruff check
    {{bin}}ruff format --check
    {{bin}}mypy

# Everything that must pass before a commit
check: lint test

# Put the code into the project's format
format: (setup "dev" "data" "train" "evaluate")
    {{bin}}ruff check --fix
    {{bin}}ruff format

# Feed the parsers what no museum would send: just fuzz --minutes 5
fuzz *args: (setup "fuzz")
    {{bin}}python -m bench.fuzz "$@"

# Pin the default set-up with hashes: just lock --upgrade takes newer versions
lock *args: (setup "supply")
    {{bin}}python -m bench.supply lock "$@"

# Ask whether a locked package has known faults (needs PyPI's vulnerability service)
audit: (setup "supply")
    {{bin}}python -m bench.supply audit

# List licences in docs/LICENCES.md and write the bill of materials to dist/
licences: (setup "supply" "speech" "serve")
    {{bin}}python -m bench.supply licences
    {{bin}}python -m bench.supply sbom
