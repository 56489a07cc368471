"""What goes in and out of the API: the schemas of openapi.json. Pydantic is loaded here, with the first request."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

Item = TypeVar("Item")
Short = Annotated[str, StringConstraints(max_length=200)]
TagName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Attribute = Annotated[str, StringConstraints(max_length=500)]


class Given(Schema):
    """What is sent to us: an unknown field is an error, and not overlooked."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


class Page(Schema, Generic[Item]):
    """A page of a list, newest first. `next` is the cursor of the page after it."""

    items: list[Item]
    next: str | None


class ContactOut(Schema):
    """A contact. `phone` is E.164; `user_id` is WhatsApp's, for people whose number is not known."""

    id: UUID
    phone: str | None
    user_id: str | None
    name: str
    language: str
    attributes: dict[str, Any]
    tags: list[str]
    consent: str
    opted_out: list[str]
    created_at: datetime


class ContactIn(Given):
    """A new contact. `phone` may be in local form."""

    phone: Annotated[str, StringConstraints(min_length=1, max_length=140)]
    name: Short = ""
    language: Annotated[str, StringConstraints(max_length=10)] = ""
    attributes: dict[Annotated[str, StringConstraints(min_length=1, max_length=60)], Attribute] = Field(
        default_factory=dict
    )
    tags: Annotated[list[TagName], Field(max_length=50)] = Field(default_factory=list)
    consent_source: Short = Field("", description="Where and when they agreed to get messages; empty: not asked.")


class ContactChange(Given):
    """What is given is changed; the rest stays. `attributes` take the place of all that were there."""

    name: Short | None = None
    language: Annotated[str, StringConstraints(max_length=10)] | None = None
    attributes: dict[Annotated[str, StringConstraints(min_length=1, max_length=60)], Attribute] | None = None


class TagIn(Given):
    """A tag for a contact."""

    tag: TagName


class OptOutIn(Given):
    """Which messages a person does not want any more."""

    category: Literal["marketing", "all"] = "all"
    note: Annotated[str, StringConstraints(max_length=300)] = ""


class TurnOut(Schema):
    """What was said. `heard` is what the caller heard of it, where that is less."""

    speaker: str
    text: str
    heard: str | None
    started_ms: int


class FollowUpOut(Schema):
    """What is left to do after a call. `when`: as it was said; null if it was not."""

    what: str
    when: str | None


class CallOut(Schema):
    """A call. `caller` is null for a withheld number, and for a trial from the browser."""

    id: UUID
    status: str
    caller: str | None
    called: str | None
    is_trial: bool
    started_at: datetime
    ended_at: datetime | None
    seconds: int
    outcome: str | None
    end_reason: str | None
    summary: str
    summary_source: str | None = Field(description="`model`, `extract` (the caller's first words), or null: none yet.")
    wishes: list[str]
    follow_ups: list[FollowUpOut]
    sentiment: str = Field(description="`content`, `neutral`, `unhappy` or `unknown`.")


class CallWithTurns(CallOut):
    """A call with all that was said."""

    turns: list[TurnOut]


class BroadcastIn(Given):
    """A new broadcast, as a draft: a template, and either `rows` of people or a `segment` of contacts.

    Each row has `phone` and the template's variables. `values` says where a variable of a segment's people comes from
    (`name`, `first_name`, `phone` or an attribute), `constants` are the same for everybody.
    """

    template: Short
    language: Annotated[str, StringConstraints(max_length=15)]
    name: Short = ""
    rows: Annotated[list[dict[Short, Attribute]], Field(max_length=10_000)] | None = None
    segment: UUID | None = None
    values: dict[Short, Short] = Field(default_factory=dict)
    constants: dict[Short, Attribute] = Field(default_factory=dict)
    starts_at: Annotated[str, StringConstraints(max_length=30)] = Field(
        "", description="Local time of the business, like 2027-01-31T09:00. Empty: when it is started."
    )
    budget: Decimal | None = Field(None, description="It pauses before it costs more.")


class RejectedOut(Schema):
    """A row of a new broadcast that nothing is sent to, and why."""

    row: int | None
    reason: str
    message: str


class BroadcastOut(Schema):
    """A broadcast and its state; `counts` has a number for every state, and they add up to `total`."""

    id: UUID
    name: str
    template: str
    language: str
    status: str
    pause_reason: str | None
    total: int
    counts: dict[str, int]
    created_at: datetime
    scheduled_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    rejected: list[RejectedOut] | None = None
