"""Writing templates at Meta: `POST /<account>/message_templates`, `POST /<template>`, `DELETE …?name=&hsm_id=`.

Name and language are unique in an account, so a repetition never makes a second template: Meta says that it exists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from whatsapp.providers.base import Account, ProviderUnavailable, RemoteTemplate, in_path
from whatsapp.providers.cloud import errors
from whatsapp.providers.template_keeping import NewTemplate, TemplateExists, TemplateRefused

if TYPE_CHECKING:
    import aiohttp

_EXISTS, _BEING_DELETED, _MANY = 2388024, 2388023, 2388019
_FIELDS: Mapping[int, str] = {2388293: "body", 2388299: "body", 2388047: "header", 2388072: "body", 2388073: "body"}
"""Subcodes of Meta's errors about a part of the text, by our fields."""
_GONE = 2593002
_TOO_OFTEN = {4, 80008, 613}


class CloudTemplates:
    """Meta's templates."""

    forgets = False

    def reviewed(self, stored: RemoteTemplate) -> RemoteTemplate | None:
        """Returns nothing: Meta lists its templates itself."""
        return None

    async def create(self, http: aiohttp.ClientSession, account: Account, new: NewTemplate) -> RemoteTemplate:
        """Post a new template."""
        url = f"{account.api_url}/{in_path(account.account_id)}/message_templates"
        said = await _answer(http.post(url, json=_body(new) | _name(new), headers=_headers(account)))
        return _remote(new, str(said.get("id", "")), said)

    async def edit(
        self, http: aiohttp.ClientSession, account: Account, external_id: str, new: NewTemplate
    ) -> RemoteTemplate:
        """Post other content to a template that was refused. Meta allows this once a day and ten times a month."""
        url = f"{account.api_url}/{in_path(external_id)}"
        said = await _answer(http.post(url, json=_body(new), headers=_headers(account)))
        return _remote(new, external_id, said)

    async def delete(self, http: aiohttp.ClientSession, account: Account, external_id: str, name: str) -> None:
        """Remove the template in its language only: `hsm_id` says which."""
        url = f"{account.api_url}/{in_path(account.account_id)}/message_templates"
        query = {"name": name, "hsm_id": external_id}
        try:
            await _answer(http.delete(url, params=query, headers=_headers(account)))
        except TemplateRefused as refused:
            if refused.field != "gone":
                raise


def _name(new: NewTemplate) -> dict[str, Any]:
    return {"name": new.name, "language": new.language, "parameter_format": new.parameter_format}


def _body(new: NewTemplate) -> dict[str, Any]:
    return {"category": new.category, "components": list(new.components)}


def _remote(new: NewTemplate, external_id: str, said: Mapping[str, Any]) -> RemoteTemplate:
    return RemoteTemplate(
        external_id=external_id,
        name=new.name,
        language=new.language,
        category=str(said.get("category") or new.category).upper(),
        status=str(said.get("status") or "PENDING").upper(),
        parameter_format=new.parameter_format,
        quality="UNKNOWN",
        components=new.components,
    )


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.secrets['access_token']}"}


async def _answer(request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> dict[str, Any]:
    """Returns Meta's answer.

    Raises:
        TemplateRefused: Meta says why; its words are in the language of the account.
        ProviderUnavailable: there was no answer, or only "later".
    """
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    try:
        async with request as response:
            answer = json.loads(await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as problem:
        raise ProviderUnavailable(
            _("WhatsApp did not answer (%(error)s). Try again later.") % {"error": type(problem).__name__}
        ) from None
    if response.status == 200 and isinstance(answer, dict):
        return answer
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict) or response.status >= 500:
        raise ProviderUnavailable(
            _("WhatsApp did not answer (%(error)s). Try again later.") % {"error": response.status}
        )
    raise _refused(error)


def _refused(error: Mapping[str, Any]) -> ProviderUnavailable:
    code, subcode = error.get("code"), error.get("error_subcode")
    words = str(error.get("error_user_msg") or errors.text_of(error))
    if code in _TOO_OFTEN:
        return ProviderUnavailable(_("WhatsApp takes no more changes of templates for now. Try again in an hour."))
    if subcode in {_EXISTS, _BEING_DELETED}:
        return TemplateExists(words, is_being_deleted=subcode == _BEING_DELETED)
    if subcode == _MANY:
        return TemplateRefused(
            _("The account has as many templates as WhatsApp allows. Delete one that you don't use.")
        )
    if subcode == _GONE:
        return TemplateRefused(words, field="gone")
    if code in {190, 10, 200}:
        return ProviderUnavailable(f"{errors.rule_for(str(code)).explanation} ({words})")
    return TemplateRefused(words, field=_FIELDS.get(subcode or 0, ""))
