"""No Hebrew page shows an English sentence of ours: tests every page with data, and every possible reason."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from businesses.models import Business, User
from businesses.tenancy import across_businesses
from frontdesk import demo
from testing.demo_data import Rows
from testing.demo_data.seed import seed
from testing.visits import Visit, Who, visits
from whatsapp.models import (
    Broadcast,
    BroadcastEvent,
    ContactImport,
    EventKind,
    ImportStatus,
    Recipient,
    RejectedRow,
    Sender,
    SenderHealth,
)
from whatsapp.providers.cloud import errors as cloud
from whatsapp.providers.twilio import errors as twilio
from whatsapp.reasons import Cause, Datum, Reason, keys_of
from whatsapp.states import BroadcastStatus, PauseReason, RecipientStatus, SkipReason

pytestmark = [pytest.mark.once, pytest.mark.timeout(600)]  # a hundred pages

ENGLISH = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[ ,;:]+[A-Za-z][A-Za-z'’]*){2,}")
SOMEBODYS = {
    "businesses.Business": ("name", "greeting_text", "instructions"),
    "businesses.User": ("first_name", "last_name", "email"),
    "whatsapp.Broadcast": ("name",),
    "whatsapp.Contact": ("name", "attributes", "consent_source"),
    "whatsapp.Segment": ("name",),
    "whatsapp.BroadcastSeries": ("name",),
    "whatsapp.ConsentChange": ("source",),
    "whatsapp.Suppression": ("note",),
    "whatsapp.Tag": ("name",),
    "whatsapp.InboundMessage": ("text",),
    "whatsapp.DirectMessage": ("text",),
    "whatsapp.MessageTemplate": ("name", "components"),
    "whatsapp.Sender": ("display_name",),
    "whatsapp.RejectedRow": ("cells",),
    "calls.Turn": ("text",),
    "calls.Call": ("summary", "wishes", "follow_ups"),
    "calls.OutgoingCall": ("who", "about"),
    "calls.OutgoingChoices": ("words", "machine_words"),
    "calls.Task": ("who", "about", "when"),
    "calls.ToolRun": ("arguments",),
    "calls.TransferTarget": ("name", "about"),
    "calls.Transfer": ("name", "about"),
    "calls.Voicemail": ("transcript",),
    "businesses.Appointment": ("name", "note"),
    "businesses.Service": ("name",),
    "businesses.Calendar": ("name",),
    "businesses.BusyTime": ("note",),
    "businesses.KnowledgeEntry": ("title", "text"),
    "businesses.SpecialDays": ("name",),
}
"""Columns with text that people have written: pages show it in its own language."""
OF_OTHERS = {
    *("Account Quality at Meta", "Meta Business Suite", "WhatsApp Business Account", "Callback URL"),
    *("Account Quality", "WhatsApp Manager", "Meta Cloud API"),
    *("Verify and save", "WhatsApp Business account ID", "Webhook URL for incoming messages"),
    *("Settings → Users", "App settings", "Phone number ID"),
    "Chrome, Edge, Firefox",
    "Strict Open XML",
}
"""Names of products and of providers' pages and settings, in English in every language."""
SAMPLES: dict[str, Datum] = {"provider": "cloud", "code": "131026", "words": "Their own words here", "status": "PAUSED"}


class Text(HTMLParser):
    """Collects a page's text, without elements that are marked as another language."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "source", "wbr", "col", "track", "area", "base"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        foreign = given.get("lang") not in {None, "he"} or tag in {"script", "style", "code", "pre", "textarea"}
        if tag not in self.VOID:
            self._open.append(foreign)
        if not any(self._open) and not foreign:
            self.found += [given.get(name) or "" for name in ("title", "aria-label", "alt", "placeholder")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.found.append(" ".join(data.split()))


@pytest.fixture
def rows(db: None, settings: Any, tmp_path: Any) -> Rows:
    settings.MEDIA_ROOT = str(tmp_path)
    return seed()


def somebodys() -> str:
    """Returns all text that people have written."""
    words: list[str] = []
    for label, fields in SOMEBODYS.items():
        model: type[Model] = apps.get_model(label)
        rows = model._base_manager.values_list(*fields)
        words += [" ".join(" ".join(map(str, values)).split()) for values in rows]
    return "\n".join(words)


def sample(cause: Cause) -> Reason:
    return Reason(cause, {key: SAMPLES.get(key, 7 if key == "row" else f"<{key}>") for key in keys_of(cause)})


CAUSES = [sample(cause) for cause in Cause]


def every_reason(business: Business) -> list[str]:
    """Create rows with every possible reason and event. Returns the addresses of the pages that show them."""
    broadcast = Broadcast.objects.filter(business=business, status=BroadcastStatus.COMPLETED)[0]
    now, base, made = timezone.now(), f"/b/{business.slug}", []
    for number, why in enumerate(PauseReason):
        paused = Broadcast.objects.get(pk=broadcast.pk)
        paused.pk, paused.name, paused.status, paused.pause_reason = None, why.value, BroadcastStatus.PAUSED, why
        for name, value in CAUSES[number].kept().items():
            setattr(paused, name, value)
        paused.save()
        made.append(f"{base}/broadcasts/{paused.pk}/")
    events = [(EventKind.FAILED, reason.kept()) for reason in CAUSES]
    events += [(EventKind.PAUSED, {"pause_reason": why.value}) for why in PauseReason]
    events += [(kind, {}) for kind in EventKind if kind is not EventKind.PAUSED]
    common = {"business": business, "broadcast": broadcast}
    BroadcastEvent.objects.bulk_create(BroadcastEvent(at=now, kind=kind, data=data, **common) for kind, data in events)
    for rules, provider in ((cloud.RULES, "cloud"), (twilio.RULES, "twilio")):
        Recipient.objects.bulk_create(
            Recipient(
                status=RecipientStatus.FAILED, address=f"+{provider}{code}", provider=provider, error_code=str(code),
                error_text="Their own words here", **common,
            )
            for code in rules
        )  # fmt: skip
    Recipient.objects.bulk_create(
        Recipient(status=RecipientStatus.SKIPPED, skip_reason=skip, provider="cloud", **reason.kept(), **common)
        for skip in SkipReason
        for reason in CAUSES
    )
    Sender.objects.filter(business=business).update(health=SenderHealth.BLOCKED, **CAUSES[-2].kept())
    failed = ContactImport.objects.create(
        business=business, status=ImportStatus.FAILED, created_at=now, rows_read=len(CAUSES), rejected=len(CAUSES),
        **CAUSES[0].kept(),
    )  # fmt: skip
    RejectedRow.objects.bulk_create(
        RejectedRow(business=business, contact_import=failed, row=number, **reason.kept())
        for number, reason in enumerate(CAUSES)
    )
    people = f"{base}/broadcasts/{broadcast.pk}/people/"
    return [*made, f"{base}/broadcasts/{broadcast.pk}/", f"{base}/contacts/import/{failed.pk}/", people,
            *(f"{people}?page={page}" for page in range(2, 12))]  # fmt: skip


def english_on(content: str, known: str) -> set[str]:
    """Returns runs of three or more English words that only our code can have written."""
    page = Text()
    page.feed(content)
    runs = {found[0] for text in page.found for found in ENGLISH.finditer(text)}
    return {run for run in runs if run not in known and not any(name in run for name in OF_OTHERS)}


def test_no_hebrew_page_shows_an_english_sentence_of_ours(rows: Rows) -> None:
    business = Business.objects.get(slug=demo.SLUG)
    with across_businesses():
        urls = {url: url for url in every_reason(business)}
        known = somebodys()
    urls |= {visit.name: visit.url for visit in visits(rows) if _is_looked_at(visit)}
    client = Client(headers={"accept-language": "he"})
    client.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    client.cookies["django_language"] = "he"
    found: list[str] = []
    for name, url in urls.items():
        answer = client.get(url)
        if answer.status_code == 404 and "?page=" in url:
            continue
        assert answer.status_code == 200, (name, url)
        content = answer.content.decode()
        assert 'lang="he"' in content, name
        found += [f"{name}: {english}" for english in sorted(english_on(content, known))]
    assert not found, "\n".join(found)


def _is_looked_at(visit: Visit) -> bool:
    return bool(visit.url) and visit.who is Who.OWNER and not visit.error
