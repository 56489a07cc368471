"""Taking a message for the business: who calls, about what, and when to call back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.utils.translation import gettext_lazy as _

from calls.followups import todo
from calls.tools.kinds import Context, Outcome, Tool


class Message(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the caller leaves. Empty texts where the caller has not said."""

    about: Annotated[
        str, msgspec.Meta(description="The message, in the caller's language.", min_length=1, max_length=1_000)
    ]
    name: Annotated[str, msgspec.Meta(description="The caller's name.", max_length=120)] = ""
    call_back_at: Annotated[
        str, msgspec.Meta(description="When to call back, in the caller's words.", max_length=120)
    ] = ""
    number: Annotated[
        str,
        msgspec.Meta(description="Another number to call back, if it is not the one they call from.", max_length=32),
    ] = ""


def take(context: Context, message: Message) -> Outcome:
    """Take a message: it becomes a task for the people of the business."""
    todo.take_message(
        context.business,
        context.call,
        who=message.name,
        about=message.about,
        call_back_at_words=message.call_back_at,
        number=message.number,
        now=context.now,
    )
    return Outcome("taken", {"say": "The message is taken. Confirm it in one short sentence."})


TOOL = Tool(
    name="take_message",
    title=_("Take a message"),
    help_text=_("The caller leaves a message: about what, and when to call back. You find it among the tasks."),
    description=(
        "Take a message for the people of the business, for example when they should call back. "
        "Ask what it is about first, and for the caller's name."
    ),
    arguments=Message,
    run=take,
    outcomes={"taken": _("Message taken")},
    argument_names={
        "name": _("Who"),
        "about": _("About what"),
        "call_back_at": _("When to call back"),
        "number": _("Number"),
    },
    is_on_at_first=True,
)
