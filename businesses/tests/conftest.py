"""Two businesses that must not see each other, and the person who runs the installation."""

import pytest

from businesses.models import User
from businesses.tests.rows import Tenant, make_tenant


@pytest.fixture
def alpha(db: None) -> Tenant:
    return make_tenant("qqaaa", "+97231230001")


@pytest.fixture
def beta(db: None) -> Tenant:
    return make_tenant("qqbbb", "+97231230002")


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@frontdesk.test", "pw")
