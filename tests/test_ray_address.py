"""`guide batch --engine ray --address`: clusters that `ray start` made, and their tokens."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pyarrow.parquet as pq
import pytest

from tests.conftest import GUIDE

pytest.importorskip("ray")
pytestmark = pytest.mark.slow
STARTS = 120  # seconds in which a cluster has to be there


@pytest.fixture
def head(tmp_path):
    """`ray start` where a token lies, as one does after a run on one machine alone."""
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("0" * 64)
    environment = os.environ | {"HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0"}
    environment.pop("RAY_AUTH_MODE", None)
    # Elsewhere than other clusters, which would take it for theirs; short, for names of sockets.
    own = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    environment["RAY_TMPDIR"] = own
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    ray = subprocess.Popen(
        [str(GUIDE.with_name("ray")), "start", "--head", "--block", "--num-cpus", "1",
         "--port", address.rpartition(":")[2]],
        env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert ray.stdout is not None
        until = time.monotonic() + STARTS
        while "Ray runtime started" not in ray.stdout.readline():
            assert ray.poll() is None, "it ended"
            assert time.monotonic() < until, "it does not start"
        yield address, environment
    finally:
        ray.send_signal(signal.SIGTERM)
        ray.communicate(timeout=STARTS)
        shutil.rmtree(own, ignore_errors=True)


def test_cluster_of_ray_start_is_joined_with_its_token_and_named_without(head, tmp_path):
    address, environment = head
    works = tmp_path / "works.jsonl"
    works.write_text("".join(json.dumps({"title": f"Work {n}"}) + "\n" for n in range(5)))

    def batch(**more):
        command = ["batch", str(works), str(tmp_path / "guides"), "--model", "none"]
        return subprocess.run(
            [str(GUIDE), *command, "--engine", "ray", "--address", address],
            env=environment | more, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    refused = batch()
    assert refused.returncode == 2
    assert "set RAY_AUTH_MODE=token here too" in refused.stderr
    done = batch(RAY_AUTH_MODE="token")
    assert done.returncode == 0, done.stderr

    rows = [
        r for p in (tmp_path / "guides").glob("*.parquet") for r in pq.read_table(p).to_pylist()
    ]
    assert sorted(row["artwork"]["title"] for row in rows) == [f"Work {n}" for n in range(5)]
