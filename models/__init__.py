"""The model catalog and its resolver; downloaded models lie beside it, ignored by git."""

from __future__ import annotations

import os

# llama.cpp's threads wait for one another several hundred times a token. GNU OpenMP lets them
# spin for milliseconds, which on a machine with other work to do (a voice, a browser, a second
# guide) makes each wait for a thread that the other's spinning keeps from running: measured, a
# tenth of the speed and less. After a thousand turns they sleep instead, which alone costs
# nothing. But the engine's thread and the one that loaded the model have a team each, more
# threads than cores, and then GNU OpenMP has them sleep after a hundred turns unless they are
# said to be active: measured, a fifth of the speed of `tiny` (docs/PERFORMANCE.md). Read when
# the OpenMP library is loaded, so set before llama_cpp.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ["OMP_WAIT_POLICY"] = "active"
