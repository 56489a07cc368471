"""The page of an invitation's link: join with an existing account or with a new one.

Signed out it is the same page for every address, so that its link doesn't tell who has an account.
"""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate, login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from businesses import invitation_codes, invitation_mail, invitations
from businesses.errors import AccountExists, CodesUsedUp, CodeWrong, InvitationInvalid
from businesses.invitations import Invited
from businesses.mail import can_mail
from businesses.models import Invitation, User

logger = logging.getLogger(__name__)


class CodeForm(forms.Form):
    """The code from the invited mailbox; `needs_code` is False where an operator vouches for the address."""

    code = forms.CharField(
        label=gettext_lazy("Code from the email"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, needs_code: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not needs_code:
            del self.fields["code"]


class NewAccountForm(CodeForm):
    """A new person's name and password; the email address is the invitation's."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("Three or four unrelated words make a good password."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, email: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._email = email

    def clean(self) -> Any:
        """Refuse weak passwords; the person's own name and address make a weak one."""
        names = {name: self.cleaned_data.get(name, "") for name in ("first_name", "last_name")}
        if password := self.cleaned_data.get("password"):
            try:
                validate_password(password, User(email=self._email, **names))
            except ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation; accept it, or mail another code, on POST."""
    try:
        invitation = invitations.find(token, now=timezone.now())
        if request.method == "POST" and "another_code" in request.POST:
            return _mail_another_code(request, invitation, token)
        if isinstance(request.user, User):
            return _join_as(request, request.user, invitation, token)
        return _join_as_new(request, invitation, token)
    except InvitationInvalid:
        return render(request, "pages/invitation_invalid.html", status=404)


def _join_as(request: HttpRequest, user: User, invitation: Invitation, token: str) -> HttpResponse:
    needs_code = not invitation.is_vouched and user.email_proved_at is None
    form = CodeForm(request.POST if request.method == "POST" else None, needs_code=needs_code)
    if form.is_valid():
        try:
            business = invitations.accept(token, user, now=timezone.now(), **form.cleaned_data)
        except CodeWrong as error:
            form.add_error("code", _words_of(error))
        else:
            return redirect("home", slug=business.slug)
    is_other = user.email.lower() != invitation.email
    return _page(request, invitation, form, is_other=is_other, needs_code=needs_code)


def _join_as_new(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    needs_code = not invitation.is_vouched
    form = NewAccountForm(request.POST or None, needs_code=needs_code, email=invitation.email)
    if form.is_valid():
        try:
            user = invitations.accept_as_new(token, now=timezone.now(), **form.cleaned_data)
        except CodeWrong as error:
            form.add_error("code", _words_of(error))
        except AccountExists:
            form.add_error(None, _("You have an account with this address already. Sign in with it to join."))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            known = authenticate(request, email=user.email, password=form.cleaned_data["password"])
            if known is not None:
                login(request, known)
            return redirect("start")
    return _page(request, invitation, form, is_new=True, needs_code=needs_code)


def _mail_another_code(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Mail a new code to the invited address, and say so: who has an account makes no difference."""
    try:
        code = invitation_codes.renew(invitation, token=token)
        if can_mail():
            invitation_mail.send_code(Invited(invitation, token, code))
        messages.success(request, _("A new code is on its way to %(email)s.") % {"email": invitation.email})
    except CodesUsedUp:
        messages.error(request, _("No more codes can be sent. Ask the owner of the business for a new invitation."))
    except OSError as error:  # SMTPException is a subclass
        logger.warning("invitation %s: no code could be mailed: %s", invitation.pk, type(error).__name__)
        messages.error(request, _("The mail could not be sent. Try again in a few minutes."))
    return redirect("join", token=token)


def _words_of(error: CodeWrong) -> str:
    if error.spent:
        return _("This code was tried too often. Ask for a new one.")
    return _("This is not the code from the newest email.")


def _page(request: HttpRequest, invitation: Invitation, form: forms.Form, **more: bool) -> HttpResponse:
    context = {"invitation": invitation, "form": form, "can_mail": can_mail(), **more}
    return render(request, "pages/invitation.html", context, status=422 if form.errors else 200)
