"""What is to be done after the demo's calls: with and without a name, a number, a time, a member; some of it done."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import Business, Membership, User
from calls.followups import todo
from calls.models import Call
from testing.demo_data import Keys

LONG = (
    "She asked whether her daughter's appointment can be moved from Tuesday to any day of the week after, in the "
    "afternoon, because of a school trip, and whether the insurance form is ready. "
) * 3


def add(business: Business, calls: Keys, *, staff: User, now: datetime) -> Keys:
    """Create tasks. Returns the rows to look at."""
    hebrew, transferred = (Call.objects.get(pk=calls[word]) for word in ("hebrew", "transferred"))
    member = Membership.objects.get(business=business, user=staff)
    back = todo.take_message(
        business, hebrew, who="דנה כהן", about="תזכורת לתור של יום שלישי, ושאלה על צילום.",
        call_back_at_words="מחר אחרי ארבע", number="052-555-0000", now=now - timedelta(minutes=48),
    )  # fmt: skip
    todo.give(back, member, now - timedelta(minutes=5))
    todo.take_message(
        business, None, who="Elizabeth Montgomery-Featherstonehaugh", about=LONG,
        call_back_at_words="", number="", now=now - timedelta(days=1),
    )  # fmt: skip
    todo.add_follow_up(
        business, transferred, place=0, what="Send the price list by e-mail.", when="today", who="",
        now=now - timedelta(hours=2),
    )  # fmt: skip
    done = todo.take_message(
        business, transferred, who="Tom", about="The parking place is too small.", call_back_at_words="",
        number="+442079460958", now=now - timedelta(hours=2),
    )  # fmt: skip
    todo.finish(done, by=staff, now=now - timedelta(hours=1))
    return {"call-back": str(back.pk), "done": str(done.pk)}
