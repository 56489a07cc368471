"""Every kind of event in the audit log is written by something in the code."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from businesses.audit import AuditKind

pytestmark = pytest.mark.pure

CODE = "\n".join(
    path.read_text()
    for app in ("businesses", "calls", "whatsapp", "platform")
    for path in sorted((settings.BASE_DIR / app).rglob("*.py"))
    if not {"tests", "migrations"} & set(path.parts)
)
WRITTEN = set(re.findall(r"AuditKind\.([A-Z_]+)", CODE))


@pytest.mark.parametrize("kind", AuditKind, ids=lambda kind: kind.value)
def test_it_is_written_somewhere(kind: AuditKind) -> None:
    assert kind.name in WRITTEN
