"""What belongs at the end of a button's link, from a value that may be the whole link. Pure.

A template's link has a fixed base and one variable at its end, `https://shop.example/orders/{{1}}`. A whole link put
there makes `https://shop.example/orders/https://shop.example/orders/17`, which opens for nobody.
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"^(?:https?:)?//", re.IGNORECASE)
_WWW = re.compile(r"^www\.", re.IGNORECASE)
_WHOLE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//|^https?(?::|%3a)|^www\.", re.IGNORECASE)


def end_of_link(value: str, base: str) -> str | None:
    """Returns what follows the base of a template's link: the value, or the rest of it if it begins with the base.

    None for a link to somewhere else, and for the base alone. A base that ends in `?…=` may be meant to pass a whole
    link on, so it is taken as it is.
    """
    host, slash, path = _bare(base).partition("/")
    bare = _bare(value)
    is_host = bool(host) and bare[: len(host)].casefold() == host.casefold()
    rest = bare[len(host) :]
    if is_host and rest.startswith(slash + path):
        return rest[len(slash + path) :] or None
    passes_on = "?" in base and base.endswith("=")
    if passes_on or not base:
        return value
    return None if _WHOLE.match(value) or (is_host and rest[:1] in {"", "/", "?", "#", ":"}) else value


def _bare(link: str) -> str:
    return _WWW.sub("", _SCHEME.sub("", link))
