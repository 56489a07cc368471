"""A claim reads the rows that it takes, however many people wait."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.sending.claims import Stock, claim

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite reads an index in its order"),
]


def test_people_who_wait_are_not_sorted(acme: Business) -> None:
    with acting_for(acme), transaction.atomic(), connection.cursor() as cursor:
        sender = make_sender(acme)
        broadcast = make_broadcast(sender, make_template(sender), addresses(500))
        with CaptureQueriesContext(connection) as queries:
            assert claim(broadcast, Stock(), most=10, now=timezone.now()) == 10
        claims = [each["sql"] for each in queries if "RETURNING" in each["sql"]]
        assert len(claims) == 2
        cursor.execute("SHOW enable_sort")
        assert cursor.fetchone() == ("off",)  # until the transaction ends, in which the claim was
        for statement in claims:
            cursor.execute(f"EXPLAIN {statement}")
            assert "Sort" not in "\n".join(line for (line,) in cursor.fetchall())
