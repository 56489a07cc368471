"""Lists page by page, newest first: the cursor says after which row the next page begins.

Rows that are added meanwhile shift nothing: a row is never listed twice, and none is left out.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from frontdesk.api.problems import Refused

MOST: Final = 100
USUAL: Final = 50

Row = TypeVar("Row", bound=Model)


def page(rows: QuerySet[Row], cursor: str | None, limit: int, *, by: str) -> tuple[list[Row], str | None]:
    """Returns rows, newest `by` this time first, and the cursor of the next page, if there is one."""
    if cursor:
        at, pk = _read(cursor)
        # The first condition follows from the second. An index finds by it where the page begins.
        rows = rows.filter(Q(**{f"{by}__lte": at}), Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk}))
    found = list(rows.order_by(f"-{by}", "-pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last: Any = found[limit - 1]
    return found[:limit], _written(getattr(last, by), last.pk)


def _written(at: datetime, pk: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _space, pk = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, UUID(pk)
    except (ValueError, binascii.Error):
        raise Refused(400, "This cursor is not one of ours. Begin again without it.") from None
