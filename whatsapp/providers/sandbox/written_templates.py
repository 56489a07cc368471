"""Writing templates at the stand-in for Meta: it takes, refuses, reviews and deletes them as Meta does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from whatsapp.providers.base import RemoteTemplate
from whatsapp.providers.sandbox.accounts import GraphAccounts
from whatsapp.providers.sandbox.graph_answers import refusal, unseen
from whatsapp.providers.sandbox.listed_templates import ListedTemplates

EDITABLE = {"APPROVED", "REJECTED", "PAUSED"}


@dataclass
class WrittenTemplates(GraphAccounts):
    """The part of the server that takes templates. Their review is a POST to `/templates/<name>/review`."""

    templates: ListedTemplates = field(default_factory=ListedTemplates)
    changes_left: int = 200
    """How many changes of templates are taken, as in Meta's hour."""
    leaving: set[str] = field(default_factory=set)
    """Names that were deleted and are not free again."""
    posted: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of all templates that were posted, taken or not."""
    vanishes: bool = False
    """Whether the connection is lost after a template was taken."""

    async def _create(self, request: web.Request) -> web.StreamResponse:
        asked, account = json.loads(await request.read()), request.match_info["account_id"]
        self.posted.append(asked)
        if (
            no := self.refused(request)
            or (None if self.opens(request, account) else unseen(account))
            or self._limited()
        ):
            return no
        name, language = str(asked.get("name", "")), str(asked.get("language", ""))
        if name in self.leaving:
            return _no(2388023, "New content can't be added while the existing content is being deleted.")
        if any((each.name, each.language) == (name, language) for each in self.templates.templates):
            return _no(2388024, "Content in this language already exists for this template.")
        if no := _wrong(name, asked["components"]):
            return no
        taken = RemoteTemplate(
            external_id=str(9_000_000 + len(self.posted)),
            name=name,
            language=language,
            category=asked["category"],
            status="PENDING",
            parameter_format=asked.get("parameter_format", "POSITIONAL"),
            quality="UNKNOWN",
            components=asked["components"],
        )
        self.templates.templates = [*self.templates.templates, taken]
        if self.vanishes and request.transport is not None:
            request.transport.abort()
        return web.json_response({"id": taken.external_id, "status": "PENDING", "category": taken.category})

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        asked, key = json.loads(await request.read()), request.match_info["template_id"]
        self.posted.append(asked)
        known = next((each for each in self.templates.templates if each.external_id == key), None)
        if no := self.refused(request) or (None if known else unseen(key)) or self._limited():
            return no
        assert known is not None  # noqa: S101 - else it was refused
        if known.status not in EDITABLE:
            return _no(2388039, "This template can't be edited in its state.")
        if no := _wrong(known.name, asked["components"]):
            return no
        self._put(replace(known, components=asked["components"], category=asked["category"], status="PENDING"))
        return web.json_response({"success": True})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        account, name, key = request.match_info["account_id"], request.query["name"], request.query.get("hsm_id", "")
        if no := self.refused(request) or (None if self.opens(request, account) else unseen(account)):
            return no
        gone = [each for each in self.templates.templates if each.name == name and key in {"", each.external_id}]
        if not gone:
            return _no(2593002, "Message template not found.")
        self.templates.templates = [each for each in self.templates.templates if each not in gone]
        self.leaving.add(name)
        return web.json_response({"success": True})

    def review(self, name: str, status: str, why: str = "NONE") -> None:
        """Decide about a template: APPROVED, or REJECTED with one of Meta's codes."""
        for each in [each for each in self.templates.templates if each.name == name]:
            decided = replace(each, status=status, rejected_for=why)
            self._put(decided)
            self.templates.tell_review(decided)

    async def _review(self, request: web.Request) -> web.Response:
        """Decide about a template: `status`, and `why` if it is rejected."""
        asked = await request.json()
        self.review(request.match_info["name"], asked["status"], asked.get("why", "NONE"))
        return web.json_response({"reviewed": True})

    def _put(self, changed: RemoteTemplate) -> None:
        others = [changed if each.external_id == changed.external_id else each for each in self.templates.templates]
        self.templates.templates = others

    def _limited(self) -> web.Response | None:
        self.changes_left -= 1
        if self.changes_left >= 0:
            return None
        return refusal(400, 80008, "There have been too many calls to this WhatsApp Business account.")


def _wrong(name: str, parts: list[dict[str, Any]]) -> web.Response | None:
    """Returns Meta's refusal of a text, by some of its rules."""
    body = next((str(part["text"]) for part in parts if part["type"] == "BODY"), "")
    if not re.fullmatch(r"[a-z0-9_]+", name):
        return _no(2388042, "The name may have small letters, digits and underscores.")
    if body.startswith("{{") or body.endswith("}}"):
        return _no(2388299, "Variables can't be at the start or end of the template.")
    wanted = len(set(re.findall(r"\{\{(\w+)\}\}", body)))
    example = next((part.get("example") or {} for part in parts if part["type"] == "BODY"), {})
    given = example.get("body_text_named_params") or (example.get("body_text") or [[]])[0]
    return _no(2388043, "Samples are missing.") if wanted != len(given) else None


def _no(subcode: int, words: str) -> web.Response:
    return refusal(400, 100, "Invalid parameter", subcode=subcode, error_user_msg=words)
