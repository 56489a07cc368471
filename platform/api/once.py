"""Creating something once, however often the request for it is repeated: the Idempotency-Key.

The key is stored in the transaction that creates, so that both are there or neither. Of two requests at once the second
waits for the first and then gets what that one made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from businesses.models import ApiCreation, Business
from frontdesk.api.problems import Refused

LONGEST: Final = 100


def created(request: HttpRequest, business: Business, make: Callable[[], UUID]) -> tuple[UUID, bool]:
    """Returns the id of what the request creates, and whether it was created now.

    Raises `Refused` for a key that an other request has used, or that can't be one.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        with transaction.atomic():
            return make(), True
    if len(key) > LONGEST or not key.isascii() or not key.isprintable():
        raise Refused(400, f"An Idempotency-Key has at most {LONGEST} printable ASCII characters.")
    asked = hashlib.sha256(b"\n".join((request.path.encode(), request.body))).hexdigest()
    try:
        with transaction.atomic():
            kept = ApiCreation.objects.create(business=business, key=key, asked=asked, at=timezone.now())
            kept.made = make()
            kept.save(update_fields=["made"])
            return kept.made, True
    except IntegrityError:
        earlier = ApiCreation.objects.filter(business=business, key=key).first()
        if earlier is None or earlier.made is None:
            raise
        if earlier.asked != asked:
            raise Refused(422, "This Idempotency-Key was used for another request. Use a new one.") from None
        return earlier.made, False
