"""The forms of an import: the file, then what each of its columns is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, BinaryIO

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.audience.tables import Row, Table, open_table
from whatsapp.contact_layout import ColumnRole, guess, layout_of
from whatsapp.errors import BadAudience
from whatsapp.pages.contact_forms import ANY_DIRECTION, TagsField

MOST_ROWS = 20_000
"""More would keep a browser waiting too long; the command `import_contacts` takes any number."""
MOST_COLUMNS = 60
SHOWN_ROWS = 5


class FileForm(forms.Form):
    """A table of people."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), with a header row and then a row for each person: at most 20,000."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,text/csv"}),
    )


class MappingForm(forms.Form):
    """What each column is, and what holds for all rows."""

    tags = TagsField(label=gettext_lazy("Tags for all of them"))
    consent_source = forms.CharField(
        label=gettext_lazy("All of them agreed to get messages: where and when"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Like “sign-up form, May 2026”. Empty: not asked. Whoever has withdrawn stays withdrawn."
        ),
        widget=forms.TextInput(attrs=ANY_DIRECTION),
    )

    def __init__(self, *args: Any, header: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.header = header
        for number, (name, role) in enumerate(zip(header, guess(header), strict=True)):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=name or _("Column %(number)s") % {"number": number + 1},
                choices=ColumnRole.choices,
                initial=role,
            )

    def column_fields(self) -> list[forms.BoundField]:
        """The field of each column, in the columns' order."""
        return [self[f"column_{number}"] for number in range(len(self.header))]

    def roles(self) -> list[ColumnRole]:
        """What was chosen."""
        return [ColumnRole(self.cleaned_data[f"column_{number}"]) for number in range(len(self.header))]

    def clean(self) -> dict[str, Any]:
        """There must be one column of addresses, and one at most of each other fact."""
        values = super().clean() or {}
        if all(f"column_{number}" in values for number in range(len(self.header))):
            try:
                layout_of(self.header, self.roles())
            except BadAudience as error:
                raise forms.ValidationError(str(error)) from None
        return values


def preview(file: BinaryIO) -> tuple[list[str], list[Row]]:
    """Header and first rows. Raises `BadAudience`: no table, a column twice, too many columns."""
    with open_table(file) as table:
        guess(table.header)
        if len(table.header) > MOST_COLUMNS:
            raise BadAudience(_("The file has more than %(most)s columns.") % {"most": MOST_COLUMNS})
        return table.header, list(islice(table.rows, SHOWN_ROWS))


def refuse_long(file: BinaryIO) -> None:
    """Raises `BadAudience` when the file has more rows than a page can wait for, or is broken further down."""
    with open_table(file) as table:
        if _has_more_rows(table):
            raise BadAudience(
                _("The file has more than %(most)s rows. Split it and import the parts one after the other.")
                % {"most": f"{MOST_ROWS:,}"}
            )
    file.seek(0)


def _has_more_rows(table: Table) -> bool:
    return sum(1 for _row in islice(table.rows, MOST_ROWS + 1)) > MOST_ROWS
