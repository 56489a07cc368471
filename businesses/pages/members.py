"""The members' page, for owners: roles, invitations, and ending memberships."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses import invitation_mail, invitations, membership
from businesses.audit import AuditKind, record
from businesses.errors import InvitationsUsedUp, LastOwner, MembershipGone
from businesses.invitations import Invited
from businesses.mail import can_mail
from businesses.models import Business, Invitation, Membership, Permission, Role
from businesses.pages.access import OWNERS, PageRequest, business_page

if TYPE_CHECKING:
    _BusinessForm = forms.ModelForm[Business]
    _MembershipForm = forms.ModelForm[Membership]
else:
    _MembershipForm = forms.ModelForm
    _BusinessForm = forms.ModelForm

logger = logging.getLogger(__name__)


class InvitationForm(forms.Form):
    """The email address and the role of an invitation."""

    email = forms.EmailField(label=gettext_lazy("Email address"), widget=forms.EmailInput(attrs={"dir": "ltr"}))
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.STAFF)


class PermissionsForm(_MembershipForm):
    """What a member of staff may do beyond their role."""

    class Meta:
        model = Membership
        fields = Permission.values

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.auto_id = f"{self.instance.pk}-%s"


class SecondFactorForm(_BusinessForm):
    """Who must sign in with a second factor."""

    class Meta:
        model = Business
        fields = ("second_factor",)


@require_safe
@business_page(section="members", roles=OWNERS)
def members(request: PageRequest) -> HttpResponse:
    """Show members and open invitations."""
    return _page(request, InvitationForm())


@business_page(section="members", roles=OWNERS, action_of="members")
def invite(request: PageRequest) -> HttpResponse:
    """Send an invitation by mail. Its link is on the page: whoever has an account can join by it without the mail."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        invited = invitations.invite(
            request.business,
            email=form.cleaned_data["email"],
            role=Role(form.cleaned_data["role"]),
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, form, status=422)
    except InvitationsUsedUp:
        form.add_error(None, _("This business has reached its limit of invitations for today. Try again tomorrow."))
        return _page(request, form, status=429)
    _tell(request, invited, was_mailed=_mail(invited, _link(invited.token)))
    members_page = reverse("members", kwargs={"slug": request.business.slug})
    return redirect(f"{members_page}?invited={invited.invitation.pk}#invitations")


@business_page(section="members", roles=OWNERS, action_of="members")
def change_role(request: PageRequest, membership_id: UUID) -> HttpResponse:
    """Give a member another role."""
    member = get_object_or_404(Membership, pk=membership_id)
    try:
        membership.change_role(member, Role.OWNER if request.POST.get("role") == Role.OWNER else Role.STAFF)
    except LastOwner:
        messages.error(request, _("A business needs an owner. Make somebody else owner first."))
    except MembershipGone:
        messages.error(request, _("%(person)s is no longer a member.") % {"person": member.user})
    return redirect("members", slug=request.business.slug)


@business_page(section="members", roles=OWNERS, action_of="members")
def allow(request: PageRequest, membership_id: UUID) -> HttpResponse:
    """Store what a member of staff may do beyond their role: what is ticked, and nothing else."""
    member = get_object_or_404(Membership, pk=membership_id)
    form = PermissionsForm(request.POST, instance=member)
    form.full_clean()  # of ticked boxes: there is nothing to refuse
    try:
        membership.allow(member, [each for each in Permission if form.cleaned_data[each.value]])
    except MembershipGone:
        messages.error(request, _("%(person)s is no longer a member of staff.") % {"person": member.user})
    else:
        messages.success(request, _("Saved."))
    return redirect("members", slug=request.business.slug)


@business_page(section="members", roles=OWNERS, action_of="members")
def remove(request: PageRequest, membership_id: UUID) -> HttpResponse:
    """End a membership."""
    member = get_object_or_404(Membership, pk=membership_id)
    try:
        membership.end_membership(member)
    except LastOwner:
        messages.error(request, _("A business needs an owner. Make somebody else owner first."))
        return redirect("members", slug=request.business.slug)
    messages.success(request, _("%(person)s is no longer a member.") % {"person": member.user})
    if member.user_id == request.user.pk:
        return redirect("start")
    return redirect("members", slug=request.business.slug)


@business_page(section="members", roles=OWNERS, action_of="members")
def withdraw(request: PageRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation; its link stops working."""
    invitations.withdraw(get_object_or_404(Invitation, pk=invitation_id))
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("members", slug=request.business.slug)


@business_page(section="members", roles=OWNERS, action_of="members")
def demand_second_factor(request: PageRequest) -> HttpResponse:
    """Set who must sign in with a second factor."""
    before = request.business.second_factor
    form = SecondFactorForm(request.POST, instance=Business.objects.get(pk=request.business.pk))
    if form.is_valid():
        business = form.save(commit=False)
        with transaction.atomic():
            business.save(update_fields=["second_factor"])
            record(business, AuditKind.SECOND_FACTOR_DEMANDED, before=before, after=business.second_factor)
        messages.success(request, _("Saved."))
    return redirect("members", slug=request.business.slug)


@dataclass(frozen=True, slots=True)
class Pending:
    """An open invitation as the page shows it; `link` is empty where it can't be shown."""

    invitation: Invitation
    link: str
    is_new: bool


def _pending(request: PageRequest) -> list[Pending]:
    asked = request.GET.get("invited", "")
    found = Invitation.objects.filter(business=request.business, expires_at__gt=timezone.now())
    tokens = [(each, invitations.token_for(each, request.user)) for each in found]
    return [Pending(each, _link(token) if token else "", str(each.pk) == asked) for each, token in tokens]


def _link(token: str) -> str:
    return settings.PUBLIC_URL + reverse("join", args=[token])


def _tell(request: PageRequest, invited: Invited, *, was_mailed: bool) -> None:
    """Say what became of an invitation."""
    if invited.invitation.is_vouched:
        messages.success(request, _("The invitation is ready. Its link is below."))
    elif was_mailed:
        messages.success(
            request, _("The invitation was sent by email, with a code for people who have no account yet.")
        )
    elif can_mail():
        messages.warning(request, _("The mail could not be sent. For new people, invite again in a few minutes."))
    else:
        messages.warning(request, _("The invitation is ready. This installation can't send mail: pass its link on."))
    if invited.replaced:
        messages.warning(request, _("This person had an earlier invitation. Its link no longer works."))


def _mail(invited: Invited, link: str) -> bool:
    if not can_mail():
        return False
    try:
        invitation_mail.send(invited, url=link)
    except OSError as error:  # SMTPException is a subclass
        logger.warning("invitation %s: the mail could not be sent: %s", invited.invitation.pk, type(error).__name__)
        return False
    return True


def _page(request: PageRequest, form: InvitationForm, *, status: int = 200) -> HttpResponse:
    members = Membership.objects.filter(business=request.business).select_related("user").order_by("user__email")
    context = {
        "members": members,
        "permissions": [PermissionsForm(instance=each) for each in members if each.role == Role.STAFF],
        "invitations": _pending(request),
        "form": form,
        "second_factor": SecondFactorForm(instance=request.business),
        "can_mail": can_mail(),
        "is_operator": request.user.is_superuser,
    }
    return render(request, "pages/members.html", context, status=status)
