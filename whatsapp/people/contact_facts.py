"""What is known about a contact, and how two contacts become one and two again. Pure: no database, no clock.

Nothing that either of them had is lost: the kept contact wins where both say something, tags are joined, and of two
consents the stricter one holds: a withdrawal over an agreement, and an agreement over none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from whatsapp.models import Consent

_STRICTNESS = {Consent.WITHDRAWN.value: 2, Consent.GRANTED.value: 1, Consent.UNKNOWN.value: 0}

_CONSENT = ("consent", "consent_source", "consent_changed_at", "last_inbound_at")


@dataclass(frozen=True, slots=True)
class Facts:
    """A contact's columns and the names of its tags."""

    phone: str | None = None
    bsuid: str | None = None
    name: str = ""
    language: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    consent: str = Consent.UNKNOWN.value
    consent_source: str = ""
    consent_changed_at: datetime | None = None
    last_inbound_at: datetime | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """Returns what is stored in the contact's own row."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "tags"}

    def kept(self) -> dict[str, Any]:
        """Returns the facts as JSON."""
        moments = {name: value.isoformat() for name, value in asdict(self).items() if isinstance(value, datetime)}
        return {**asdict(self), **moments, "attributes": dict(self.attributes), "tags": sorted(self.tags)}


def facts_in(kept: Mapping[str, Any]) -> Facts:
    """Returns the facts that `Facts.kept` stored."""
    moments = {
        name: datetime.fromisoformat(kept[name])
        for name in ("consent_changed_at", "last_inbound_at")
        if kept.get(name) is not None
    }
    return Facts(**{**kept, **moments, "tags": frozenset(kept.get("tags", ()))})


def merged(kept: Facts, absorbed: Facts) -> Facts:
    """Returns what is known of the person when the second contact goes into the first."""
    stricter = max(kept, absorbed, key=lambda facts: _STRICTNESS[facts.consent])
    return Facts(
        phone=kept.phone or absorbed.phone,
        bsuid=kept.bsuid or absorbed.bsuid,
        name=kept.name or absorbed.name,
        language=kept.language or absorbed.language,
        attributes={**absorbed.attributes, **kept.attributes},
        tags=kept.tags | absorbed.tags,
        consent=stricter.consent,
        consent_source=stricter.consent_source,
        consent_changed_at=stricter.consent_changed_at,
        last_inbound_at=max(filter(None, (kept.last_inbound_at, absorbed.last_inbound_at)), default=None),
    )


def parted(now: Facts, before: Facts, absorbed: Facts) -> Facts:
    """Returns the kept contact without what it had only from the absorbed one. What was changed since stays.

    Consent and the time of the last message are as before: what came since follows from what each address did.
    """
    joined = merged(before, absorbed)
    alone = {
        name: getattr(before, name)
        for name in ("phone", "bsuid", "name", "language")
        if getattr(now, name) == getattr(joined, name)
    }
    gone = set(absorbed.attributes) - set(before.attributes)
    attributes = {
        name: value for name, value in now.attributes.items() if name not in gone or value != absorbed.attributes[name]
    }
    said = {name: getattr(before, name) for name in _CONSENT}
    return replace(now, **alone, **said, attributes=attributes, tags=now.tags - (absorbed.tags - before.tags))
