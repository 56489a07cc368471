"""A business as callers meet it while it is closed."""

from __future__ import annotations

from copy import copy
from typing import Any, NoReturn

from businesses.models import Business


def as_closed(business: Business) -> Business:
    """Returns the business with the greeting of its closed hours as its greeting, if it has one; not to be saved.

    All that depends on the greeting follows: what the caller hears first, its recording, what the model is told of it.
    """
    if not business.closed_greeting_text.strip():
        return business
    closed = copy(business)
    closed.greeting_text = business.closed_greeting_text.strip()
    closed.save = _refuse  # type: ignore[method-assign] # it would make this greeting the usual one
    return closed


def _refuse(*_args: Any, **_options: Any) -> NoReturn:
    raise RuntimeError("this is a business as callers meet it while it is closed: save the business itself")
