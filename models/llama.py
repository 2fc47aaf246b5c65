"""llama.cpp through llama-cpp-python's low-level API: a loaded model and its vocabulary.

    with LlamaModel(Path("model.gguf")) as model:
        tokens = model.tokenize("<|im_start|>user")

The high-level `llama_cpp.Llama` is not used: it serves one caller, keeps the GIL's main thread
inside C while it reads a prompt, and hides the KV cache that we share and save.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import llama_cpp
import psutil

from data.errors import ModelError
from data.prompt import ChatTemplate
from models.gguf import read_header

TRAINED = "museum_guide.trained"
"""Metadata of a model that `guide export` made: it was trained on the corpus, so that its prompts
carry no examples."""

_ERROR_LEVEL = 4  # GGML_LOG_LEVEL_ERROR
_log_lines: deque[str] = deque(maxlen=20)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_log(level: int, text: bytes, _data: object) -> None:
    """Keep errors for our own message; llama.cpp would print them all over the terminal."""
    if level >= _ERROR_LEVEL and (line := text.decode("utf-8", errors="replace").strip(". \n")):
        _log_lines.append(line)


def last_log_line() -> str:
    """The last error llama.cpp reported, or an empty text."""
    return _log_lines[-1] if _log_lines else ""


@contextmanager
def heard_log() -> Iterator[list[str]]:
    """Everything llama.cpp says meanwhile, in the pieces in which it says it."""
    pieces: list[str] = []

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def hear(_level: int, text: bytes, _data: object) -> None:
        pieces.append(text.decode("utf-8", errors="replace"))

    llama_cpp.llama_log_set(hear, ctypes.c_void_p(0))
    try:
        yield pieces
    finally:
        llama_cpp.llama_log_set(_keep_log, ctypes.c_void_p(0))


def physical_cores() -> int:
    """Cores to compute on: llama.cpp gains nothing from hyper-threads."""
    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


class LlamaModel:
    """Weights, vocabulary and chat template of one GGUF file, with its adapter if it has one."""

    def __init__(
        self,
        path: Path,
        *,
        architecture: str = "",
        adapter: Path | None = None,
        vocabulary_only: bool = False,
    ) -> None:
        """Load the file, or only its vocabulary and chat template, which takes no memory.

        Raises:
            ModelError: the file is absent, damaged, of the wrong kind, or larger than memory.
        """
        self.path, self.adapter_path = path, adapter
        self.adapter: Any = None
        self.header = read_header(path, architecture)
        if not vocabulary_only:
            self._check_memory()
        llama_cpp.llama_log_set(_keep_log, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        _log_lines.clear()
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocabulary_only
        self.handle: Any = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelError(
                f"{path} cannot be loaded ({last_log_line() or 'no reason given'}); "
                "remove it and fetch it again, or choose another model."
            )
        self.vocab: Any = llama_cpp.llama_model_get_vocab(self.handle)
        if adapter:
            self.adapter = self._load_adapter(adapter)

    @property
    def context_length(self) -> int:
        """Most tokens the model was trained to read at once."""
        return int(llama_cpp.llama_model_n_ctx_train(self.handle))

    def metadata(self, key: str) -> str:
        """A value of the file's metadata as text, or an empty text where it has none."""
        size = llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), None, 0)
        if size < 0:
            return ""
        value = ctypes.create_string_buffer(size + 1)
        llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), value, size + 1)
        return value.value.decode("utf-8", errors="replace")

    def chat_template(self) -> ChatTemplate:
        """The template in the file.

        Raises:
            ModelError: the file has none, so it is no chat model.
        """
        source = llama_cpp.llama_model_chat_template(self.handle, None)
        if not source:
            raise ModelError(
                f"{self.path} has no chat template, so it cannot be asked for a guide; "
                "choose an instruction-tuned model."
            )
        return ChatTemplate(
            source.decode("utf-8", errors="replace"),
            bos_token=self._token_text(llama_cpp.llama_vocab_bos(self.vocab)),
            eos_token=self._token_text(llama_cpp.llama_vocab_eos(self.vocab)),
        )

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a rendered prompt: control tokens are read, none is added."""
        raw = text.encode("utf-8")
        capacity = len(raw) + 1
        tokens = (llama_cpp.llama_token * capacity)()
        count = llama_cpp.llama_tokenize(self.vocab, raw, len(raw), tokens, capacity, False, True)
        if count < 0:
            raise ModelError(f"{self.path} cannot tokenize its prompt; its vocabulary is damaged.")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, none for a control token; may be half a character."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, size, 0, False)
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def is_end(self, token: int) -> bool:
        """Whether the model says by this token that it has finished."""
        return bool(llama_cpp.llama_vocab_is_eog(self.vocab, token))

    def close(self) -> None:
        """Free the weights; closing twice does nothing."""
        if self.adapter:
            llama_cpp.llama_adapter_lora_free(self.adapter)
            self.adapter = None
        if self.handle:
            llama_cpp.llama_model_free(self.handle)
            self.handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _check_memory(self) -> None:
        size, memory = self.path.stat().st_size, psutil.virtual_memory().total
        if size > memory:
            raise ModelError(
                f"{self.path} is {size / 1e9:.1f} GB and this machine has {memory / 1e9:.1f} GB of "
                "memory; choose a smaller model."
            )

    def _load_adapter(self, path: Path) -> Any:
        adapter = llama_cpp.llama_adapter_lora_init(self.handle, str(path).encode())
        if not adapter:
            reason = last_log_line() or "no reason given"
            self.close()
            raise ModelError(f"The adapter {path} does not fit {self.path} ({reason}).")
        return adapter

    def _token_text(self, token: int) -> str:
        if token < 0:
            return ""
        return str(llama_cpp.llama_vocab_get_text(self.vocab, token).decode("utf-8", "replace"))
