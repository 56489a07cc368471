"""The small forms of contacts and of the suppression list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.models import Business
from whatsapp.importing.rows import ATTRIBUTE_LIMIT
from whatsapp.models import Contact, SuppressionCategory
from whatsapp.people import identity
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.people.tagging import LONGEST, tidy

LONGEST_NAME = 60
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


class AttributesField(forms.CharField):
    """A contact's attributes, one on each line: its name, a colon, its value."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Attributes"),
            required=False,
            max_length=20_000,
            help_text=gettext_lazy("One on each line, like “city: Haifa”."),
            widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        )

    def clean(self, value: Any) -> Any:
        """Returns the values by name. Raises `ValidationError`, which names the line."""
        found: dict[str, str] = {}
        for number, line in enumerate(str(super().clean(value)).splitlines(), 1):
            name, colon, said = (part.strip() for part in line.partition(":"))
            if not line.strip():
                continue
            if not (name and colon):
                raise forms.ValidationError(_("Line %(number)s is not like “city: Haifa”.") % {"number": number})
            if len(name) > LONGEST_NAME or len(said) > ATTRIBUTE_LIMIT:
                raise forms.ValidationError(_("Line %(number)s is too long.") % {"number": number})
            if name in found:
                raise forms.ValidationError(_("“%(name)s” is there twice.") % {"name": name})
            if said:
                found[name] = said
        return found


def attribute_lines(attributes: Mapping[str, Any]) -> str:
    """Returns attributes as `AttributesField` reads them."""
    return "\n".join(f"{name}: {' '.join(str(value).split())}" for name, value in attributes.items())


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

    attributes = AttributesField()


class NumberForm(forms.Form):
    """Another number of a contact's person. `other`: the contact that has it, which would be merged."""

    phone = AddressField(
        label=gettext_lazy("Phone number"),
        max_length=140,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    other: Contact | None = None

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["phone"].business = business  # type: ignore[attr-defined] # an AddressField


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
