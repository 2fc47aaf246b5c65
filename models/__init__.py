"""The model catalog and its resolver; downloaded models lie beside it, ignored by git."""

from __future__ import annotations

import os

# llama.cpp's threads wait for one another several hundred times a token. GNU OpenMP lets them
# spin for milliseconds, which on a machine with other work to do (a voice, a browser, a second
# guide) makes each wait for a thread that the other's spinning keeps from running: measured, a
# tenth of the speed and less. After a thousand turns they sleep instead, which alone costs
# nothing (docs/PERFORMANCE.md). Read when the OpenMP library is loaded, so set before llama_cpp.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
