"""From adapter to verified GGUF: merge, convert, quantize, verify."""
