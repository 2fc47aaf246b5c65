"""What is shipped for several processes and machines: read by the programs that it is for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from data.errors import RecipeError
from infer.web.command import serve
from train.launch import CONFIGURATIONS, Spread, command_of, configurations

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "infer" / "deploy"


def program(name):
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def options_of(text):
    return set(re.findall(r"--[a-z-]+", text))


def found(pattern, text, flags=0):
    match = re.search(pattern, text, flags)
    assert match, pattern
    return match.group(1)


def known_options():
    return {name for parameter in serve.params for name in parameter.opts}


def test_containers_start_guide_serve_with_options_it_has():
    services = compose()["services"]
    said = " ".join(services["guide-1"]["command"]) + (DEPLOY / "Dockerfile").read_text("utf-8")
    assert {"--model", "--museum", "--proxy"} <= options_of(said)
    entry = found(r"ENTRYPOINT \[(.*)\]", said)
    assert options_of(entry + " ".join(services["guide-1"]["command"])) <= known_options()


def test_both_servers_share_one_store():
    services = compose()["services"]
    assert services["guide-1"] == services["guide-2"]
    assert "@postgres/" in services["guide-1"]["environment"]["GUIDE_STORE"]
    named = {parameter.envvar for parameter in serve.params if parameter.envvar}
    assert set(services["guide-1"]["environment"]) <= named


def test_nginx_sends_to_the_servers_there_are_and_buffers_no_stream():
    config = (DEPLOY / "nginx.conf").read_text("utf-8")
    servers = re.findall(r"server (guide-\d):8000", config)
    assert servers == [name for name in compose()["services"] if name.startswith("guide-")]
    location = found(r"location / \{(.*?)\n        \}", config, re.DOTALL)
    assert "proxy_buffering off;" in location
    assert 'proxy_set_header Connection "";' in location


@program("nginx")
def test_nginx_accepts_its_configuration(tmp_path):
    config = (DEPLOY / "nginx.conf").read_text("utf-8")
    config = re.sub(r"guide-\d:8000", "127.0.0.1:8000", config)  # names of containers
    config = config.replace("/tmp/museum-guide-nginx.pid", str(tmp_path / "pid"))
    (tmp_path / "nginx.conf").write_text(config)
    done = run("nginx", "-t", "-c", str(tmp_path / "nginx.conf"))
    assert done.returncode == 0, done.stderr


@program("systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path):
    unit = (DEPLOY / "museum-guide@.service").read_text("utf-8")
    assert options_of(found(r"ExecStart=(.*)", unit)) <= known_options()
    unit = unit.replace("/opt/museum-guide/.venv/bin/guide", sys.executable)
    (tmp_path / "museum-guide@8001.service").write_text(unit)
    done = run("systemd-analyze", "verify", str(tmp_path / "museum-guide@8001.service"))
    assert done.returncode == 0, done.stderr
    assert "museum-guide" not in done.stderr


@program("docker-compose")
def test_compose_accepts_its_file():
    done = run(
        "env", "POSTGRES_PASSWORD=x", "docker-compose", "-f", str(DEPLOY / "compose.yaml"), "config"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", configurations())
def test_accelerate_reads_its_configurations(name):
    config = pytest.importorskip("accelerate.commands.config.config_args")
    loaded = config.load_config_from_file(str(CONFIGURATIONS / f"{name}.yaml"))
    kind = {"ddp": "MULTI_GPU", "nodes": "MULTI_GPU", "fsdp": "FSDP", "cpu": "MULTI_CPU"}[name]
    assert loaded.distributed_type.value == kind
    assert loaded.num_machines == (2 if name == "nodes" else 1)
    # The recipe's precision decides, whatever accelerate is told.
    assert loaded.mixed_precision == "no"


def test_several_machines_are_started_each_with_its_rank():
    command = command_of(Spread("nodes", 16, 1, "10.0.0.1:29501"))
    joined = " ".join(command)
    assert f"--config_file {CONFIGURATIONS / 'nodes.yaml'}" in joined
    assert "--num_processes 16 --machine_rank 1" in joined
    assert "--main_process_ip 10.0.0.1 --main_process_port 29501" in joined
    assert joined.endswith("--module train.command")


def test_several_gpus_need_no_configuration():
    assert str(CONFIGURATIONS / "ddp.yaml") in command_of(Spread(gpus=2))
    assert not Spread(gpus=1).several
    assert not Spread().several


def test_unknown_configuration_names_those_there_are(tmp_path):
    with pytest.raises(RecipeError, match="name a file or cpu, ddp, fsdp, nodes"):
        command_of(Spread("ddq"))
    (tmp_path / "own.yaml").write_text("a: [")
    with pytest.raises(RecipeError, match=r"own.yaml is not valid YAML"):
        command_of(Spread(str(tmp_path / "own.yaml")))
