"""Two requests of the API at the same moment, with one Idempotency-Key, create one thing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from businesses import api_tokens
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.models import Contact

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_get_what_one_of_them_made() -> None:
    acme = Business.objects.create(name="Acme", slug="acme")
    with acting_for(acme):
        token = api_tokens.make(acme, name="x", may_write=True, by=None, now=timezone.now())[1]

    def ask(_which: int) -> tuple[int, str]:
        try:
            answer = Client().post(
                "/api/v1/contacts",
                json.dumps({"phone": "+972501234567"}),
                content_type="application/json",
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "one"},
            )
            return answer.status_code, json.loads(answer.content)["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert sorted(status for status, _id in answers) == [200, 200, 200, 201]
    assert len({made for _status, made in answers}) == 1
    with acting_for(acme):
        assert Contact.objects.count() == 1
