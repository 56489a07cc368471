"""Error pages speak both languages and say what to do."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.views.defaults import server_error


@pytest.mark.django_db
def test_what_is_not_there_is_said_in_both_languages() -> None:
    answer = Client().get("/no/such/page/")
    assert answer.status_code == 404
    text = answer.content.decode()
    assert "Page not found" in text
    assert "הדף לא נמצא" in text


def test_a_failure_is_told_without_a_database() -> None:
    request: HttpRequest = RequestFactory().get("/")
    answer: HttpResponse = server_error(request)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
    assert 'dir="rtl"' in answer.content.decode()
