"""What a tool of the assistant is: a function that the model may call, and that does something for the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from businesses.models import Business
from calls.models import Call, ToolRun

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Context:
    """For whom and when a tool acts. `now` is aware; `call` is the call that asked.

    `options`: what the owner has chosen of `Tool.options`, by name; nothing chosen is left out.
    """

    business: Business
    call: Call
    now: datetime
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def caller_number(self) -> str:
        """Returns the caller's number, +E.164, or "" where it is hidden or the call came from a browser."""
        return self.call.caller_number if self.call.caller_number.startswith("+") else ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool has done. `code` is stored; `told` goes to the model, as JSON with plain English keys."""

    code: str
    told: Mapping[str, Any] = field(default_factory=dict)


class ToolRefused(Exception):
    """A tool can't do what was asked; nothing of it is kept. `told` says to the model why, and what is possible."""

    def __init__(self, code: str, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.told = dict(told or {})


def always(_business: Business) -> bool:
    """Returns True: a tool that every business can offer."""
    return True


def for_good(_context: Context, _run: ToolRun) -> bool:
    """Returns True: what a tool has done can't be undone in the same call."""
    return True


@dataclass(frozen=True, slots=True)
class Choice:
    """Something about a tool that an owner may choose. `choices`: values and their words, for one business."""

    name: str
    label: StrOrPromise
    help_text: StrOrPromise
    choices: Callable[[Business], list[tuple[str, str]]]


ArgumentsT = TypeVar("ArgumentsT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Tool(Generic[ArgumentsT]):
    """One tool. `title`, `help_text` and `outcomes` are for owners, `name` and `description` for the model.

    `arguments`: checked before `run`, which gets an instance. `run` works inside one database transaction and does
    nothing outside the database: what must go out is a row that a worker sends. `outcomes`: what each code of an
    `Outcome` or `ToolRefused` means, in a few words. `argument_names`: what the arguments are called that owners are
    shown. `options`: what owners may choose. `is_offered`: whether this business has what the tool needs.
    `changes_nothing`: a look-up, which may simply run again; others act once for the same call and arguments, as long
    as `still_holds` says of that run that nothing has undone it since. `is_on_at_first`: until the owner decides.
    """

    name: str
    title: StrOrPromise
    help_text: StrOrPromise
    description: str
    arguments: type[ArgumentsT]
    run: Callable[[Context, ArgumentsT], Outcome]
    outcomes: Mapping[str, StrOrPromise]
    argument_names: Mapping[str, StrOrPromise] = field(default_factory=dict)
    options: tuple[Choice, ...] = ()
    is_offered: Callable[[Business], bool] = always
    changes_nothing: bool = False
    still_holds: Callable[[Context, ToolRun], bool] = for_good
    is_on_at_first: bool = False
