"""Training in several processes: `guide train` starts itself once for each, through accelerate.

    launch(Spread(gpus=2), ["small", "--name", "small-1"])
    launch(Spread(config="fsdp", gpus=4), ["mistral-7b", "--set", "bits=16"])

The configurations in train/accelerate are accelerate's own; any other file of that kind will do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from data.errors import RecipeError

CONFIGURATIONS = Path(__file__).parent / "accelerate"


@dataclass(frozen=True, slots=True)
class Spread:
    """Over what a training is spread; what is not said is as in the configuration."""

    config: str | None = None
    gpus: int | None = None  # of all machines together
    machine_rank: int | None = None
    main_address: str | None = None  # HOST or HOST:PORT of the first machine

    @property
    def several(self) -> bool:
        """Whether there is more than this process, and it is not one of them already."""
        wanted = self.config is not None or (self.gpus or 1) > 1
        return wanted and "LOCAL_RANK" not in os.environ


def configurations() -> list[str]:
    """Names of the shipped ones."""
    return sorted(path.stem for path in CONFIGURATIONS.glob("*.yaml"))


def environment_of(spread: Spread) -> dict[str, str]:
    """What of the processes' environment decides how a run is planned, for who only plans it.

    Raises:
        RecipeError: as `launch` does.
    """
    processes = _processes(spread, _content(find_configuration(spread.config or "ddp")))
    divided = divides_weights(spread)
    return {"WORLD_SIZE": str(processes), "ACCELERATE_USE_FSDP": str(divided).lower()}


def divides_weights(spread: Spread) -> bool:
    """Whether each process will hold a part of the weights alone.

    Raises:
        RecipeError: as `launch` does.
    """
    content = _content(find_configuration(spread.config or "ddp"))
    return content.get("distributed_type") == "FSDP"


def launch(spread: Spread, arguments: list[str]) -> int:
    """Run `guide train` with these arguments in every process; returns their exit status.

    Raises:
        RecipeError: the configuration is unknown or says other than accelerate understands.
    """
    command = [*command_of(spread), *arguments]
    # The processes find the project's modules as this one does.
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)}
    return subprocess.run(command, check=False, env=environment).returncode


def command_of(spread: Spread) -> list[str]:
    """The command line up to the arguments of `guide train`.

    Raises:
        RecipeError: as `launch` does.
    """
    file = find_configuration(spread.config or "ddp")
    content = _content(file)
    processes = _processes(spread, content)
    if content.get("distributed_type") == "MULTI_CPU":
        # accelerate starts these by MPI alone; torch's own launcher needs nothing installed.
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        return [*command, "--nproc-per-node", str(processes), "--module", "train.command"]
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(file)]
    command += ["--num_processes", str(processes)]
    if spread.machine_rank is not None:
        command += ["--machine_rank", str(spread.machine_rank)]
    if spread.main_address is not None:
        host, _, port = spread.main_address.partition(":")
        command += ["--main_process_ip", host]
        command += ["--main_process_port", port] if port else []
    return [*command, "--module", "train.command"]


def find_configuration(name: str) -> Path:
    """A shipped configuration by its name, or a file.

    Raises:
        RecipeError: there is none.
    """
    shipped = CONFIGURATIONS / f"{name}.yaml"
    path = shipped if shipped.exists() else Path(name)
    if not path.is_file():
        names = ", ".join(configurations())
        raise RecipeError(f"There is no accelerate configuration {name}; name a file or {names}.")
    return path


def _processes(spread: Spread, content: dict[str, object]) -> int:
    return spread.gpus or int(str(content.get("num_processes") or 1))


def _content(file: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = str(getattr(error, "problem_mark", "")).strip()
        raise RecipeError(f"{file} is not valid YAML{f' ({where})' if where else ''}.") from None
    if not isinstance(content, dict):
        raise RecipeError(f"{file} is no accelerate configuration.")
    return content
