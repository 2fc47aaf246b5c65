"""Ray: a cluster of this machine alone, with nothing to set up, or one found by its address.

    with open_cluster(None) as cluster:     # or "10.0.0.1:6379", after `ray start` there
        cluster.cpus, cluster.gpus

Ray's reports of use to its makers are switched off, and so is its talk: what the user has to know
is said by the run.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import psutil

from data.errors import GuideError, ModelError
from models.llama import physical_cores

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # never report to its makers
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # a lost worker is no error here
    "RAY_worker_niceness": "0",  # as any other command; `nice guide batch` is for who wants it
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # the coming default; otherwise it warns
}


STARTS = 3
"""How often a cluster of this machine is started before that is given up."""


class ClusterError(GuideError):
    """There is no cluster, or it has not what was asked of it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the machines have together."""

    cpus: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Share:
    """What each of so many workers takes."""

    workers: int
    threads: int
    gpus: float = 0.0

    @property
    def cpus(self) -> float:
        """As Ray counts them: it takes hyper-threads for processors, llama.cpp does not."""
        logical = psutil.cpu_count() or 1
        return self.threads * max(1, logical // physical_cores())


@contextmanager
def open_cluster(address: str | None) -> Iterator[Cluster]:
    """Start a cluster here, or join the one at an address.

    Raises:
        ClusterError: nothing answers there.
        ModelError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise ModelError("--engine ray needs Ray; install it with: just setup scale")
    os.environ.update(QUIET)
    import ray

    started = not ray.is_initialized()
    if started:
        _start(address)
    _configure()
    try:
        has = ray.cluster_resources()  # type: ignore[no-untyped-call]
        yield Cluster(int(has.get("CPU", 1)), int(has.get("GPU", 0)))
    finally:
        if started:
            ray.shutdown()


def _start(address: str | None) -> None:
    """Start or join, more than once: on a busy machine Ray gives itself up after half a minute."""
    import ray

    heard = address is not None and _knock(address)
    for left in reversed(range(1 if address else STARTS)):
        try:
            with _without_stderr():
                ray.init(
                    address=address or "local",
                    logging_level=logging.ERROR,
                    log_to_driver=False,
                    include_dashboard=None if address else False,
                )
        except Exception as error:  # Ray raises plain ones too
            if not left:
                raise _not_started(address, error, heard=heard) from error
            ray.shutdown()
        else:
            return


def _knock(address: str) -> bool:
    """Whether anything listens at HOST:PORT: Ray itself would try for minutes.

    Raises:
        ClusterError: nothing does. Addresses such as "auto" and "ray://…" are Ray's to judge.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdigit():
        return False
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise _not_started(address, error) from None
    return True


def _not_started(address: str | None, error: Exception, *, heard: bool = False) -> ClusterError:
    """The sentence; `heard` says that something listens at the address."""
    reason = str(error).partition("\n")[0].rstrip(".")
    if address is None:
        return ClusterError(f"Ray did not start here ({reason}); try again on an idle machine.")
    if heard and os.environ.get("RAY_AUTH_MODE") is None:
        # `ray start` asks for a token where it finds one, as a cluster of this machine alone makes;
        # a refused one stands in Ray's log alone.
        return ClusterError(
            f"The Ray cluster at {address} did not let this process in ({reason}); where "
            "`ray start` says that token authentication is enabled, set RAY_AUTH_MODE=token here "
            "too, with the same ~/.ray/auth_token."
        )
    return ClusterError(
        f"There is no Ray cluster at {address} ({reason}); start one there with "
        "`ray start --head`, or leave --address out."
    )


def divide(
    cluster: Cluster, workers: int | None, threads: int | None, gpus: float | None = None
) -> Share:
    """How many workers there will be, and what each takes.

    Raises:
        ClusterError: the machines have not so much.
    """
    ratio = max(1, (psutil.cpu_count() or 1) // physical_cores())
    cores = max(1, cluster.cpus // ratio)
    if threads is None:
        threads = max(1, cores // workers) if workers else min(cores, physical_cores())
    workers = workers or max(1, cores // threads)
    if workers * threads > cores:
        raise ClusterError(
            f"{workers} workers of {threads} threads need {workers * threads} cores and there are "
            f"{cores}; give fewer --workers or --threads."
        )
    share = Share(workers, threads, gpus or 0.0)
    if share.gpus * workers > cluster.gpus:
        raise ClusterError(
            f"{workers} workers with {share.gpus:g} GPUs each need more than the {cluster.gpus} "
            "GPUs there are; give fewer --workers or --gpus."
        )
    return share


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Nothing on standard error: Ray's C++ part announces there that it will be quiet."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123  # a device, not a path of ours
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _configure() -> None:
    """A work whose worker dies is tried again, and nothing that is lost stops the others."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.max_errored_blocks = -1
    context.enable_progress_bars = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
