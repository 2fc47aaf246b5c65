"""A model as judge: any OpenAI-compatible endpoint, asked in both orders, kept apart from people.

    with Judge(Endpoint(model="…", base_url="http://localhost:8000/v1")) as judge:
        judge.judge(store, "spring", watch)
    read_judgements(store, "spring").position_bias

Models favour a place (Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena",
NeurIPS 2023), so a pair counts as won only if the verdict survives the exchange of places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from types import TracebackType
from typing import Any, Literal, Self

import openai
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select

from data.prompt import Request, record_lines
from evaluate.ab.store import VoteStore
from evaluate.ab.tables import Experiment, Judgement, Text, Variant, VoteError
from infer.web.tables import now

RUBRIC = """You compare two audio guides to one work of art. A visitor hears them in front of it.
Judge by this, the first point weighing most:
1. Grounded: it claims only what the record supports. Colours, gestures, stories or lives that are
in no field are inventions, however plausible. General truths about materials and genres,
arithmetic on given dates and sizes, and invitations to look are allowed.
2. For the ear: one idea a sentence, most under 20 words; no symbols, abbreviations or headings; no
greeting and no sign-off.
3. Complete: it says title, artist, date and medium, and makes the size tangible.
4. One job: a hook, something to look for, why it matters, a last line that lands.
5. Honest: doubts of attribution and date are spoken.
6. Plain: none of the worn words of advertising.
7. Of the length and language that were asked for.
Which of the two comes first means nothing. Answer with JSON: "reason", one sentence that names
what decided, then "verdict": "first", "second", "equal" or "both bad"."""

Said = Literal["first", "second", "equal", "both bad"]


class Verdict(BaseModel):
    """What the judge has to answer."""

    model_config = ConfigDict(extra="ignore")
    reason: str
    verdict: Said


_SCHEMA = Verdict.model_json_schema() | {"additionalProperties": False}
_FORMATS: tuple[dict[str, Any] | None, ...] = (
    {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": _SCHEMA},
    },
    {"type": "json_object", "schema": _SCHEMA},  # llama-cpp-python's way
    None,
)
"""Ways to ask for JSON, the strictest first; a server that refuses one is asked the next."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the judge is; a local server asks for no key, and the client insists on one."""

    model: str
    base_url: str | None = None
    key: str = "none"
    timeout: float = 120.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Pairing:
    """A pair judged in both orders; None where the two verdicts contradict each other."""

    work: str
    a: str
    b: str
    winner: str | None
    consistent: bool
    firsts: int  # how often, of two, the text shown first was called better
    seconds: int


class Judge:
    """A connection to one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._format = 0
        self._client = openai.OpenAI(
            api_key=endpoint.key, base_url=endpoint.base_url, timeout=endpoint.timeout,
            max_retries=endpoint.retries,
        )  # fmt: skip

    def judge(
        self, store: VoteStore, name: str,
        watch: Callable[[Sequence[tuple[int, int]]], Iterable[tuple[int, int]]] = iter,
    ) -> int:  # fmt: skip
        """Judge what this model has not judged yet, each verdict kept as it comes.

        Returns:
            How many verdicts were asked for.

        Raises:
            VoteError: there is no such experiment, or the endpoint does not answer usably.
        """
        missing = _missing(store, name, self.endpoint.model)
        for first_id, second_id in watch(missing):
            with store.reading() as session:
                first, second = session.get(Text, first_id), session.get(Text, second_id)
                assert first is not None  # they were just listed
                assert second is not None
                messages, experiment = _messages(first, second), first.variant.experiment_id
            said = self.ask(messages)
            with store.writing() as session:
                session.add(
                    Judgement(
                        experiment_id=experiment, judge=self.endpoint.model, first_id=first_id,
                        second_id=second_id, verdict=said.verdict, reason=said.reason, made=now(),
                    )
                )  # fmt: skip
        return len(missing)

    def ask(self, messages: Sequence[ChatCompletionMessageParam]) -> Verdict:
        """One verdict; a model that answers with something else is asked twice more.

        Raises:
            VoteError: the endpoint refuses, cannot be reached, or never answers with a verdict.
        """
        answer = ""
        for _ in range(3):
            answer = self._complete(messages)
            start, end = answer.find("{"), answer.rfind("}") + 1
            try:
                return Verdict.model_validate_json(answer[start:end])
            except ValidationError:
                continue
        raise VoteError(
            f"{self.endpoint.model} answers with no verdict ({answer[:80]!r}); choose another."
        )

    def _complete(self, messages: Sequence[ChatCompletionMessageParam]) -> str:
        while True:
            options: dict[str, Any] = {"temperature": 0, "max_tokens": 400}
            if (form := _FORMATS[self._format]) is not None:
                options["response_format"] = form
            try:
                completion = self._client.chat.completions.create(
                    model=self.endpoint.model, messages=messages, **options
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if form is None:
                    raise self._error(error) from None
                self._format += 1
            except openai.OpenAIError as error:
                raise self._error(error) from None
            else:
                return (completion.choices[0].message.content or "") if completion.choices else ""

    def _error(self, error: openai.OpenAIError) -> VoteError:
        said = " ".join(str(error.__cause__ or error).split())[:200].rstrip(".")
        return VoteError(
            f"{self._client.base_url} does not judge ({said}); check --base-url and --model."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._client.close()


def read_judgements(store: VoteStore, name: str, judge: str) -> list[Pairing]:
    """Every pair that the judge has seen in both orders.

    Raises:
        VoteError: there is no such experiment.
    """
    with store.reading() as session:
        experiment = store.experiment(session, name)
        rows = session.scalars(
            select(Judgement).where(
                Judgement.experiment_id == experiment.id, Judgement.judge == judge
            )
        )
        said = {(row.first_id, row.second_id): row for row in rows}
        return [
            _pairing(row, said[other, one])
            for (one, other), row in said.items()
            if one < other and (other, one) in said
        ]


def judges(store: VoteStore, name: str) -> list[str]:
    """The models that have judged an experiment.

    Raises:
        VoteError: there is no such experiment.
    """
    with store.reading() as session:
        experiment = store.experiment(session, name)
        found = session.scalars(
            select(Judgement.judge).where(Judgement.experiment_id == experiment.id).distinct()
        )
        return sorted(found)


def cohens_kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Agreement of two raters beyond chance: Cohen, Educ. Psychol. Meas. 20 (1960) 37–46.

    1 where both always give the same single label, for there chance cannot be told from skill.
    """
    count = len(one)
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / count
    labels = set(one) | set(other)
    chance = sum(one.count(label) * other.count(label) for label in labels) / count**2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)


def _pairing(row: Judgement, exchanged: Judgement) -> Pairing:
    a, b = row.first, row.second
    names = {"first": a.variant.name, "second": b.variant.name}
    back = {"first": b.variant.name, "second": a.variant.name}
    one, other = names.get(row.verdict), back.get(exchanged.verdict)
    verdicts = (row.verdict, exchanged.verdict)
    return Pairing(
        work=a.work, a=a.variant.name, b=b.variant.name,
        winner=one if one == other else None, consistent=one == other,
        firsts=verdicts.count("first"), seconds=verdicts.count("second"),
    )  # fmt: skip


def _missing(store: VoteStore, name: str, judge: str) -> list[tuple[int, int]]:
    with store.reading() as session:
        experiment: Experiment = store.experiment(session, name)
        texts = session.scalars(
            select(Text).join(Variant).where(Variant.experiment_id == experiment.id)
        )
        works: dict[str, list[int]] = {}
        for text in texts:
            works.setdefault(text.work, []).append(text.id)
        rows = session.scalars(
            select(Judgement).where(
                Judgement.experiment_id == experiment.id, Judgement.judge == judge
            )
        )
        done = {(row.first_id, row.second_id) for row in rows}
        wanted = [pair for ids in works.values() for pair in permutations(ids, 2)]
    return [pair for pair in wanted if pair not in done]


def _messages(first: Text, second: Text) -> list[ChatCompletionMessageParam]:
    from data.artwork import parse_artwork

    artwork, request = parse_artwork(first.artwork), Request(**first.request)
    record = "\n".join(record_lines(artwork, request.language))
    asked = (
        f"{request.instruction}\n\n{record}\n\n"
        f"First guide:\n{first.guide}\n\nSecond guide:\n{second.guide}"
    )
    return [{"role": "system", "content": RUBRIC}, {"role": "user", "content": asked}]
