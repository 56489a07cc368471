"""Believable data in the demo business, so that pages are looked at as their readers see them: full.

Hebrew and English stand in the same lists on purpose. Everything is worked out from the moment of seeding and one
fixed random seed, and nothing of it moves by itself while somebody looks.
"""

from __future__ import annotations

Keys = dict[str, str]
"""The rows of one model that are worth a look: the primary key by a word for what is special about the row."""
Rows = dict[str, Keys]
"""The same for every model that has a page of its own, by the model's label."""
