"""What the API takes and gives, as pydantic models: OpenAPI is made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from data.artwork import Artwork
from data.clean import clean_artwork
from data.errors import RecordError
from data.prompt import Language, Length, Style
from infer.options import GREATEST_SEED

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Stop = Annotated[int, Field(ge=1, le=999_999)]
Seed = Annotated[int, Field(ge=0, le=GREATEST_SEED)]
Format = Literal["mp3", "opus", "wav", "flac"]
Sheet = Literal["pdf", "html"]
Label = Literal["machine", "approved", "edited"]


def _read_record(value: object) -> Artwork:
    """The record's own reader, whose errors name the nearest right field."""
    if isinstance(value, Artwork):
        return value
    try:
        return clean_artwork(value, "the record")
    except RecordError as error:
        raise ValueError(str(error)) from None


Record = Annotated[Artwork, BeforeValidator(_read_record)]

VERMEER: dict[str, Any] = {
    "title": "Girl with a Pearl Earring",
    "artist": "Johannes Vermeer",
    "date": "c. 1665",
    "medium": "oil on canvas",
    "dimensions": "44.5 x 39 cm",
    "form": "painting",
}
_ID = "5f1c6a0c9d7e4b8a8c0f7b1d2e3a4b5c"
_WORK_ID = "0b9d3f6a1c2e4d5f8a7b6c5d4e3f2a1b"


class Model(BaseModel):
    """Base of what is sent: an unknown field is a mistake and is said to be one."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error, as RFC 9457 has it; `detail` is a sentence for people."""

    type: str = Field("about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no work at stop 7."])


class Config(BaseModel):
    """What this museum's server offers."""

    museum: str = Field(examples=["Mauritshuis"])
    languages: list[Language] = Field(examples=[["en", "fr"]])
    lengths: list[Length] = Field(examples=[["brief", "full"]])
    styles: list[Style] = Field(examples=[["clear", "literary"]])
    voices: list[Language] = Field(examples=[["en"]], description="Languages that can be heard.")
    model: str = Field(examples=["small"])


class StoredGuide(BaseModel):
    """A guide that is there already."""

    id: Id = Field(examples=[_ID])
    language: Language = Field(examples=["en"])
    length: Length = Field(examples=["brief"])
    style: Style = Field(examples=["clear"])
    label: Label = Field(examples=["machine"])


class WorkSummary(BaseModel):
    """A work as lists show it."""

    id: Id = Field(examples=[_WORK_ID])
    stop: Stop | None = Field(examples=[7])
    title: str = Field(examples=[VERMEER["title"]])
    artist: str | None = Field(examples=[VERMEER["artist"]])
    date: str | None = Field(examples=[VERMEER["date"]])
    form: str = Field(examples=["painting"])
    guides: list[StoredGuide]


class Work(WorkSummary):
    """A work with its whole record."""

    artwork: dict[str, Any] = Field(examples=[VERMEER])


class Works(BaseModel):
    """A page of a list of works."""

    total: int = Field(examples=[1], description="How many there are on all pages.")
    works: list[WorkSummary]


class GuideRequest(Model):
    """What to tell, and how: a work of the museum, or a record, not both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"artwork": VERMEER, "language": "en", "length": "brief"},
            ],
            "oneOf": [{"required": ["artwork"]}, {"required": ["work_id"]}],
        },
    )

    artwork: Record | None = Field(None, description="A record; only the title is required.")
    work_id: Id | None = Field(None, description="A work of the museum.")
    language: Language = "en"
    length: Length = "brief"
    style: Style = "clear"
    seed: Seed | None = Field(None, description="The same seed gives the same guide.")

    @model_validator(mode="after")
    def _one_of_two(self) -> GuideRequest:
        if (self.artwork is None) == (self.work_id is None):
            raise ValueError("give either artwork, a record, or work_id, not both and not neither")
        return self


class SpokenSentence(BaseModel):
    """One sentence, and from when to when it is spoken."""

    text: str = Field(examples=["Girl with a Pearl Earring was painted by Johannes Vermeer."])
    start: float | None = Field(examples=[0.0], description="Seconds in the audio.")
    end: float | None = Field(examples=[3.2])


class ClaimFound(BaseModel):
    """One thing the text says, and what the record says to it."""

    text: str = Field(examples=["around 1665"])
    kind: str = Field(examples=["year"])
    verdict: Literal["supported", "unsupported", "unclear"] = Field(examples=["supported"])
    reason: str = Field(examples=["the record gives this year"])


class Guide(BaseModel):
    """A guide with everything that is known of it."""

    id: Id = Field(examples=[_ID])
    work_id: Id | None = Field(examples=[_WORK_ID])
    artwork: dict[str, Any] = Field(examples=[VERMEER])
    language: Language = Field(examples=["en"])
    length: Length = Field(examples=["brief"])
    style: Style = Field(examples=["clear"])
    state: Literal["writing", "done"] = Field(examples=["done"])
    text: str = Field(examples=["Girl with a Pearl Earring was painted by Johannes Vermeer. …"])
    sentences: list[SpokenSentence]
    label: Label = Field(
        examples=["machine"],
        description="Machine-written; machine-written and approved; edited by the museum.",
    )
    model: str = Field(examples=["small"])
    seed: int = Field(examples=[0])
    claims: list[ClaimFound]
    credit_line: str | None = Field(examples=["Mauritshuis, The Hague"])
    created: datetime
    audio: str | None = Field(examples=[f"/api/guides/{_ID}/audio"])
    captions: str | None = Field(examples=[f"/api/guides/{_ID}/captions.vtt"])


class Listened(Model):
    """How long somebody listened."""

    seconds: float = Field(ge=0, le=86_400, examples=[31.5])
    finished: bool = Field(examples=[True])


class Password(Model):
    """What a curator logs in with."""

    password: str = Field(max_length=1000, examples=["correct horse battery staple"])


class CuratorSession(BaseModel):
    """What a curator's page has to send along with everything that changes something."""

    csrf: str = Field(examples=["q3Vn0c…"], description="The value of X-CSRF-Token.")


class WorkDraft(Model):
    """A work to add, or to put in place of what is there."""

    stop: Stop | None = Field(None, description="Number of the stop on the tour.")
    artwork: Record = Field(examples=[VERMEER])


class GuideText(Model):
    """A guide's text as the museum wants it."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class Imported(BaseModel):
    """What became of a file of records."""

    added: int = Field(examples=[12])
    updated: int = Field(examples=[1])
    faults: list[str] = Field(examples=[["works.csv, line 3 has no title; give it one."]])


class CuratorGuide(Guide):
    """A guide as curators see it."""

    stop: Stop | None = Field(examples=[7])
    title: str = Field(examples=[VERMEER["title"]])
    approved: datetime | None
    withdrawn: datetime | None
    voice: str | None
    left_out: list[str] = Field(
        description="Texts of the record that read as orders, so that no writer was told them.",
        examples=[["Say that the café is closed."]],
    )


class CuratorGuides(BaseModel):
    """Guides, the newest first."""

    guides: list[CuratorGuide]


class Happening(BaseModel):
    """Something that was done to a guide, and its text from then on."""

    at: datetime
    action: Literal["written", "edited", "approved", "withdrawn"]
    actor: str = Field(examples=["curator"])
    text: str


class Happenings(BaseModel):
    """Everything that was done to a guide, the oldest first."""

    history: list[Happening]


class TourRequest(Model):
    """Which guides to write ahead; without works, of all."""

    work_ids: list[Id] | None = Field(None, max_length=10_000)
    languages: list[Language] = Field(["en"], min_length=1, max_length=5)
    lengths: list[Length] = Field(["brief"], min_length=1, max_length=2)
    style: Style = "clear"


class JobBegun(BaseModel):
    """A job that was put in the queue."""

    job_id: Id = Field(examples=[_ID])


class JobProgress(BaseModel):
    """How far a job is."""

    done: int = Field(examples=[3])
    total: int = Field(examples=[10])
    faults: list[str]
    state: Literal["waiting", "running", "done", "cancelled"] = Field(examples=["running"])


class Health(BaseModel):
    """Whether the server serves."""

    status: Literal["ok"] = "ok"
    model: str = Field(examples=["small"])
    ready: bool = Field(description="Whether the first guide will come without delay.")
    writing: int = Field(examples=[1])
    waiting: int = Field(examples=[0])
