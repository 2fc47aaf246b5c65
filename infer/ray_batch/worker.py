"""An actor that holds the engine and writes guides; Ray Data starts as many as are asked for.

It is the local batch's writer in another process: the same session, the same verified writer, and
the same guide for the same seed, whichever worker writes it.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from rich.console import Console

from data.artwork import Artwork
from data.errors import GuideError
from infer.lines import tell_one
from infer.options import Options
from infer.session import open_session

if TYPE_CHECKING:
    import pyarrow

Result = tuple[int, str | None, str | None]
"""Number of the work, its line of JSON or None, and why there is none.

With neither, nothing is known of it: its batch was given up."""

TRIES = 3
"""How often a batch is begun; one whose worker dies as often is given up, for others wait."""


class Begun:
    """How often each batch was begun, kept in a process that outlives the workers.

    Ray gives a lost worker's batches to other workers without end, and one work can kill them all.
    """

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()

    def begin(self, batch: int) -> int:
        """Count one more beginning of the batch; how often it was begun before."""
        self._times[batch] += 1
        return self._times[batch] - 1


class GuideWorker:
    """One model in memory, and as many guides at once as it has slots."""

    def __init__(self, begun: Any, options: Options, slots: int | None, threads: int) -> None:
        self._begun, self._options = begun, options
        self._session = open_session(options, Console(quiet=True), slots=slots, threads=threads)

    def __call__(self, batch: pyarrow.Table) -> pyarrow.Table:
        """Guides of works: columns `index` and `artwork` in, `index`, `row` and `reason` out."""
        import ray

        indices = batch["index"].to_pylist()
        if ray.get(self._begun.begin.remote(indices[0])) >= TRIES:
            return to_results([(index, None, None) for index in indices])
        works = zip(indices, batch["artwork"].to_pylist(), strict=True)
        with ThreadPoolExecutor(self._session.slots) as pool:
            return to_results(list(pool.map(self._write, works)))

    def _write(self, work: tuple[int, str]) -> Result:
        index, text = work
        try:
            artwork = Artwork.model_validate_json(text)
            return index, _line(tell_one(self._session, artwork, self._options)), None
        except Exception as error:  # one work in half a million must not stop the others
            return index, None, reason_given(error)


def reason_given(error: Exception) -> str:
    """Why a work has no guide."""
    return str(error) if isinstance(error, GuideError) else f"{type(error).__name__}: {error}"


def _line(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)


def to_results(results: list[Result]) -> pyarrow.Table:
    """Results as the table that goes back to the run."""
    import pyarrow as pa

    columns: list[list[Any]] = [list(column) for column in zip(*results, strict=True)]
    types = (("index", pa.int64()), ("row", pa.string()), ("reason", pa.string()))
    return pa.table(columns, schema=pa.schema(types))
