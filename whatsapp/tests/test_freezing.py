"""An audience becomes rows: each person once, with the reason if skipped, even if the process is interrupted."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.audience import freeze as freezing
from whatsapp.audience.choice import FileChoice
from whatsapp.audience.freeze import OvertakenFreeze
from whatsapp.broadcasts import creation, lifecycle, prepare
from whatsapp.broadcasts.counts import counts_of
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.broadcasts.prepare import freeze_audience, prepare_step
from whatsapp.broadcasts.reasons import reason_of, why_it_stands
from whatsapp.errors import BadAudience
from whatsapp.models import (
    Broadcast,
    Consent,
    Contact,
    MessageTemplate,
    Recipient,
    Sender,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions
from whatsapp.states import BroadcastStatus, RecipientStatus, SkipReason
from whatsapp.tests.conftest import NOW, Make


def rows(broadcast: Broadcast) -> list[tuple[int | None, str | None, str, str]]:
    people = Recipient.objects.filter(broadcast=broadcast).order_by("pk")
    return list(people.values_list("row_number", "address", "status", "skip_reason"))


def draft(clinic: Business, sender: Sender, template: MessageTemplate, text: str) -> Broadcast:
    plan = NewBroadcast(template, sender, FileChoice(), file=io.BytesIO(text.encode()))
    return creation.create(clinic, plan, now=NOW)


def people(count: int) -> str:
    return "phone,first_name\n" + "".join(f"05{index:08d},P{index}\n" for index in range(count))


def test_every_row_becomes_a_person_or_keeps_its_reason(make: Make, clinic: Business) -> None:
    suppressions.suppress(
        clinic, "+972505555555", category=SuppressionCategory.ALL, source=SuppressionSource.STAFF, now=NOW
    )
    broadcast = make(
        "phone,first_name\n0501234567,Dana\n+972501234567,Again\nabc,Nobody\n0505555555,Gone\n"
        "0521234567,\n0521234567,Late\n"
    )
    assert rows(broadcast) == [
        (2, "+972501234567", "pending", ""),
        (3, None, "skipped", "duplicate"),
        (4, None, "skipped", "invalid_number"),
        (5, "+972505555555", "skipped", "opted_out"),
        (6, None, "skipped", "missing_variable"),
        (7, "+972521234567", "pending", ""),  # the row with a name counts, not the one without
    ]
    assert (broadcast.total, counts_of(broadcast.pk).total) == (6, 6)
    assert reason_of(Recipient.objects.get(broadcast=broadcast, row_number=3)) == (
        "The same person as in row 2: sent only once."
    )


def test_what_was_given_country_and_price_are_kept(make: Make) -> None:
    person = Recipient.objects.get(broadcast=make("phone,first_name\n050-123 4567,Dana\n"))
    assert (person.given_address, person.country, str(person.cost_estimate)) == ("050-123 4567", "IL", "0.02920")
    assert person.params == {"first_name": "Dana"}
    assert (person.provider, person.attempt_no, person.error_text) == ("cloud", 0, "")


def test_marketing_reaches_nobody_who_withdrew_consent(make: Make, clinic: Business) -> None:
    Contact.objects.create(business=clinic, phone="+972501234567", consent=Consent.WITHDRAWN)
    assert rows(make())[0][2:] == ("skipped", "opted_out")


def test_a_receipt_reaches_who_only_stopped_marketing(make: Make, clinic: Business, template: MessageTemplate) -> None:
    suppressions.suppress(
        clinic, "+972501234567", category=SuppressionCategory.MARKETING, source=SuppressionSource.REPLY, now=NOW
    )
    template.category = "UTILITY"
    template.save()
    assert rows(make())[0][2:] == ("pending", "")


def test_a_known_person_is_linked_to_their_contact(make: Make, clinic: Business) -> None:
    dana = Contact.objects.create(business=clinic, phone="+972501234567", name="Dana")
    assert Recipient.objects.get(broadcast=make()).contact == dana


def test_another_businesss_opt_outs_and_contacts_do_not_count(make: Make, clinic: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        suppressions.suppress(
            other, "+972501234567", category=SuppressionCategory.ALL, source=SuppressionSource.STAFF, now=NOW
        )
    assert rows(make())[0][2:] == ("pending", "")


def test_interrupted_after_any_batch_it_goes_on_with_the_next_row(
    clinic: Business, sender: Sender, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "BATCH", 3)
    broadcast = draft(clinic, sender, template, people(10))
    stops = 0
    while not freeze_audience(broadcast, now=NOW, keep_going=lambda _rows: False):
        stops += 1
        assert counts_of(broadcast.pk).total == 3 * stops
        broadcast = Broadcast.objects.get(pk=broadcast.pk)  # whoever goes on knows only what is stored
    assert stops == 3
    assert [row[0] for row in rows(broadcast)] == list(range(2, 12))
    assert broadcast.total == 10


def test_a_batch_that_fails_leaves_no_row_and_no_cursor(
    clinic: Business, sender: Sender, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = draft(clinic, sender, template, people(3))

    def broken(*_rows: Any) -> None:
        raise OSError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(freezing, "insert_rows", broken)
        with pytest.raises(OSError, match="power"):
            freeze_audience(broadcast, now=NOW)
    broadcast = Broadcast.objects.get(pk=broadcast.pk)
    assert (counts_of(broadcast.pk).total, broadcast.audience_cursor) == (0, "")
    assert freeze_audience(broadcast, now=NOW)
    assert counts_of(broadcast.pk).total == 3


def test_of_two_who_freeze_the_same_batch_one_is_overtaken(
    clinic: Business, sender: Sender, template: MessageTemplate
) -> None:
    mine = draft(clinic, sender, template, people(3))
    theirs = Broadcast.objects.get(pk=mine.pk)
    freeze_audience(mine, now=NOW)
    with pytest.raises(OvertakenFreeze):
        freeze_audience(theirs, now=NOW)
    assert counts_of(mine.pk).total == 3


def test_a_cancelled_broadcast_is_not_filled_any_more(
    clinic: Business, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = draft(clinic, sender, template, people(3))
    lifecycle.cancel(broadcast, now=NOW)
    with pytest.raises(OvertakenFreeze):
        freeze_audience(Broadcast.objects.get(pk=broadcast.pk), now=NOW)
    assert counts_of(broadcast.pk).total == 0


def test_preparing_goes_on_in_steps_and_then_sends(
    clinic: Business, sender: Sender, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "BATCH", 2)
    monkeypatch.setattr(prepare, "BATCH", 2)
    broadcast = draft(clinic, sender, template, people(5))
    lifecycle._start(broadcast, now=NOW)
    assert broadcast.status == BroadcastStatus.PREPARING
    assert [prepare_step(broadcast, now=NOW, batches=1) for _ in range(3)] == [False, False, True]
    assert (broadcast.status, broadcast.total) == (BroadcastStatus.RUNNING, 5)


def test_a_file_that_breaks_later_fails_the_broadcast_and_names_the_row(
    clinic: Business, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = draft(clinic, sender, template, 'phone,first_name\n0501234567,A\n0501234568,"B\n')
    lifecycle._start(broadcast, now=NOW)
    assert prepare_step(broadcast, now=NOW)
    assert broadcast.status == BroadcastStatus.FAILED
    assert "Row 3" in why_it_stands(broadcast)


def test_the_file_stays_while_the_draft_may_be_edited_and_is_gone_when_it_starts(
    clinic: Business,
    sender: Sender,
    template: MessageTemplate,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    broadcast = draft(clinic, sender, template, people(2))
    assert len(list(settings.MEDIA_ROOT.glob("audiences/*"))) == 1
    freeze_audience(broadcast, now=NOW)
    assert len(list(settings.MEDIA_ROOT.glob("audiences/*"))) == 1
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle._start(broadcast, now=NOW)
    assert list(settings.MEDIA_ROOT.glob("audiences/*")) == []
    assert broadcast.audience_file.name == ""


def test_a_file_that_was_removed_is_an_error_in_words(
    clinic: Business, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = draft(clinic, sender, template, people(2))
    broadcast.audience_file.delete(save=False)
    with pytest.raises(BadAudience, match="is gone"):
        freeze_audience(broadcast, now=NOW)


def test_counts_have_every_state_and_sum_up(make: Make) -> None:
    broadcast = make("phone,first_name\n0501234567,A\nx,B\n")
    counts = counts_of(broadcast.pk)
    expected = Counter({RecipientStatus.PENDING: 1, RecipientStatus.SKIPPED: 1})
    assert counts.by_state == {state: expected[state] for state in RecipientStatus}
    assert (counts.total, counts.open, counts.settling) == (2, 1, 0)


def test_a_skip_always_has_a_reason_and_a_waiting_row_an_address(make: Make) -> None:
    person = Recipient.objects.get(broadcast=make())
    for wrong in ({"status": "skipped"}, {"address": None}, {"skip_reason": SkipReason.DUPLICATE}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Recipient.objects.filter(pk=person.pk).update(**wrong)
