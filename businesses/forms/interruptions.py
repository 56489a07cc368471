"""How easily callers interrupt: one choice of three for owners, above the single values that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from businesses.forms.seen import SeenMixin
from businesses.models import Business

EASE = "interruptions"
"""The name of the choice's field."""
FINE = (
    "resume_after_false_barge_in",
    "backchannels_interrupt",
    "barge_in_voice_frames",
    "barge_in_debounce_ms",
    "barge_in_grace_ms",
    "server_vad_threshold",
)
"""The values that a choice sets."""


class Ease(TextChoices):
    """How easily callers interrupt."""

    EASILY = "easily", _("Easily: every word counts. For quiet lines and quick callers.")
    USUALLY = "usually", _("As usual: speech interrupts, coughs and clicks don't. Suits most phone lines.")
    FIRMLY = "firmly", _("Only when they mean it: “yes” and “mm-hm” don't interrupt. For noisy lines.")
    OWN = "own", _("By the single values below")


_BOTH_CHANGED = _("You have changed this and single values, too. To keep those, choose “By the single values below”.")
_USUAL = {name: getattr(Business(), name) for name in FINE}
PRESETS: Mapping[Ease, Mapping[str, Any]] = {
    Ease.EASILY: _USUAL | {"barge_in_voice_frames": 4, "barge_in_debounce_ms": 250, "barge_in_grace_ms": 100},
    Ease.USUALLY: _USUAL,
    Ease.FIRMLY: _USUAL
    | {
        "backchannels_interrupt": False,
        "barge_in_voice_frames": 10,
        "barge_in_debounce_ms": 600,
        "barge_in_grace_ms": 500,
    },
}


def ease_of(business: Business) -> Ease:
    """Returns the choice that a business's values stand for."""
    values = {name: getattr(business, name) for name in FINE}
    return next((ease for ease, preset in PRESETS.items() if preset == values), Ease.OWN)


class InterruptionsMixin(SeenMixin):
    """A form of a business with the choice. Where it is not posted, or names the single values, these stand."""

    _preset: Mapping[str, Any] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields[EASE] = forms.ChoiceField(
            label=_("How easily callers interrupt"),
            choices=Ease.choices,
            widget=forms.RadioSelect,
            required=False,
            initial=ease_of(self.instance),
        )

    @property
    def changed_data(self) -> list[str]:
        """The names of the model's fields that the writer changed, by themselves or by the choice."""
        changed = [name for name in super().changed_data if name != EASE]
        return changed + [name for name in self._preset if name not in changed]

    def clean(self) -> dict[str, Any] | None:
        """Put the values that were chosen in the place of those on the page, unless both were changed."""
        cleaned = super().clean()
        ease = Ease(self.cleaned_data.get(EASE) or Ease.OWN)
        if ease is Ease.OWN or any(name not in self.cleaned_data for name in FINE):
            return cleaned
        preset, stored = PRESETS[ease], ease_of(self.instance)
        if all(self.cleaned_data[name] == value for name, value in preset.items()):
            return cleaned
        if any(self.is_edited(name) for name in FINE):
            if ease is not stored:
                self.add_error(EASE, ValidationError(_BOTH_CHANGED, code="both_changed"))
            return cleaned
        self._preset = {name: value for name, value in preset.items() if getattr(self.instance, name) != value}
        self.cleaned_data.update(self._preset)
        return cleaned
