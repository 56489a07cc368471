"""Templates that are written at the stand-in on this machine, and how it reviews them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from whatsapp.providers.base import Account, RemoteTemplate
from whatsapp.providers.sandbox.samples import TEMPLATES
from whatsapp.providers.template_keeping import NewTemplate, TemplateExists

if TYPE_CHECKING:
    import aiohttp

OWN = "sandbox-own-"
FORBIDDEN = ("casino", "קזינו")
"""A template with such a word is refused, so that a refusal can be seen."""


class SandboxTemplates:
    """Takes every template. What was taken is kept by whoever asked: the stand-in itself stores nothing."""

    forgets = True

    def reviewed(self, stored: RemoteTemplate) -> RemoteTemplate | None:
        """Returns a template that was written here, reviewed now: the stand-in decides when it is asked."""
        if not stored.external_id.startswith(OWN):
            return None
        if stored.status != "PENDING":
            return stored
        text = str([part.get("text", "") for part in stored.components]).lower()
        if any(word in text for word in FORBIDDEN):
            return replace(stored, status="REJECTED", rejected_for="ABUSIVE_CONTENT")
        return replace(stored, status="APPROVED")

    async def create(self, http: aiohttp.ClientSession, account: Account, new: NewTemplate) -> RemoteTemplate:
        """Take a template, which then waits for its review; not in the place of one of the samples."""
        if any((each.name, each.language) == (new.name, new.language) for each in TEMPLATES):
            raise TemplateExists("Content in this language already exists.")
        return _taken(f"{OWN}{new.name}-{new.language}", new)

    async def edit(
        self, http: aiohttp.ClientSession, account: Account, external_id: str, new: NewTemplate
    ) -> RemoteTemplate:
        """Take other content, which then waits for its review."""
        return _taken(external_id, new)

    async def delete(self, http: aiohttp.ClientSession, account: Account, external_id: str, name: str) -> None:
        """Do nothing."""


def _taken(external_id: str, new: NewTemplate) -> RemoteTemplate:
    return RemoteTemplate(
        external_id, new.name, new.language, new.category, "PENDING", new.parameter_format, "UNKNOWN", new.components
    )
