"""The notice of recording in a form: the usual words are shown until a business writes its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from businesses.models import Business, Language, usual_notice

if TYPE_CHECKING:
    from django import forms

    _Form = forms.ModelForm[Business]
else:
    _Form = object


class NoticeMixin(_Form):
    """For forms of a business. The usual words are stored as None, so that they follow the language of its calls."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.recording_notice is None:
            self.initial["recording_notice"] = usual_notice(self.instance.language)

    def clean_recording_notice(self) -> str | None:
        """Returns the words; None for the usual ones; "" for no notice."""
        words: str = (self.cleaned_data["recording_notice"] or "").strip()
        return None if words in {usual_notice(language) for language in Language} else words
