"""From a training run to GGUF files that are proved to be the model that was trained."""
