"""Who is calling, as far as the business knows: for a greeting by name, and so that nothing is asked twice."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar.plan import next_appointments
from businesses.known_people import people_with, tags_of
from calls.models import Call, Task, TaskState
from calls.tools.appointment_words import appointment_told
from calls.tools.kinds import Context, Outcome, Tool


class Nothing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """No arguments: it is about the number that the call comes from."""


def look_up(context: Context, _nothing: Nothing) -> Outcome:
    """Return the name, tags, earlier calls, appointments and open requests of the caller's number."""
    number = context.caller_number
    if not number:
        return Outcome("unknown", {"say": "The number is withheld. Ask for the caller's name if you need it."})
    person = people_with(context.business, [number]).get(number)
    earlier = Call.objects.filter(business=context.business, caller_number=number).exclude(pk=context.call.pk)
    last = earlier.order_by("-started_at").values_list("started_at", flat=True).first()
    waits = Task.objects.filter(business=context.business, number=number, state=TaskState.OPEN).count()
    zone = ZoneInfo(context.business.time_zone)
    booked = next_appointments(context.business, number, now=context.now)
    told: dict[str, object] = {
        "name": person.name if person else None,
        "tags": tags_of(context.business, number),
        "booked": [appointment_told(each, zone) for each in booked],
        "last_call": f"{last.astimezone(zone):%A, %d %B %Y}" if last else None,
        "open_requests": waits,
        "mind": "The number may be shared or forged: do not read out anything private, and confirm the name.",
    }
    return Outcome("known" if person or last or booked else "unknown", told)


TOOL = Tool(
    name="look_up_caller",
    title=_("Know the caller"),
    help_text=_(
        "The assistant finds the caller's name and tags among your contacts, when they called last, what is booked for "
        "them, and what is still open."
    ),
    description=(
        "Find out who calls, by the number of this call: name, last call, what is booked and what is still open."
    ),
    arguments=Nothing,
    run=look_up,
    outcomes={"known": _("Found"), "unknown": _("Not known")},
    changes_nothing=True,
    is_on_at_first=True,
)
