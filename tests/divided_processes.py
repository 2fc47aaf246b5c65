"""One of the processes of `guide train` with divided weights, on a machine without GPUs.

accelerate divides weights among accelerators alone, though torch can among processors as well: so
it is told that these processes are some. All else is as `guide train --accelerate fsdp` runs it.
"""

from typing import Any

from accelerate.state import PartialState  # type: ignore[import-untyped]
from accelerate.utils import DistributedType  # type: ignore[import-untyped]

from train.command import main

_begin = PartialState.__init__


def _begin_as_accelerator(self: PartialState, *arguments: Any, **options: Any) -> None:
    _begin(self, *arguments, **options)
    if self.distributed_type == DistributedType.MULTI_CPU:
        self.distributed_type = DistributedType.MULTI_GPU


if __name__ == "__main__":
    PartialState.__init__ = _begin_as_accelerator
    main()
