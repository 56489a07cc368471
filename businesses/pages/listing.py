"""Paginated lists without a COUNT: one row more than is shown tells whether there is a next page.

Only behind the last page are the rows counted, to show that one: an old link to page 9 of 3 is no empty list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 50
MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of one page; `earlier` and `later` are the neighbouring pages' query strings, or empty."""

    rows: list[Any]
    number: int
    earlier: str
    later: str


def listing(request: HttpRequest, rows: QuerySet[Any], *, per_page: int = PER_PAGE) -> Listing:
    """Returns the page of the query string (`?page=2`), or the last one; the first if it is not a number."""
    written = request.GET.get("page", "")
    number = min(max(int(written), 1), MOST_PAGES) if written.isdecimal() and len(written) < 6 else 1
    start = (number - 1) * per_page
    found = list(rows[start : start + per_page + 1])
    if not found and number > 1 and (count := rows.count()):
        number = (count - 1) // per_page + 1
        found = list(rows[(number - 1) * per_page : number * per_page + 1])
    return Listing(
        rows=found[:per_page],
        number=number,
        earlier=_query(request, number - 1) if number > 1 else "",
        later=_query(request, number + 1) if len(found) > per_page else "",
    )


def _query(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
