"""The demo business's members and invitations."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses import invitations
from businesses.membership import add_member
from businesses.models import Business, Erasure, Membership, Role, User
from testing.demo_data import Rows

PEOPLE = (
    ("noa@demo.example", "נועה", "פרידמן", Role.STAFF),
    ("michael.van.der.berg-sullivan@demo.example", "Michael", "van der Berg-Sullivan", Role.STAFF),
    ("second.owner@demo.example", "רונית", "לוי", Role.OWNER),
    ("no.name@demo.example", "", "", Role.STAFF),
)
OPERATOR, PASSWORD = "operator@demo.example", "of-the-demo-only"


def add(business: Business, *, owner: User, now: datetime) -> Rows:
    """Create members, an operator, an open invitation and an expired one."""
    User.objects.create_superuser(OPERATOR, PASSWORD)
    made: dict[str, Membership] = {}
    for email, first, last, role in PEOPLE:
        user = User.objects.create_user(email, None, first_name=first, last_name=last)
        made[email] = add_member(business, user, role)
    invitations.invite(business, email="late@demo.example", role=Role.STAFF, by=owner, now=now - timedelta(days=8))
    email, yesterday = "dana.cohen@demo.example", now - timedelta(days=1)
    invited = invitations.invite(business, email=email, role=Role.OWNER, by=owner, now=yesterday)
    done, waits = _erasures(business, owner=owner, now=now)
    mine = Membership.objects.get(business=business, user=owner)
    return {
        "businesses.Membership": {"owner": str(mine.pk), "staff": str(made["noa@demo.example"].pk)},
        "businesses.Invitation": {"open": invited.token},
        "businesses.Erasure": {"done": str(done.pk), "waits": str(waits.pk)},
    }


def _erasures(business: Business, *, owner: User, now: datetime) -> tuple[Erasure, Erasure]:
    """Create a request to erase a person that is done, and one that waits for a call to end."""
    asked = {"business": business, "asked_by": owner, "hint": "+972…4567"}
    removed = {"turns": 41, "recordings": 3, "calls": 3, "broadcasts": 12, "wishes": 1, "contacts": 1}
    done = Erasure.objects.create(**asked, asked_at=now - timedelta(days=3), finished_at=now, removed=removed)
    return done, Erasure.objects.create(**asked, asked_at=now, waits_for="call_running", addresses=["+972509990000"])


def staff_of(business: Business) -> User:
    """Returns the staff member to whom the demo's actions are attributed."""
    return User.objects.get(memberships__business=business, email="noa@demo.example")
