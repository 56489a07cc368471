"""Two businesses that must not see each other, and the person who runs the installation."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from pytest_django import DjangoDbBlocker

from businesses.models import User
from businesses.tests.rows import Tenant, make_tenant, tenants_for_a_module


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Tenant]]:
    """Both businesses, made once. For modules of many tests: `pytestmark = pytest.mark.usefixtures("made_once")`."""
    with django_db_blocker.unblock(), tenants_for_a_module() as made:
        yield made


@pytest.fixture
def alpha(request: pytest.FixtureRequest, db: None) -> Tenant:
    return tenant(request, "alpha") or make_tenant("qqaaa", "+97231230001")


@pytest.fixture
def beta(request: pytest.FixtureRequest, db: None) -> Tenant:
    return tenant(request, "beta") or make_tenant("qqbbb", "+97231230002")


def tenant(request: pytest.FixtureRequest, name: str) -> Tenant | None:
    """Returns a copy of what was made once for the module, if it was."""
    if "made_once" not in request.fixturenames:
        return None
    made: dict[str, Tenant] = request.getfixturevalue("made_once")
    return deepcopy(made[name])


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@frontdesk.test", "pw")
