"""Realistic data for the demo business, so that pages can be reviewed full, as their readers see them.

Hebrew and English are mixed in the same lists on purpose. All data is computed from the time of seeding and a fixed
random seed, and none of it changes while somebody looks at it.
"""

from __future__ import annotations

Keys = dict[str, str]
"""The rows of one model to look at: primary keys by a word for what is special about the row."""
Rows = dict[str, Keys]
"""The same for every model that has a page of its own, by the model's label."""
