"""The form of a business's settings, in sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from businesses.countries import read_back
from businesses.forms.country_field import CountryField
from businesses.forms.interruptions import FINE, InterruptionsMixin
from businesses.forms.notice import NoticeMixin
from businesses.forms.plain_words import plain_formfield
from businesses.forms.time_zone_field import TimeZoneField
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.models import Business

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    _Form = forms.ModelForm[Business]
    Section = tuple[str, _StrPromise, _StrPromise, tuple[str, ...]]
else:
    _Form = forms.ModelForm

FOR_EXPERTS = (*FINE, "echo_gate_min_rms")
"""Fields that the page folds away, as one choice stands for most of them."""
SECTIONS: tuple[Section, ...] = (
    (
        "business",
        _("Business"),
        _("Its name, the language in which it speaks with callers, and its clock."),
        ("name", "language", "time_zone", "local_country"),
    ),
    (
        "greeting",
        _("Greeting"),
        _("The first words of every call. Callers hear them whole; nothing interrupts them."),
        ("greeting_text", "closed_greeting_text", "voice", "assistant_speaks_first", "first_utterance_protection"),
    ),
    (
        "assistant",
        _("Assistant"),
        _("What it knows about you, and how it should behave."),
        ("instructions", "closed_instructions", "opening_hours", "address", "directions"),
    ),
    (
        "interruptions",
        _("Interruptions"),
        _("Whether callers may cut the assistant off, and what it takes."),
        ("barge_in_enabled", *FOR_EXPERTS),
    ),
    (
        "phone",
        _("Phone"),
        _("Who takes over when the assistant can't, and how long a call may last."),
        ("fallback_number", "max_call_minutes", "silence_limit_s", "asks_after_silence"),
    ),
    (
        "recording",
        _("Recording"),
        _("Whether calls are recorded, and how callers are told."),
        ("record_calls", "recording_notice"),
    ),
)
"""Key, heading, introduction and fields of each section."""


class SettingsForm(InterruptionsMixin, NoticeMixin, _Form):
    """The settings that an owner may change. Phone numbers may be written in national format: 050-123-4567."""

    class Meta:
        model = Business
        formfield_callback = plain_formfield
        fields: ClassVar[list[str]] = [name for _key, _heading, _intro, names in SECTIONS for name in names]
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"fallback_number": WrittenPhoneNumberField}
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "fallback_number": forms.TextInput(attrs={"dir": "ltr", "type": "tel"}),
            # dir=auto: the first letter sets the direction, so Hebrew reads right to left on an English page too.
            "greeting_text": forms.Textarea(attrs={"dir": "auto", "rows": 3}),
            "instructions": forms.Textarea(attrs={"dir": "auto", "rows": 12}),
            "closed_greeting_text": forms.Textarea(attrs={"dir": "auto", "rows": 2}),
            "closed_instructions": forms.Textarea(attrs={"dir": "auto", "rows": 3}),
            "opening_hours": forms.Textarea(attrs={"dir": "auto", "rows": 3}),
            "address": forms.TextInput(attrs={"dir": "auto"}),
            "directions": forms.Textarea(attrs={"dir": "auto", "rows": 2}),
            "recording_notice": forms.Textarea(attrs={"dir": "auto", "rows": 2}),
            "server_vad_threshold": forms.NumberInput(attrs={"step": "0.01", "dir": "ltr"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        number = self.fields["fallback_number"]
        assert isinstance(number, WrittenPhoneNumberField)  # noqa: S101 - field_classes says so
        number.region = self.instance.region()
        if self.instance.fallback_number:
            said = _("Calls are put through to %(number)s.") % {"number": read_back(self.instance.fallback_number)}
            number.help_text = format_lazy("{} {}", number.help_text, said)
        zone = self.fields["time_zone"]
        self.fields["time_zone"] = TimeZoneField(
            stored=self.instance.time_zone, label=zone.label, help_text=zone.help_text, initial=zone.initial
        )
        self.fields["local_country"] = CountryField(
            label=self.fields["local_country"].label,
            help_text=self.fields["local_country"].help_text,
            guessed=self.instance.guessed_country(),
        )
