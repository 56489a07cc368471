"""Noting who calls among the contacts, by the number of the call."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses import known_people
from businesses.known_people import Noted
from businesses.models import Business
from businesses.validators import one_line
from calls.tools.kinds import Choice, Context, Outcome, Tool, ToolRefused

_SAY = {
    Noted.NOTED: "They are noted. Go on; no need to mention it.",
    Noted.KNOWN: "They were known already, and nothing was changed. Go on.",
}


class Caller(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who calls, as they have said it themselves."""

    name: Annotated[str, msgspec.Meta(description="The caller's full name.", min_length=1, max_length=120)]


def note(context: Context, caller: Caller) -> Outcome:
    """Add the caller to the contacts, or the name that is missing there. What staff wrote is left alone."""
    name = one_line(caller.name)
    if not name:
        raise ToolRefused("no_name", {"say": "Ask for the name first."})
    tag = context.options.get("tag", "")
    if tag not in known_people.tags(context.business):  # it was removed since
        tag = ""
    done = known_people.note(context.business, context.caller_number, name=name, tag=tag)
    if done is Noted.NO_NUMBER:
        raise ToolRefused("no_number", {"say": "The number is withheld, so nobody can be noted. Go on without it."})
    return Outcome(done.value, {"say": _SAY[done]})


def _tags(business: Business) -> list[tuple[str, str]]:
    return [(tag, tag) for tag in known_people.tags(business)]


TOOL = Tool(
    name="note_caller",
    title=_("Note the caller"),
    help_text=_(
        "Callers who say their name become contacts, by the number of the call. What is filled in already stays as "
        "it is, and nobody with a hidden number is noted."
    ),
    description=(
        "Note the caller among the contacts once they have said their name themselves, if look_up_caller did not "
        "know it. Never ask for the name only for this."
    ),
    arguments=Caller,
    run=note,
    outcomes={
        "noted": _("Caller noted among the contacts"),
        "known": _("The caller was known already"),
        "no_number": _("The number was hidden"),
        "no_name": _("No name was said"),
    },
    argument_names={"name": _("Who")},
    options=(
        Choice(
            "tag",
            _("Tag"),
            _("What callers who are noted are tagged with, so that you find them among the contacts."),
            _tags,
        ),
    ),
)
