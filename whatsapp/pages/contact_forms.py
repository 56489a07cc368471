"""The small forms of contacts and of the suppression list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.models import Business
from whatsapp.models import SuppressionCategory
from whatsapp.people import identity
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.people.tagging import LONGEST, tidy

ANY_DIRECTION = {"dir": "auto"}


class AddressField(forms.CharField):
    """A phone number, also in local form, or a WhatsApp user id."""

    business: Business

    def clean(self, value: Any) -> str:
        """Turn a number into E.164."""
        written = str(super().clean(value))
        if is_bsuid(written):
            return written
        try:
            return to_e164(written, region_of(self.business)).e164
        except NotANumber as error:
            raise forms.ValidationError(str(error)) from None


class TagsField(forms.CharField):
    """Any number of tags, separated by commas; `tags_in` splits them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=600,
            help_text=gettext_lazy("Separated by commas."),
            widget=forms.TextInput(attrs=ANY_DIRECTION),
            **options,
        )


def tags_in(text: str) -> list[str]:
    """Returns the tags in a text that separates them by commas."""
    return list(dict.fromkeys(filter(None, (tidy(name) for name in text.split(",")))))


class NewContactForm(forms.Form):
    """A new contact."""

    phone = AddressField(
        label=gettext_lazy("Phone number"),
        max_length=140,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, widget=forms.TextInput(attrs=ANY_DIRECTION)
    )
    tags = TagsField(label=gettext_lazy("Tags"))
    consent_source = forms.CharField(
        label=gettext_lazy("They agreed to receive messages: where and when"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Like “sign-up form, May 2026”. Leave empty if they were not asked."),
        widget=forms.TextInput(attrs=ANY_DIRECTION),
    )

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        self.business = self.fields["phone"].business = business  # type: ignore[attr-defined] # an AddressField

    def clean_phone(self) -> str:
        """Refuse a number that is among the contacts already."""
        address = str(self.cleaned_data["phone"])
        if identity.contacts_with(self.business, identity.addresses_of(self.business, address)).exists():
            raise forms.ValidationError(_("This person is already in your contacts."))
        return address


class FactsForm(forms.Form):
    """The facts about a contact that may be corrected by hand."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, widget=forms.TextInput(attrs=ANY_DIRECTION)
    )
    language = forms.CharField(
        label=gettext_lazy("Language"),
        max_length=10,
        required=False,
        help_text=gettext_lazy("Like he or en."),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )


class TagForm(forms.Form):
    """A tag to add."""

    tag = forms.CharField(
        label=gettext_lazy("Tag"), max_length=LONGEST, widget=forms.TextInput(attrs={"dir": "auto", "list": "tags"})
    )


class AgreeForm(forms.Form):
    """The source of a consent."""

    source = forms.CharField(
        label=gettext_lazy("Where and when they agreed"),
        max_length=200,
        widget=forms.TextInput(attrs=ANY_DIRECTION),
    )


class CategoryForm(forms.Form):
    """Which messages a person does not want."""

    category = forms.ChoiceField(
        label=gettext_lazy("What they opted out of"),
        choices=SuppressionCategory.choices,
        initial=SuppressionCategory.ALL,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=300, required=False, widget=forms.TextInput(attrs=ANY_DIRECTION)
    )


class SuppressionForm(CategoryForm):
    """An address that must not be messaged."""

    address = AddressField(
        label=gettext_lazy("Phone number"),
        max_length=140,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    field_order = ("address", "category", "note")

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["address"].business = business  # type: ignore[attr-defined] # an AddressField
