"""Making access tokens of the API, and taking them back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from businesses import api_tokens
from businesses.errors import TooManyTokens
from businesses.models import ApiToken
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.integrations import overview
from businesses.pages.token_form import TokenForm


@business_page(section="integrations", roles=OWNERS, action_of="integrations")
def make(request: PageRequest) -> HttpResponse:
    """Make a token. It is in this answer only."""
    form = TokenForm(request.POST)
    if form.is_valid():
        try:
            _row, token = api_tokens.make(
                request.business,
                name=form.cleaned_data["name"],
                may_write=form.cleaned_data["may_write"],
                by=request.user,
                now=timezone.now(),
            )
        except TooManyTokens as refused:
            form.add_error(None, _("There can be %(most)s access tokens. Revoke one first.") % {"most": refused.most})
        else:
            return overview(request, token=token)
    return overview(request, token_form=form, status=422)


@business_page(section="integrations", roles=OWNERS, action_of="integrations")
def revoke(request: PageRequest, token_id: UUID) -> HttpResponse:
    """Take a token back."""
    api_tokens.revoke(get_object_or_404(ApiToken.objects.select_related("business"), pk=token_id))
    messages.success(request, _("The access token is revoked."))
    return redirect("integrations", slug=request.business.slug)
