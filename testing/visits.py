"""The browser's visits: every page marked in `testing/every_page.py`, with the rows of the demo data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import Page

from frontdesk import demo
from testing import ways
from testing.admin_pages import ADMIN
from testing.demo_data import Rows
from testing.every_page import ERRORS, MEMBERS, OPERATOR, OWNERS, PAGES
from testing.every_page import Page as Line

REFUSED = 422


class Who(IntEnum):
    """The person who visits, in the order of the visits."""

    NOBODY = 0
    OWNER = 1
    OPERATOR = 2


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit. `ends_at`: the name of the address at which it must end; `error`: the error page's template."""

    name: str
    ends_at: str
    url: str = ""
    way: ways.Way | None = None
    status: int = 200
    who: Who = Who.OWNER
    error: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether the page is part of Django's admin."""
        return self.ends_at.startswith("admin:")

    def go(self, page: Page, rows: Rows) -> None:
        """Visit the page. Raises `AssertionError` if another page was shown."""
        answers: list[int] = []
        page.on("response", note := lambda answer: answers.append(answer.status) if _is_page(page, answer) else None)
        if self.error:
            body = render_to_string(f"{self.error}.html")
            page.route(f"**{self.url}", lambda route: route.fulfill(status=int(self.error[:3]), body=body))
        if self.way is None:
            page.goto(self.url)
        else:
            self.way(page, rows)
            page.wait_for_load_state("load")
        page.remove_listener("response", note)
        assert answers, f"{self.name}: nothing was answered"
        assert answers[-1] == self.status, f"{self.name}: {page.url} answered {answers[-1]}, not {self.status}"
        assert _name_of(page.url) == self.ends_at, f"{self.name} ended at {page.url}"


def _is_page(page: Page, answer: object) -> bool:
    request = answer.request  # type: ignore[attr-defined]
    return bool(request.is_navigation_request() and request.frame == page.main_frame and not 300 <= answer.status < 400)  # type: ignore[attr-defined]


def _name_of(url: str) -> str:
    try:
        return resolve(urlsplit(url).path).view_name
    except Resolver404:
        return ""


def visits(rows: Rows) -> list[Visit]:
    """Returns all visits, ordered by person. Raises an error for a marked page without a row to show."""
    marked = [line for line in PAGES if line.look or line.by_way]
    found = [visit for line in marked for visit in _of_line(line, rows)]
    found += [*MORE, *_of_admin(rows), *_errors()]
    unvisited = {line.name for line in marked} - {visit.ends_at for visit in found}
    assert not unvisited, f"marked in testing/every_page.py, and nothing leads there: {sorted(unvisited)}"
    names = [visit.name for visit in found]
    assert len(set(names)) == len(names), f"two visits of one name: {sorted(names)}"
    return sorted(found, key=lambda visit: visit.who)


def address(name: str, key: str = "") -> str:
    """Returns the address of a page; for pages of a business, the demo business's."""
    line = next(line for line in PAGES if line.name == name)
    arguments = [demo.SLUG] if line.who in {OWNERS, MEMBERS} else []
    return reverse(name, args=[*arguments, *([key] if key else [])])


def _of_line(line: Line, rows: Rows) -> Iterator[Visit]:
    who = Who.NOBODY if line.name in DOORS else Who.OPERATOR if line.who == OPERATOR else Who.OWNER
    if line.by_way:
        for name, (way, status) in WAYS[line.name].items():
            yield Visit(name, line.name, way=way, status=status, who=who)
    elif not line.row:
        yield Visit(line.name, line.name, address(line.name), who=who)
    else:
        assert rows.get(line.row), f"{line.name} is marked, and testing/demo_data has no {line.row}"
        for word, key in rows[line.row].items():
            if word in SHOWN.get(line.name, rows[line.row]):
                yield Visit(f"{line.name}-{word}", line.name, address(line.name, key), who=who)


def _of_admin(rows: Rows) -> Iterator[Visit]:
    yield Visit("admin", "admin:index", reverse("admin:index"))
    for label in ADMIN:
        model = apps.get_model(label)
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield Visit(f"admin-{model._meta.model_name}-list", f"{base}_changelist", reverse(f"{base}_changelist"))
        for word, key in list(rows[label].items())[:1]:
            url = reverse(f"{base}_change", args=[key])
            yield Visit(f"admin-{model._meta.model_name}-{word}", f"{base}_change", url)
        if not getattr(admin.site.get_model_admin(model), "records", False) and label not in BY_COMMAND:
            who = Who.OPERATOR if label in BY_OPERATORS else Who.OWNER
            yield Visit(f"admin-{model._meta.model_name}-new", f"{base}_add", reverse(f"{base}_add"), who=who)


def _errors() -> Iterator[Visit]:
    for name in ERRORS:
        yield Visit(f"error-{name}", "", f"/{name}/", status=int(name[:3]), error=name, who=Who.NOBODY)


DOORS = {"account_login", "account_reset_password", "account_reset_password_done", "join"}
BY_OPERATORS = {"businesses.Business", "businesses.Membership"}
BY_COMMAND = {"whatsapp.Sender"}
"""Models that only operators add in the admin, and models that nobody adds there."""
SHOWN = {
    "broadcast-edit-template": {"draft"},
    "broadcast-people": {"completed", "draft"},
    "broadcast-result": {"completed", "running", "paused", "cancelled"},
    "segment": {"whole"},
    "thread": {"open", "closed", "opted-out", "kinds", "changed", "only-an-id"},
    "thread-template": {"closed"},
    "sender-correct": {"waiting"},
    "template-change": {"rejected"},
    "contact": {"regular", "opted-out", "stopped-marketing", "long-name", "only-an-id", "merged"},
}
"""Pages that are visited with some of the model's rows only."""
WAYS: dict[str, dict[str, tuple[ways.Way, int]]] = {
    "broadcast-edit-people": {
        "broadcast-edit-people": (ways.to_people, 200),
        "broadcast-edit-people-refused": (ways.to_people_refused, REFUSED),
    },
    "broadcast-edit-details": {
        "broadcast-edit-details-recurring": (ways.to_details_of_a_series, 200),
        "broadcast-edit-details-file": (ways.to_details_of_a_file, 200),
        "broadcast-edit-details-refused": (ways.to_details_of_contacts, REFUSED),
    },
    "contacts-import-columns": {"contacts-import-columns": (ways.to_columns, 200)},
    "contacts-import-result": {
        "contacts-import-result": (ways.to_result, 200),
        "contacts-import-undone": (ways.to_undone, 200),
    },
    "mfa_activate_totp": {"account-authenticator": (ways.to_an_authenticator, 200)},
    "account_logout": {"account-sign-out": (ways.to_sign_out, 200)},
}
MORE = (
    Visit("settings-refused", "settings", way=ways.to_settings_refused, status=REFUSED),
    Visit("contact-new-refused", "contact-new", way=ways.to_contact_refused, status=REFUSED),
    Visit("calls-second-page", "calls", f"{ways.HOME}calls/?page=2"),
    Visit("calls-nothing-found", "calls", f"{ways.HOME}calls/?number=99999"),
    Visit("contacts-conditions", "contacts", f"{ways.HOME}contacts/?any_tags=VIP&wrote=not_within&wrote_days=30"),
    Visit("inbox-unanswered", "inbox", f"{ways.HOME}inbox/?show=unanswered"),
    Visit("start-choose", "start", "/?choose=1"),
)
"""Visits of pages in a special state."""
