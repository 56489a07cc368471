"""A line of the table of all addresses (`testing/every_page.py`), and who there is to request one."""

from __future__ import annotations

from dataclasses import dataclass

OWNERS, MEMBERS = "owners", "members"
"""Who may see the page: owners only, or owners and staff. Everybody else gets a 404."""
PERSON, OPERATOR, ANYBODY, ITSELF = "person", "operator", "anybody", "itself"
"""Anybody signed in; operators, with a 404 for others; everyone; or requests that are checked otherwise (signatures,
tokens) and have their own tests."""


@dataclass(frozen=True, slots=True)
class Page:
    """One address. `row` names the model of the row in it.

    `look`: the page is made to be looked at. `by_way`: likewise, but it is reached only through other pages.
    """

    name: str
    who: str
    row: str = ""
    post: bool = False
    look: bool = False
    by_way: bool = False


def page(name: str, who: str, row: str = "", *options: str) -> Page:
    """Returns a line of the table."""
    return Page(name, who, row, post="POST" in options, look="LOOK" in options, by_way="WAY" in options)
