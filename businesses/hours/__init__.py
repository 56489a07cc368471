"""When a business is open: `standing(business, now)`, `intervals(business, day)` and `hours_of(business)`.

The rules are pure (`calendar.py`); `reading.py` reads the rows. A business that has written its hours as free text
only has none of this: `hours_of` and `standing` return None, and `intervals` an empty list.
"""

from businesses.hours.calendar import Hours, Interval, Standing
from businesses.hours.reading import current_ahead, current_hours, has_hours, hours_of, intervals, standing

__all__ = [
    "Hours",
    "Interval",
    "Standing",
    "current_ahead",
    "current_hours",
    "has_hours",
    "hours_of",
    "intervals",
    "standing",
]
