"""What each web process says of itself every few seconds."""

from __future__ import annotations

from django.db import models


class WebProcess(models.Model):
    """A web process of the installation. `at` is the database's time, `since` that of the process."""

    name = models.CharField(primary_key=True, max_length=200)
    """Its host and its number there: `web-1:4711`."""
    release = models.CharField(max_length=40)
    since = models.DateTimeField()
    calls = models.PositiveIntegerField()
    calls_most = models.PositiveIntegerField()
    lag_s = models.FloatField()
    """How late its event loop was at worst in the last seconds."""
    is_draining = models.BooleanField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
