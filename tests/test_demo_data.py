"""The demo data: every marked page has a row to show, opens with it, and asks the database a dozen times at most."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from businesses.models import User
from frontdesk import demo
from testing.demo_data import Rows
from testing.demo_data.seed import seed
from testing.visits import Visit, Who, visits
from whatsapp.models import Broadcast, Recipient
from whatsapp.states import BroadcastStatus, RecipientStatus

pytestmark = pytest.mark.once

MOST_QUERIES = 12


@pytest.fixture
def rows(db: None, settings: Any, tmp_path: Any) -> Rows:
    settings.MEDIA_ROOT = str(tmp_path)
    return seed()


def questions(client: Client, visit: Visit) -> int:
    """Returns how many queries a page needs."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(visit.url).status_code == 200, visit.name
    return len(asked)


@pytest.mark.timeout(300)  # dozens of pages
def test_no_page_asks_the_database_more_than_a_dozen_times(rows: Rows) -> None:
    client = Client()
    client.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    client.get(reverse("home", args=[demo.SLUG]))  # what a page remembers for the next is remembered
    looked_at = [each for each in visits(rows) if each.who is Who.OWNER and each.url and not each.is_admin]
    assert len(looked_at) > 50
    counted = {visit.name: questions(client, visit) for visit in looked_at}
    assert {name: count for name, count in counted.items() if count > MOST_QUERIES} == {}


def test_the_data_shows_every_state_that_stays(rows: Rows) -> None:
    """States that last less than a second (preparing, cancelling, a claimed message) are left out."""
    states = set(Broadcast._base_manager.values_list("status", flat=True))
    assert states == set(BroadcastStatus) - {BroadcastStatus.PREPARING, BroadcastStatus.CANCELLING}
    people = set(Recipient._base_manager.values_list("status", flat=True))
    passing = {RecipientStatus.CLAIMED, RecipientStatus.SENDING, RecipientStatus.HELD, RecipientStatus.ASSUMED_SENT}
    assert people == set(RecipientStatus) - passing


def test_a_marked_page_without_a_row_to_show_is_an_error(rows: Rows) -> None:
    for label in ("calls.Call", "whatsapp.Broadcast", "businesses.Invitation"):
        with pytest.raises(AssertionError, match="testing/demo_data has no"):
            visits({**rows, label: {}})
