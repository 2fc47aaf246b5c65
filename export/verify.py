"""Prove that a GGUF file is the model that was trained, and measure what quantization cost it.

from export.verify import Candidate, verify
verification = verify([Candidate(path, "Q4_K_M")], reference, rows, …)
verification.failures       # sentences; empty when every bound is met
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.prompt import build_prompt, load_examples
from export.bounds import Bounds
from export.compare import Distance, Reference, Text
from export.files import check_disk
from export.probe import Probe, probe
from models.llama import TRAINED, LlamaModel
from train.data import Row, spread

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

GUIDES = 10
TEXTS = 20
MAX_TOKENS = 440

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to verify; an adapter is applied to it at run time."""

    path: Path
    type: str
    bits: float = 0.0
    fallbacks: dict[str, int] = field(default_factory=dict)
    adapter: Path | None = None

    @property
    def size(self) -> int:
        """Bytes of the file, or of the adapter where there is one."""
        return (self.adapter or self.path).stat().st_size


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """Validation rows whose tokens are the trainer's, and the first that is not."""

    rows: int
    different: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The fact check over the ten guides."""

    guides: int
    stopped: int
    clean: int
    unsupported: int


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known of one file."""

    candidate: Candidate
    size: int
    probe: Probe
    checked: Checked
    distance: Distance | None

    def as_dict(self) -> dict[str, Any]:
        """For verify.json."""
        return {
            "type": self.candidate.type,
            "file": (self.candidate.adapter or self.candidate.path).name,
            "size": self.size,
            "bits_per_weight": self.candidate.bits,
            "fallbacks": self.candidate.fallbacks,
            "distance": asdict(self.distance) if self.distance else None,
            "checked": asdict(self.checked),
            **asdict(self.probe),
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """The results for every type, and what missed its bound."""

    tokens: TokenCheck | None
    reference: Result | None
    results: list[Result]
    bounds: Bounds
    machine: str

    @property
    def failures(self) -> list[str]:
        """A sentence for each bound that is missed."""
        faults = []
        if self.tokens and self.tokens.different:
            faults.append(
                f"{self.tokens.different} of {self.tokens.rows} validation rows have other tokens "
                f"than in training, the first is {self.tokens.example}"
            )
        for result in [*([self.reference] if self.reference else []), *self.results]:
            faults += self.bounds.missed(
                result.candidate.type,
                result.distance.kl if result.distance else None,
                result.checked.stopped,
                result.checked.guides,
            )
        return faults

    def as_dict(self) -> dict[str, Any]:
        """For verify.json."""
        return {
            "machine": self.machine,
            "tokens": asdict(self.tokens) if self.tokens else None,
            "reference": self.reference.as_dict() if self.reference else None,
            "types": [result.as_dict() for result in self.results],
            "bounds": asdict(self.bounds),
            "failures": self.failures,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured, and on what."""

    rows: Sequence[Row]
    tokenizer: Path | None
    bounds: Bounds
    work: Path
    texts: int = TEXTS
    guides: int = GUIDES
    threads: int | None = None


def verify(
    candidates: Sequence[Candidate], reference: Candidate | None, plan: Plan, tell: Tell
) -> Verification:
    """Check and measure files against their 16-bit original.

    Args:
        candidates: the files, of one model.
        reference: the 16-bit file, or None to leave distances out.
        plan: what is measured on.
        tell: is told in a sentence what is being done.

    Raises:
        ModelError: a file cannot be loaded or computed.
        OutputError: the disk cannot hold the reference's distributions.
    """
    from export.machine import machine

    first = reference or candidates[0]
    with LlamaModel(first.path, adapter=first.adapter) as model:
        tokens = None
        if plan.tokenizer is not None:
            tell(f"Comparing the tokens of {len(plan.rows)} validation rows with the trainer's …")
            tokens = check_tokens(model, plan.tokenizer, plan.rows)
        texts = [_text(model, row) for row in spread(plan.rows, plan.texts)]
        asked = spread(plan.rows, plan.guides)
        prompts = [model.tokenize(_prompt(model, row)) for row in asked]
        distances = None
        if reference is not None:
            distances = _reference(model, texts, plan, tell)
    try:
        original = None
        if reference is not None:
            original = _measure(reference, None, prompts, asked, plan, tell)
            original = replace(original, distance=distances.own() if distances else None)
        results = [_measure(one, distances, prompts, asked, plan, tell) for one in candidates]
    finally:
        if distances is not None:
            distances.close()
    return Verification(tokens, original, results, plan.bounds, machine())


def check_tokens(model: LlamaModel, tokenizer: Path, rows: Sequence[Row]) -> TokenCheck:
    """Compare what llama.cpp will read with what the trainer read, prompt and completion.

    Args:
        model: the exported model.
        tokenizer: folder of the tokenizer that the training used.
        rows: the validation set.
    """
    from models.tokenizer import load_tokenizer
    from train.data import tokenize_rows

    trainers: PreTrainedTokenizerFast = load_tokenizer(tokenizer)
    template = model.chat_template()
    end = [trainers.eos_token_id]
    different = []
    for row, trained in zip(rows, tokenize_rows(rows, trainers, 1 << 30), strict=True):
        prompt = build_prompt(row.artwork, row.request, template).text
        ours = model.tokenize(prompt) + model.tokenize(row.completion)
        if ours + end != trained.input_ids or not model.is_end(end[0]):
            different.append(row.id)
    return TokenCheck(len(rows), len(different), different[0] if different else "")


def _reference(model: LlamaModel, texts: list[Text], plan: Plan, tell: Tell) -> Reference:
    import llama_cpp

    vocabulary = llama_cpp.llama_vocab_n_tokens(model.vocab)
    needed = Reference.bytes_needed(texts, vocabulary)
    check_disk(plan.work, needed, "The 16-bit model's distributions")
    tell(f"Reading {len(texts)} held-out guides with the 16-bit model …")
    return Reference.compute(model, texts, plan.work, plan.threads)


def _measure(
    candidate: Candidate,
    distances: Reference | None,
    prompts: list[list[int]],
    asked: Sequence[Row],
    plan: Plan,
    tell: Tell,
) -> Result:
    tell(f"{candidate.type}: writing {len(prompts)} guides …")
    written = probe(
        candidate.path,
        candidate.adapter,
        prompts,
        max_tokens=MAX_TOKENS,
        threads=plan.threads,
    )
    distance = None
    if distances is not None:
        tell(f"{candidate.type}: comparing its distributions …")
        with LlamaModel(candidate.path, adapter=candidate.adapter) as model:
            distance = distances.compare(model, plan.threads)
    return Result(candidate, candidate.size, written, _checked(written, asked), distance)


def _checked(written: Probe, asked: Sequence[Row]) -> Checked:
    from data.facts import check

    reports = [
        check(guide.text, row.artwork, row.request.language)
        for guide, row in zip(written.guides, asked, strict=True)
    ]
    return Checked(
        guides=len(reports),
        stopped=sum(guide.stopped for guide in written.guides),
        clean=sum(report.clean for report in reports),
        unsupported=sum(len(report.unsupported) for report in reports),
    )


def _prompt(model: LlamaModel, row: Row) -> str:
    """The prompt as inference will build it: examples for a model that was not trained on them."""
    trained = model.adapter_path is not None or model.metadata(TRAINED) == "true"
    examples = () if trained else load_examples(row.request.language)
    return build_prompt(row.artwork, row.request, model.chat_template(), examples).text


def _text(model: LlamaModel, row: Row) -> Text:
    """A held-out guide with its prompt, without examples: they would only cost time."""
    prompt = build_prompt(row.artwork, row.request, model.chat_template()).text
    tokens = model.tokenize(prompt)
    return Text(tokens + model.tokenize(row.completion), len(tokens))
