"""Looking up what the business has written down, where not all of it is told at the start of a call."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.knowledge import budget, entries, search
from businesses.models import Business
from calls.tools.kinds import Context, Outcome, Tool


class Question(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is looked for."""

    about: Annotated[
        str,
        msgspec.Meta(
            description="What the caller wants to know, in a few words, in the language of the business.",
            min_length=1,
            max_length=200,
        ),
    ]


def look_up(context: Context, question: Question) -> Outcome:
    """Find entries that fit."""
    found = search.find(context.business, question.about)
    if not found:
        return Outcome("nothing", {"found": [], "say": "Nothing is written down about it. Do not guess."})
    return Outcome("found", {"found": [{"subject": each.title, "text": each.text} for each in found]})


def is_offered(business: Business) -> bool:
    """Returns whether there is more than the assistant is told at the start of a call."""
    known = entries.entries_of(business)
    return len(budget.divided(known, most=budget.room(business)).told) < len(known)


TOOL = Tool(
    name="look_up",
    title=_("Look something up"),
    help_text=_("The assistant looks among your entries of knowledge for what doesn't fit into every call."),
    description="Look up what the business has written down, before you say that you do not know something.",
    arguments=Question,
    run=look_up,
    outcomes={"found": _("Found"), "nothing": _("Nothing found")},
    is_offered=is_offered,
    changes_nothing=True,
    is_on_at_first=True,
)
