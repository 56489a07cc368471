"""What the Django admin logged of rows that are removed."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet


def forget_admin_log(rows: QuerySet[Any]) -> None:
    """Remove what the Django admin logged of these rows: it names each as it was shown, with name and number."""
    kind = ContentType.objects.get_for_model(rows.model)
    keys = [str(key) for key in rows.values_list("pk", flat=True)]
    LogEntry.objects.filter(content_type=kind, object_id__in=keys).delete()
