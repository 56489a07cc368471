"""Signals of this app, for receivers in other apps."""

from django.dispatch import Signal

call_settings_changed = Signal()
"""A business was created or its settings were saved, and the transaction is committed.

Sent by `businesses.registration` with `sender=Business` and `business`. Saving again without a change
sends it again, so listeners compare before they work.
"""
