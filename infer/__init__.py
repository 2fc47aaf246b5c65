"""Writing guides on the user's own machine."""

import models  # noqa: F401  # its settings come before llama_cpp is loaded
