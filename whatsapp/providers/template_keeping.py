"""Writing templates at a provider: what is handed over, and what the provider may say to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from whatsapp.providers.base import Account, JsonObject, ProviderUnavailable, RemoteTemplate

if TYPE_CHECKING:
    import aiohttp


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template to be approved, in Meta's words and shape."""

    name: str
    language: str
    category: str
    parameter_format: str
    components: Sequence[JsonObject]


class TemplateRefused(ProviderUnavailable):
    """The provider does not take the template; the text is its own. `field` is what it is about, if it tells."""

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class TemplateExists(TemplateRefused):
    """The account has a template with this name and language. `is_being_deleted`: its name is free only weeks later."""

    def __init__(self, words: str, *, is_being_deleted: bool = False) -> None:
        super().__init__(words, field="name")
        self.is_being_deleted = is_being_deleted


class TemplateKeeper(Protocol):
    """One provider's way to write templates. Each raises `ProviderUnavailable` without an answer."""

    forgets: bool
    """Whether it lists nothing of what was written; then what is stored here is listed by `reviewed` instead."""

    def reviewed(self, stored: RemoteTemplate) -> RemoteTemplate | None:
        """Returns a stored template as one that forgets would list it; None if it was not written there."""

    async def create(self, http: aiohttp.ClientSession, account: Account, new: NewTemplate) -> RemoteTemplate:
        """Hand a template over for approval. Returns it as the provider has it.

        Raises:
            TemplateExists: the name is taken in this language.
            TemplateRefused: it is not taken.
        """

    async def edit(
        self, http: aiohttp.ClientSession, account: Account, external_id: str, new: NewTemplate
    ) -> RemoteTemplate:
        """Replace the content of a template, which is then looked at again. Raises as `create` does."""

    async def delete(self, http: aiohttp.ClientSession, account: Account, external_id: str, name: str) -> None:
        """Remove a template in one language; one that is gone already is no error. Raises `TemplateRefused`."""
