"""The templates that the stand-in for Meta lists, and their moves to another category, at once or announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from whatsapp.providers.base import RemoteTemplate
from whatsapp.providers.sandbox.samples import TEMPLATES


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """A webhook about a template that is posted at this time. `value`: of Meta's `field`."""

    at: datetime
    value: dict[str, Any]
    field: str = "template_category_update"


@dataclass
class ListedTemplates:
    """`changes`: news that are not posted yet."""

    templates: Sequence[RemoteTemplate] = TEMPLATES
    changes: list[TemplateNews] = field(default_factory=list)
    _moves: list[tuple[datetime, str, str]] = field(default_factory=list)

    def listed(self, now: datetime) -> list[dict[str, Any]]:
        """Returns what Meta answers when it is asked for the templates."""
        return [
            {
                "id": template.external_id,
                "name": template.name,
                "language": template.language,
                "status": template.status,
                "category": self._category(template, now),
                "parameter_format": template.parameter_format,
                "components": list(template.components),
                "quality_score": {"score": template.quality},
                "rejected_reason": template.rejected_for or "NONE",
            }
            for template in self.templates
        ]

    def move(self, name: str, to: str, *, now: datetime, in_s: float = 0.0) -> int:
        """Move a template, in all languages, to a category. One that happens later is announced now.

        Returns the number of its languages; 0 if there is no such template.
        """
        at = now + timedelta(seconds=in_s)
        named = [template for template in self.templates if template.name == name]
        for template in named:
            old = self._category(template, now)
            if in_s:
                when = int(at.timestamp())
                self._tell(now, template, correct_category=to, new_category=old, category_update_timestamp=when)
            self._tell(at, template, previous_category=old, new_category=to)
        self._moves.append((at, name, to))
        return len(named)

    def tell_review(self, template: RemoteTemplate) -> None:
        """Announce what the reviewers decided; the webhook is due at once."""
        value = {
            "event": template.status,
            "message_template_id": template.external_id,
            "message_template_name": template.name,
            "message_template_language": template.language.replace("_", "-"),
            "reason": template.rejected_for or "NONE",
        }
        self.changes.append(TemplateNews(datetime.min.replace(tzinfo=UTC), value, "message_template_status_update"))

    def take_due(self, now: datetime) -> list[TemplateNews]:
        """Returns the news whose time has come, and forgets them."""
        due = [change for change in self.changes if change.at <= now]
        self.changes = [change for change in self.changes if change.at > now]
        return due

    def _category(self, template: RemoteTemplate, now: datetime) -> str:
        moved = [to for at, name, to in self._moves if name == template.name and at <= now]
        return moved[-1] if moved else template.category

    def _tell(self, at: datetime, template: RemoteTemplate, **told: Any) -> None:
        value = {
            "message_template_id": template.external_id,
            "message_template_name": template.name,
            "message_template_language": template.language.replace("_", "-"),
            **told,
        }
        self.changes.append(TemplateNews(at, value))
