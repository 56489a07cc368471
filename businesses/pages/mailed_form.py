"""The form that says who gets a calendar's appointments by mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from businesses.models import Business, Membership


class _Members(forms.ModelChoiceField):  # type: ignore[type-arg] # the stubs' class takes no arguments at run time
    def label_from_instance(self, obj: Membership) -> str:
        """Returns a member's name and address."""
        return f"{obj.user.shown_name} ({obj.user.email})"


class MailedForm(forms.Form):
    """A member, or nobody."""

    member = _Members(
        label=_("Mail each appointment to"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Only to members: the mails hold names, phone numbers and notes."),
    )

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        members = Membership.objects.filter(business=business, user__is_active=True).select_related("user")
        self.fields["member"].queryset = members.order_by("user__email")  # type: ignore[attr-defined]
