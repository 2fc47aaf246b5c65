"""From a training run to GGUF files that are proved to be the model that was trained."""

import models  # noqa: F401  # its settings come before llama_cpp is loaded
