"""The page of an invitation's link: join with an existing account or with a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate, login
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from businesses import invitations
from businesses.errors import InvitationInvalid
from businesses.models import Invitation, User


class NewAccountForm(forms.Form):
    """A new person's name and password; the email address is the invitation's."""

    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"})
    )

    def clean_password(self) -> Any:
        """Refuse weak passwords."""
        password = self.cleaned_data["password"]
        validate_password(password)
        return password


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation, and accept it on POST."""
    now = timezone.now()
    try:
        invitation = invitations.find(token, now=now)
        if isinstance(request.user, User):
            return _join_as(request, request.user, invitation, token)
        if User.objects.filter(email=invitation.email).exists():
            return redirect_to_login(request.get_full_path())
        return _join_as_new(request, invitation, token)
    except InvitationInvalid:
        return render(request, "pages/invitation_invalid.html", status=404)


def _join_as(request: HttpRequest, user: User, invitation: Invitation, token: str) -> HttpResponse:
    if request.method == "POST":
        business = invitations.accept(token, user, now=timezone.now())
        return redirect("home", slug=business.slug)
    is_other = user.email.lower() != invitation.email
    return render(request, "pages/invitation.html", {"invitation": invitation, "is_other": is_other})


def _join_as_new(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    form = NewAccountForm(request.POST or None)
    if form.is_valid():
        try:
            user = invitations.accept_as_new(token, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            known = authenticate(request, email=user.email, password=form.cleaned_data["password"])
            if known is not None:
                login(request, known)
            return redirect("start")
    context = {"invitation": invitation, "form": form, "is_new": True}
    return render(request, "pages/invitation.html", context, status=422 if form.errors else 200)
