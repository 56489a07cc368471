"""Places on the map, as providers write them. Pure."""

from __future__ import annotations

from whatsapp.providers.events import Place

LONGEST = 300


def place_at(latitude: object, longitude: object, name: object = "", address: object = "") -> Place | None:
    """Returns the place; None if these are no degrees."""
    try:
        north, east = float(str(latitude)), float(str(longitude))
    except ValueError:
        return None
    if not (abs(north) <= 90 and abs(east) <= 180):  # also refuses NaN
        return None
    return Place(north, east, str(name or "")[:LONGEST], str(address or "")[:LONGEST])
