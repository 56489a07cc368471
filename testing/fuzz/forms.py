"""The forms of a page, and the names that its links ask with: what requests that were made up are made up from."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

NOT_MINE = {"csrfmiddlewaretoken"}


@dataclass(slots=True)
class Form:
    """One form: where it goes, and its fields with the values that the page offers."""

    path: str
    is_post: bool
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Page:
    """What was found on a page. `asked`: names in the query strings of its links, by the path of the link."""

    forms: list[Form]
    asked: dict[str, dict[str, list[str]]]


def read(html: str, path: str) -> Page:
    """Returns what is on the page of this path."""
    reader = _Reader(path)
    reader.feed(html)
    return Page(reader.forms, reader.asked)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._select = ""
        self.forms: list[Form] = []
        self.asked: dict[str, dict[str, list[str]]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a form, a field, a link, or an address that htmx asks."""
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urlsplit(urljoin(self._path, told.get("action") or self._path))
            self.forms.append(Form(action.path, told.get("method", "").lower() == "post"))
        elif tag == "option" and self._select:
            self._add(self._select, told.get("value", ""))
        elif tag in {"input", "select", "textarea", "button"} and told.get("name"):
            self._select = told["name"] if tag == "select" else ""
            self._add(told["name"], told.get("value", ""))
            if told.get("type") == "file" and self.forms:
                self.forms[-1].files.add(told["name"])
        for name in ("href", "hx-get", "hx-post"):
            self._ask(told.get(name, ""))

    def _add(self, name: str, value: str) -> None:
        if self.forms and name not in NOT_MINE:
            values = self.forms[-1].fields.setdefault(name, [])
            if value not in values:
                values.append(value)

    def _ask(self, address: str) -> None:
        link = urlsplit(urljoin(self._path, address))
        for name, values in parse_qs(link.query, keep_blank_values=True).items():
            self.asked.setdefault(link.path, {}).setdefault(name, []).extend(values)
