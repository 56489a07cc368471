"""Two businesses that must not touch each other, and the installation's operator."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from businesses.models import User
from businesses.tests.rows import Tenant, make_tenant


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> None:
    cache.clear()


@pytest.fixture
def alpha(db: None) -> Tenant:
    return make_tenant("qqaaa", "+97231230001")


@pytest.fixture
def beta(db: None) -> Tenant:
    return make_tenant("qqbbb", "+97231230002")


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@frontdesk.test", "pw")
