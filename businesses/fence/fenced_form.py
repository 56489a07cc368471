"""The form of every row in the admin: plain words, and a form error instead of a crash for a duplicate row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from businesses.forms.plain_words import speak_plainly
from businesses.forms.seen import SeenMixin

if TYPE_CHECKING:
    from django.db.models import Model

    _ModelForm = forms.ModelForm[Model]
else:
    _ModelForm = forms.ModelForm


class FencedForm(SeenMixin, _ModelForm):
    """Model fields get their plain words in `Fence.formfield_for_dbfield`, declared fields here."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in getattr(self, "declared_fields", {}):
            if name in self.fields:
                speak_plainly(self.fields[name])

    def _get_validation_exclusions(self) -> set[str]:
        """Check uniqueness within a business even where the form has no field for the business.

        Django skips a constraint when one of its fields is not in the form; the database would then raise an error.
        """
        left_out: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return left_out - {"business"} if getattr(self.instance, "business_id", None) else left_out

    def _update_errors(self, errors: ValidationError) -> None:
        """Show a uniqueness error beside the field that has the duplicate value."""
        by_field: dict[str, list[ValidationError]] = getattr(errors, "error_dict", {})
        for error in list(by_field.get(NON_FIELD_ERRORS, [])):
            field = self._taken(error)
            if field:
                by_field[NON_FIELD_ERRORS].remove(error)
                by_field.setdefault(field, []).append(ValidationError(error.message, code="unique"))
        if not by_field.get(NON_FIELD_ERRORS, True):
            del by_field[NON_FIELD_ERRORS]
        super()._update_errors(errors)  # type: ignore[misc]

    def _taken(self, error: ValidationError) -> str | None:
        if error.code != "unique_together":
            return None
        fields = [name for name in (error.params or {})["unique_check"] if name in self.fields and name != "business"]
        return fields[0] if len(fields) == 1 else None
