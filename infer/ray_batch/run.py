"""A whole collection: what is missing, who writes it, and what became of every work.

    run_batch("works.jsonl", "guides", options, Settings(workers=2), Console(stderr=True))

Workers write; the process that started the run takes their guides as they come and puts them into
parts, so that every work is written once whatever dies: a worker's works are given to another one,
and a run that is killed goes on from the parts that are there. A work whose worker dies every time
is tried alone once more and then reported, and so are records that no guide can be made of.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import Progress, TaskID

from data.errors import GuideError, ModelError, RecordError
from infer.batch import progress_bar
from infer.lines import artwork_key, option_fields
from infer.options import NO_MODEL, Options
from infer.ray_batch.cluster import Cluster, Share, divide, open_cluster
from infer.ray_batch.folder import FAILURES, OutputFolder
from infer.ray_batch.options import VLLM, Settings
from infer.ray_batch.works import Fault, read_works
from infer.session import warn_of_languages

if TYPE_CHECKING:
    import pyarrow

    from infer.ray_batch.worker import GuideWorker

PART_GUIDES, PART_SECONDS = 1000, 60.0
"""When a part is written: a run that is killed loses no more than this."""


@dataclass(frozen=True, slots=True)
class Task:
    """A work to be written: where its record stands, and the record as JSON."""

    source: str
    line: int
    artwork: str

    def fault(self, reason: str) -> Fault:
        """Why it has no guide."""
        return Fault(self.source, self.line, reason, json.loads(self.artwork))


@dataclass(slots=True)
class Missing:
    """What a run has to do."""

    tasks: list[Task]
    faults: list[Fault]
    written: int
    total: int = 0
    """Records in all."""


def run_batch(
    source: str, target: str, options: Options, settings: Settings, console: Console
) -> None:
    """Write what is missing in the folder `target`.

    Raises:
        GuideError: the input, the output, the model or the cluster cannot be used; or some works
            have no guide, after all others were written.
    """
    folder = OutputFolder(target)
    with folder.locked():
        missing = find_missing(source, folder.open(option_fields(options)))
        if missing.written:
            console.print(f"{missing.written} of {missing.total} are there already.", style="dim")
        if missing.tasks:
            _check_model(options, settings, console)
            with open_cluster(settings.address) as cluster:
                _write_missing(missing, folder, options, settings, cluster, console)
        else:
            console.print(f"Nothing is missing in {target}.", highlight=False)
        folder.write_failures(missing.faults)
    if missing.faults:
        raise RecordError(
            f"{len(missing.faults)} of {missing.total} records have no guide and stand in "
            f"{target}/{FAILURES}; the first: {missing.faults[0].reason}"
        )


def find_missing(source: str, written: Counter[str]) -> Missing:
    """Records that have no guide yet; as many of the same one as there are more than guides."""
    missing = Missing([], [], 0)
    for item in read_works(source):
        missing.total += 1
        if isinstance(item, Fault):
            missing.faults.append(item)
            continue
        key = artwork_key(item.artwork)
        if written[key]:
            written[key] -= 1
            missing.written += 1
        else:
            missing.tasks.append(Task(item.source, item.line, key))
    return missing


def _check_model(options: Options, settings: Settings, console: Console) -> None:
    """Say here and at once what a worker would say much later, or of every work."""
    from infer.ray_batch.vllm import check_engine, check_server

    if options.model == NO_MODEL:
        return
    fit: tuple[str, ...] = ()
    if options.backend:
        fit = check_server(options, console)
    elif settings.engine == VLLM:
        check_engine(options)
    else:
        from models.resolve import resolve

        fit = resolve(options.model, console).languages
    if fit and options.request.language not in fit:
        warn_of_languages(options.model, [options.request.language], console)


def _write_missing(
    missing: Missing,
    folder: OutputFolder,
    options: Options,
    settings: Settings,
    cluster: Cluster,
    console: Console,
) -> None:
    share = divide(cluster, settings.workers, settings.threads, settings.gpus)
    console.print(
        f"{share.workers} workers of {share.threads} threads on {cluster.cpus} processors.",
        highlight=False,
    )
    with progress_bar(console) as progress:
        keeper, losses = Keeper(missing, folder, progress), Losses()
        try:
            for batch in (settings.batch, 1):  # what was lost twice over is tried one by one
                if keeper.open:
                    with losses:
                        works = keeper.open_tasks()
                        keeper.keep(write_works(works, options, share, settings, batch))
        except KeyboardInterrupt:
            keeper.flush()
            console.print(f"Stopped; {folder.address} keeps what is written. Run it again.")
            raise
        keeper.flush()
    keeper.give_up(losses.reason)
    console.print(f"{keeper.guides} guides written to {folder.address}.", highlight=False)


class Keeper:
    """Takes the results as they come, each work's once, and writes them in parts."""

    def __init__(self, missing: Missing, folder: OutputFolder, progress: Progress) -> None:
        self._missing, self._folder, self._progress = missing, folder, progress
        self._bar: TaskID = progress.add_task("guides", total=len(missing.tasks))
        self._rows: list[dict[str, Any]] = []
        self._written_at = time.monotonic()
        self.guides = 0
        self.open = set(range(len(missing.tasks)))
        """Numbers of the works that nothing is known of."""

    @property
    def faults(self) -> list[Fault]:
        """Works without a guide so far."""
        return self._missing.faults

    def open_tasks(self) -> Iterator[tuple[int, Task]]:
        """The works to write, with their numbers."""
        for index in sorted(self.open):
            yield index, self._missing.tasks[index]

    def keep(self, results: Iterable[pyarrow.Table]) -> None:
        """Take every result."""
        for table in results:
            for result in table.to_pylist():
                self._keep_one(result["index"], result["row"], result["reason"])
            late = time.monotonic() - self._written_at > PART_SECONDS
            if len(self._rows) >= PART_GUIDES or late:
                self.flush()

    def flush(self) -> None:
        """Write what has come as a part."""
        rows, self._rows = self._rows, []
        if rows:
            self._folder.write(rows)
        self._written_at = time.monotonic()

    def give_up(self, reason: str = "") -> None:
        """Report the works that no worker gave a result for, and why where it is known."""
        reason = reason or "the process that wrote it died each time, perhaps for want of memory"
        for index in sorted(self.open):
            task = self._missing.tasks[index]
            self._missing.faults.append(
                task.fault(f"{task.source}, line {task.line}: {reason}; run it again.")
            )
        self.open.clear()

    def _keep_one(self, index: int, row: str | None, reason: str | None) -> None:
        if index not in self.open:
            return  # written by a worker that was thought dead
        if row is None and reason is None:
            return  # given up, to be tried alone
        self.open.remove(index)
        task = self._missing.tasks[index]
        if row is None:
            where = f"{task.source}, line {task.line}"
            self._missing.faults.append(task.fault(f"{where}: {reason}"))
        else:
            self.guides += 1
            self._rows.append(json.loads(row))
        self._progress.advance(self._bar)


def write_works(
    tasks: Iterable[tuple[int, Task]],
    options: Options,
    share: Share,
    settings: Settings,
    batch: int,
    worker: type[GuideWorker] | None = None,
) -> Iterator[pyarrow.Table]:
    """The results of works, batch by batch in the order in which they are done.

    Raises:
        GuideError: no worker could begin; the sentence holds its reason.
    """
    if settings.engine == VLLM:
        from infer.ray_batch.vllm import write_in_rounds

        yield from write_in_rounds(tasks, options, share, batch)
        return
    import ray
    from ray.data import ActorPoolStrategy

    from infer.ray_batch.worker import Begun, GuideWorker

    begun = ray.remote(num_cpus=0, max_restarts=-1)(Begun).remote()
    batches = list(_batches(tasks, batch))
    dataset = ray.data.from_arrow(batches).map_batches(
        worker or GuideWorker,
        fn_constructor_args=(begun, options, settings.slots, share.threads),
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=min(share.workers, len(batches))),
        num_cpus=share.cpus,
        num_gpus=share.gpus or None,
    )
    yield from results_of(dataset)


def results_of(dataset: Any) -> Iterator[pyarrow.Table]:
    """Run a dataset and hand its blocks over.

    Raises:
        GuideError: a worker could not begin for a reason that the user can mend.
    """
    from ray.exceptions import RayError

    try:
        yield from dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
    except (RayError, RuntimeError) as error:
        raise reason_of(error) from error


def reason_of(error: BaseException) -> GuideError:
    """Our own error that a worker raised, or a sentence about Ray's."""
    if own := _own(error):
        return own
    return ModelError(f"The workers could not go on: {_gist(error)}")


class Losses(logging.Handler):
    """Why works were lost: Ray leaves them out and only logs the error that a worker raised.

    with losses: ...
    losses.reason       # "" where nothing was logged, as of a process that was killed
    """

    _LOGGER = "ray.data._internal.execution.streaming_executor_state"

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the last error."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self.reason = f"the process that wrote it failed: {_own(error) or _gist(error)}"
            self.reason = self.reason.rstrip(".")

    def __enter__(self) -> Self:
        logger = logging.getLogger(self._LOGGER)
        self._before = logger.level, logger.propagate
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger(self._LOGGER)
        logger.removeHandler(self)
        level, logger.propagate = self._before
        logger.setLevel(level)


def _own(error: BaseException) -> GuideError | None:
    """The error of ours that is behind one of Ray's."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, GuideError):
            return type(seen)(str(getattr(seen, "cause", seen)))
        seen = getattr(seen, "cause", None) or seen.__cause__
    return None


def _gist(error: BaseException) -> str:
    """The last line of what Ray says, and of the first cause in it where there is one."""
    first = str(error).partition("\nThe above exception was the direct cause")[0]
    lines = [line.strip() for line in first.splitlines() if line.strip()]
    return lines[-1] if lines else repr(error)


def _batches(tasks: Iterable[tuple[int, Task]], size: int) -> Iterator[pyarrow.Table]:
    import pyarrow as pa

    indices: list[int] = []
    artworks: list[str] = []
    for index, task in tasks:
        indices.append(index)
        artworks.append(task.artwork)
        if len(indices) == size:
            yield pa.table({"index": indices, "artwork": artworks})
            indices, artworks = [], []
    if indices:
        yield pa.table({"index": indices, "artwork": artworks})
