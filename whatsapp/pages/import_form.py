"""The forms of an import: the file, then the role of each column."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, BinaryIO

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.errors import BadAudience
from whatsapp.importing.contact_layout import guess, layout_of
from whatsapp.models import SuppressionCategory
from whatsapp.pages.contact_forms import ANY_DIRECTION, TagsField
from whatsapp.pages.table_field import ROW_FOR_EACH_PERSON, LocalNumbersForm, table_field
from whatsapp.states import ColumnRole


class FileForm(LocalNumbersForm):
    """A table of people to upload."""

    file = table_field(help_text=ROW_FOR_EACH_PERSON)


class MappingForm(forms.Form):
    """The role of each column, and what applies to all rows."""

    tags = TagsField(label=gettext_lazy("Tags for all of them"))
    consent_source = forms.CharField(
        label=gettext_lazy("Everyone in this file agreed to receive messages: where and when"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Like “sign-up form, May 2026”. Leave empty if they were not asked. "
            "People who have withdrawn their consent stay withdrawn."
        ),
        widget=forms.TextInput(attrs=ANY_DIRECTION),
    )

    def __init__(self, *args: Any, header: Sequence[str], phone: int | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.header = header
        for number, (name, role) in enumerate(zip(header, guess(header, phone), strict=True)):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=name or _("Column %(number)s") % {"number": number + 1},
                choices=ColumnRole.choices,
                initial=role,
            )

    def column_fields(self) -> list[forms.BoundField]:
        """Returns the field of each column, in the columns' order."""
        return [self[f"column_{number}"] for number in range(len(self.header))]

    def roles(self) -> list[ColumnRole]:
        """Returns the role chosen for each column."""
        return [ColumnRole(self.cleaned_data[f"column_{number}"]) for number in range(len(self.header))]

    def clean(self) -> dict[str, Any]:
        """Require a column of addresses, and at most one column for each other fact."""
        values = super().clean() or {}
        if all(f"column_{number}" in values for number in range(len(self.header))):
            try:
                layout_of(self.header, self.roles())
            except BadAudience as error:
                raise forms.ValidationError(str(error)) from None
        return values


class OptOutImportForm(LocalNumbersForm):
    """Addresses that must not be messaged: a file or pasted text, and what rows that don't say it refuse."""

    file = table_field(
        required=False,
        help_text=gettext_lazy("CSV or Excel (.xlsx): a list that you downloaded here, or a column of numbers."),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste numbers, one in each line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "ltr"}),
    )
    category = forms.ChoiceField(
        label=gettext_lazy("What they opted out of"),
        choices=SuppressionCategory.choices,
        initial=SuppressionCategory.ALL,
        help_text=gettext_lazy("For rows that don't say it themselves."),
    )

    def __init__(self, *args: Any, has_file: bool = False, **options: Any) -> None:
        """`has_file`: a file that was chosen before is kept."""
        super().__init__(*args, **options)
        self.has_file = has_file

    def clean(self) -> dict[str, Any]:
        """Demand a file or a text."""
        values = super().clean() or {}
        if not self.has_file and not values.get("file") and not values.get("text", "").strip() and not self.errors:
            self.add_error("file", _("Choose a file, or paste numbers."))
        return values

    def table(self) -> BinaryIO:
        """Returns the file that was chosen now, or the text as one."""
        file: BinaryIO | None = self.cleaned_data["file"]
        return file or BytesIO(self.cleaned_data["text"].encode())
