"""Which quick replies of a template stop messages: those that say so, and those that somebody has marked.

A button that refuses without doubt ("Stop promotions", "Unsubscribe") is always marked. One that may mean something
else ("Cancel", "Not interested") is marked at first where the template is marketing; people of the business decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.models import User
from whatsapp.models import InboundAction, MessageTemplate, TemplateCategory
from whatsapp.opt_outs.refusals import Choice, refusal_in

MARKS = (InboundAction.OPT_OUT.value, InboundAction.NO_PROMOS.value, "")
"""What a button may be marked as; "": it says something else."""


@dataclass(frozen=True, slots=True)
class Button:
    """A quick reply, and what it does: a `Choice`, or "". `is_certain`: its text says so, and nobody can change it."""

    text: str
    mark: Choice | str
    is_certain: bool


def buttons_of(template: MessageTemplate) -> list[Button]:
    """Returns the quick replies of a template, in their order."""
    return [_button(text, template) for text in dict.fromkeys(quick_replies(template.components))]


def marks_of(template: MessageTemplate) -> dict[str, Choice | str]:
    """Returns what each quick reply of a template does, by its text."""
    return {button.text: button.mark for button in buttons_of(template)}


def quick_replies(components: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yields the texts of the quick replies in a template's components, also of those on the cards of a carousel."""
    for part in components:
        for button in part.get("buttons") or ():
            if str(button.get("type", "")).upper() == "QUICK_REPLY":
                yield str(button.get("text", ""))
        for card in part.get("cards") or ():
            yield from quick_replies(card.get("components") or ())


def mark(template: MessageTemplate, text: str, as_what: str, *, by: User) -> bool:
    """Decide what a quick reply does (one of `MARKS`). Returns whether that is a change.

    Raises `KeyError` for a text that no changeable button of the template has, and `ValueError` for another mark.
    """
    if as_what not in MARKS:
        raise ValueError(as_what)
    with transaction.atomic():
        locked = MessageTemplate.objects.select_for_update().get(pk=template.pk)
        before = {button.text: button.mark for button in buttons_of(locked) if not button.is_certain}[text]
        if before == as_what:
            return False
        locked.button_marks = {**locked.button_marks, text: as_what}
        locked.save(update_fields=["button_marks"])
        record(
            template.business,
            AuditKind.OPT_OUT_BUTTON_MARKED,
            person=by,
            name=str(template),
            button=text,
            before=_code(before),
            after=_code(as_what),
        )
    template.button_marks = locked.button_marks
    return True


def _code(mark: Choice | str) -> str:
    return str(mark) or "ordinary"


def _button(text: str, template: MessageTemplate) -> Button:
    certain = refusal_in(text, in_doubt=False)
    if certain:
        return Button(text, certain, is_certain=True)
    decided = template.button_marks.get(text)
    if decided is None:
        is_marketing = template.category == TemplateCategory.MARKETING
        decided = refusal_in(text, in_doubt=True) or "" if is_marketing else ""
    return Button(text, Choice(decided) if decided else "", is_certain=False)
