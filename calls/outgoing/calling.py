"""What an assistant knows of a call that it makes, read when the call's stream opens."""

from __future__ import annotations

from dataclasses import replace

from businesses.models import Business
from calls.known import Calling, Known
from calls.models import Call, OutgoingCall
from calls.outgoing import words
from calls.outgoing.choices import choices_of


def as_called(business: Business, call: Call, known: Known) -> tuple[Business, Known, bool]:
    """Returns the business with its first words to this person, what is known, and whether the words may be recorded.

    Expects the business to be set. Whether the business is closed says nothing of a call that it makes.
    """
    row = OutgoingCall.objects.filter(call=call).first()
    who, about = (row.who, row.about) if row else ("", "")
    choices = choices_of(business)
    calling = words.as_calling(business, words.first_words(business, choices, who=who))
    known = replace(known, is_closed=False, calling=Calling(who, about))
    return calling, known, words.can_be_rendered(choices, who)
