"""Businesses with an owner, numbers, a template, a greeting and entries in the audit log; one of them is large."""

from __future__ import annotations

from bench.growth.copying import copies, run
from bench.growth.sizes import Rows, Size

NEW = "growth_new"
"""A table of the businesses whose rows are made now: `n` numbers them, 0 is the large one; the rest are keys and
numbers of rows."""
OTHERS = f"(SELECT * FROM {NEW} WHERE n > 0) g"
"""Those of them that the demo data have given nothing yet."""
AUDITED = 100


def begin() -> None:
    """Make the table of new businesses."""
    numbers = ", ".join(f"{name} int" for name in ("contacts", "calls", "broadcasts", "people"))
    run(f"CREATE TABLE {NEW} (n int, id uuid, sender uuid, template uuid, {numbers})")


def small_ones(size: Size) -> None:
    """Let all businesses but the large one be new, and make them."""
    _let_be_new("md5('business' || n)::uuid", f"generate_series(1, {size.businesses - 1}) n", size.small)
    _add_businesses()
    _add_number()


def large_one(size: Size) -> None:
    """Let the demo business be the new one: it becomes the large one."""
    from businesses.models import Business  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415

    found = Business.objects.get(slug=demo.SLUG)
    _let_be_new(f"'{found.pk}'::uuid", "(SELECT 0 AS n) one", size.large)
    _add_number()


def _let_be_new(key: str, source: str, rows: Rows) -> None:
    keys = f"{key}, md5('sender' || n)::uuid, md5('template' || n)::uuid"
    run(f"TRUNCATE {NEW}")
    numbers = f"{rows.contacts}, {rows.calls}, {rows.broadcasts}, {rows.people}"
    run(f"INSERT INTO {NEW} SELECT n, {keys}, {numbers} FROM {source}")


def _add_businesses() -> None:
    from businesses.models import AuditEntry, Business, Membership, PhoneNumber, User  # noqa: PLC0415
    from calls.models import GreetingAudio, GreetingState  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415
    from whatsapp.models import Tag  # noqa: PLC0415

    shown = Business.objects.get(slug=demo.SLUG)
    ours = {"business_id": "g.id"}
    copies(Business, shown.pk, f"{NEW} g", {"id": "g.id", "slug": "'business-' || g.n", "name": "'Business ' || g.n"})
    number = PhoneNumber.objects.filter(business=shown).first()
    copies(PhoneNumber, number.pk, f"{NEW} g", ours | {"number": "'+1700' || lpad(g.n::text, 7, '0')"})  # type: ignore[union-attr]
    owner = User.objects.get(email=demo.OWNER_EMAIL)
    copies(User, owner.pk, f"{NEW} g", {"email": "'owner' || g.n || '@growth.example'"})
    member = Membership.objects.filter(business=shown, user=owner).get()
    users = "businesses_user u ON u.email = 'owner' || g.n || '@growth.example'"
    copies(Membership, member.pk, f"{NEW} g JOIN {users}", ours | {"user_id": "u.id"})
    greeting = GreetingAudio.objects.filter(business=shown).first()
    ready = {"state": f"'{GreetingState.READY.value}'", "next_attempt_at": "NULL"}
    copies(GreetingAudio, greeting.pk, f"{NEW} g", ours | ready)  # type: ignore[union-attr]
    tag = Tag.objects.filter(business=shown).first()
    copies(Tag, tag.pk, f"{NEW} g", ours | {"name": "'regular'"})  # type: ignore[union-attr]
    entry = AuditEntry.objects.filter(business=shown).first()
    audited = f"{NEW} g, generate_series(1, {AUDITED}) i"
    copies(AuditEntry, entry.pk, audited, ours | {"at": "now() - i * interval '9 hours'"})  # type: ignore[union-attr]


def _add_number() -> None:
    """Connect a number of Meta's to each new business, with one template. Nobody needs to be asked for an hour."""
    from whatsapp.models import MessageTemplate, ProvedAccount, Sender  # noqa: PLC0415

    sender = Sender.objects.filter(proved_account__isnull=False).earliest("created_at")
    template = MessageTemplate.objects.filter(business=sender.business, name__contains="offer").first()
    template = template or MessageTemplate.objects.filter(business=sender.business, status="approved").first()
    account = {"business_id": "g.id", "provider": "'cloud'", "account_id": "'account' || g.n"}
    copies(ProvedAccount, sender.proved_account_id, f"{NEW} g", account | {"templates_asked_at": "now()"})
    known = "whatsapp_proved_accounts a ON a.provider = 'cloud' AND a.account_id = 'account' || g.n"
    copies(
        Sender,
        sender.pk,
        f"{NEW} g JOIN {known}",
        account
        | {
            "id": "g.sender",
            "number_id": "'number' || g.n",
            "phone": "'+1701' || lpad(g.n::text, 7, '0')",
            "proved_account_id": "a.id",
            "checked_at": "now()",
        },
    )
    copies(MessageTemplate, template.pk, f"{NEW} g", account | {"id": "g.template", "synced_at": "now()"})  # type: ignore[union-attr]
