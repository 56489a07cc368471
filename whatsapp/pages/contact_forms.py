"""The small forms of contacts and of the list of who must not be messaged."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.models import Business
from whatsapp.models import Contact, SuppressionCategory
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.people.tagging import LONGEST, tidy

ANY_DIRECTION = {"dir": "auto"}


class AddressField(forms.CharField):
    """A number as at home, or a WhatsApp user id."""

    business: Business

    def clean(self, value: Any) -> str:
        """Make a number E.164."""
        written = str(super().clean(value))
        if is_bsuid(written):
            return written
        try:
            return to_e164(written, region_of(self.business)).e164
        except NotANumber as error:
            raise forms.ValidationError(str(error)) from None


class TagsField(forms.CharField):
    """Any number of tags, or none; `tags_in` takes them apart."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=600,
            help_text=gettext_lazy("With commas between them."),
            widget=forms.TextInput(attrs=ANY_DIRECTION),
            **options,
        )


def tags_in(text: str) -> list[str]:
    """The tags of a text with commas between them."""
    return list(dict.fromkeys(filter(None, (tidy(name) for name in text.split(",")))))


class NewContactForm(forms.Form):
    """A person to know from now on."""

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
        label=gettext_lazy("They agreed to get messages: where and when"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Like “sign-up form, May 2026”. Empty: not asked."),
        widget=forms.TextInput(attrs=ANY_DIRECTION),
    )

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        self.business = self.fields["phone"].business = business  # type: ignore[attr-defined] # an AddressField

    def clean_phone(self) -> str:
        """Refuse a person who is known already."""
        address = str(self.cleaned_data["phone"])
        field = "phone" if address.startswith("+") else "bsuid"
        if Contact.objects.filter(business=self.business, **{field: address}).exists():
            raise forms.ValidationError(_("This person is among your contacts already."))
        return address


class FactsForm(forms.Form):
    """What may be corrected of a person by hand."""

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
    """One tag."""

    tag = forms.CharField(
        label=gettext_lazy("Tag"), max_length=LONGEST, widget=forms.TextInput(attrs={"dir": "auto", "list": "tags"})
    )


class AgreeForm(forms.Form):
    """Where an agreement comes from."""

    source = forms.CharField(
        label=gettext_lazy("Where and when they agreed"),
        max_length=200,
        widget=forms.TextInput(attrs=ANY_DIRECTION),
    )


class CategoryForm(forms.Form):
    """What somebody does not want."""

    category = forms.ChoiceField(
        label=gettext_lazy("What they don't want"), choices=SuppressionCategory.choices, initial=SuppressionCategory.ALL
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
