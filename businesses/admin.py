"""The admin's pages of businesses, members, people and phone numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses import admin_calendar, admin_hours, audit  # noqa: F401 - importing them registers their pages
from businesses.admin_forms import BusinessForm, PhoneNumberForm
from businesses.audit import AuditKind
from businesses.errors import MembershipGone
from businesses.fence import filters
from businesses.fence.fenced_admin import OWNERS, FencedAdmin, FencedInline, is_operator
from businesses.fence.fenced_inline import FencedFormSet
from businesses.fence.sections import Section
from businesses.forms.settings_form import SECTIONS
from businesses.membership import remove_member, save_membership
from businesses.models import (
    AuditEntry,
    Business,
    DailyLimits,
    Invitation,
    Limit,
    Membership,
    Permission,
    PhoneNumber,
    User,
)
from businesses.registration import assign_number, remove_number, save_business

__all__ = ["admin_calendar"]

if TYPE_CHECKING:
    from django.contrib.admin.options import InlineModelAdmin

    _UserAdmin = DjangoUserAdmin[User]
else:
    _UserAdmin = DjangoUserAdmin

filters.register()
admin.site.unregister(Group)  # groups carry Django's permissions, which nothing here reads
# allauth's own admin pages aren't fenced, and a second factor's secret is private: `manage.py reset_second_factor`.
admin.site.unregister([EmailAddress, Authenticator, UserSession])


class PhoneNumberInline(FencedInline):
    """The numbers that callers dial: owners read them, operators assign them."""

    model = PhoneNumber
    form = PhoneNumberForm
    view_roles = OWNERS


class DailyLimitsFormSet(FencedFormSet):
    """The limits' form: the relation has no name on the business's side, so the prefix is given here."""

    @classmethod
    def get_default_prefix(cls) -> str:
        """Returns the prefix of the form's fields."""
        return "daily_limits"


class DailyLimitsInline(FencedInline):
    """What a business may use in a day: owners read it, operators set it."""

    model = DailyLimits
    formset = DailyLimitsFormSet
    view_roles = OWNERS
    extra = 1


def _sections() -> Iterator[tuple[Any, Any]]:
    """Returns the sections of the web's settings page, with the greeting's recording below its text."""
    for _key, heading, intro, names in SECTIONS:
        fields = [
            each for name in names for each in ((name, "greeting_recording") if name == "greeting_text" else (name,))
        ]
        yield heading, {"fields": fields, "description": intro}


@admin.register(Business)
class BusinessAdmin(FencedAdmin):
    """A business's settings on one page."""

    section = Section.BUSINESS
    about = _("Greeting, voice, what the assistant knows, and when callers may interrupt it.")
    view_roles = OWNERS
    change_roles = OWNERS
    form = BusinessForm
    inlines: ClassVar[list[type[InlineModelAdmin[Any, Any]]]] = [PhoneNumberInline, DailyLimitsInline]
    list_display = ("name", "slug", "language", "is_active")
    list_filter = ("is_active", "language")
    search_fields = ("name", "slug")
    operator_fields = ("slug", "is_active", "max_concurrent_calls", "minutes_left", "dial_countries")
    fieldsets = (
        *_sections(),
        (_("What your operator decides"), {"fields": operator_fields}),
    )

    def web_page(self, obj: Business) -> str:
        """Returns the address of the business's home page."""
        return reverse("home", args=[obj.slug])

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Returns the fields that only operators change; owners read them."""
        return ("greeting_recording", *(() if is_operator(request) else self.operator_fields))

    @admin.display(description=_("recording of the greeting"))
    def greeting_recording(self, business: Business) -> str:
        """Returns the greeting as callers hear it, by the same partial template as the settings page."""
        is_new = business._state.adding
        return render_to_string("admin/greeting_recording.html", {"slug": "" if is_new else business.slug})

    def save_model(self, request: HttpRequest, obj: Business, form: BusinessForm, change: bool) -> None:
        """Save what was changed, and warn of settings that are allowed but probably a mistake."""
        save_business(obj, changed=form.changed_data if change else None)
        for sentence in obj.advice():
            messages.warning(request, sentence)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows below the business; new limits are written to its audit log."""
        super().save_formset(request, form, formset, change)
        if formset.model is DailyLimits and formset.has_changed():
            limits = DailyLimits.objects.filter(business=form.instance).first()
            allowed = {limit.value: getattr(limits, limit.value, None) for limit in Limit}
            shown = {name: None if most is None else str(most) for name, most in allowed.items()}
            audit.record(form.instance, AuditKind.LIMITS_CHANGED, limits=shown)


@admin.register(Membership)
class MembershipAdmin(FencedAdmin):
    """Memberships: owners see them, operators change them."""

    section = Section.BUSINESS
    about = _("Who may see calls and send messages. Invite people on the web pages.")
    view_roles = OWNERS
    list_display = ("user", "role")
    list_filter = ("role",)
    list_select_related = ("user", "business")
    search_fields = ("user__email",)
    autocomplete_fields = ("user", "business")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Person and business can't be changed: end the membership and create another one.

        What staff may do is chosen on the members' page, which also writes the audit log.
        """
        return (*(("user", "business") if obj else ()), *Permission.values)

    def web_page(self, obj: Membership) -> str:
        """Returns the address of the page on which owners invite people and change roles."""
        return reverse("members", args=[obj.business.slug])

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Save the membership; owners gain access to the admin, and those who stop being owners lose it."""
        try:
            save_membership(obj)
        except MembershipGone:
            messages.error(request, _("%(person)s is no longer a member.") % {"person": obj.user})

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Delete a membership; a person who owns no other business loses access to the admin."""
        remove_member(obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Membership]) -> None:
        """Delete the selected memberships one by one, so that each one's access to the admin is updated."""
        for membership in queryset.select_related("user"):
            remove_member(membership)


@admin.register(Invitation)
class InvitationAdmin(FencedAdmin):
    """Open and past invitations; owners create them on the members' page."""

    section = Section.BUSINESS
    about = _("Who has been invited and has not joined yet.")
    records = True
    view_roles = OWNERS
    list_display = ("email", "role", "expires_at")
    list_filter = ("role",)
    list_select_related = ("business",)
    fields = ("email", "business", "role", "invited_by", "created_at", "expires_at")

    def web_page(self, obj: Invitation) -> str:
        """Returns the address of the page on which an invitation can be withdrawn."""
        return reverse("members", args=[obj.business.slug])


@admin.register(AuditEntry)
class AuditEntryAdmin(FencedAdmin):
    """The audit log. Owners and operators read it; nobody changes or deletes an entry."""

    section = Section.BUSINESS
    about = _("Who did what, when and from where.")
    records = True
    view_roles = OWNERS
    list_display = ("at", "kind", "person_name", "address")
    list_filter = ("kind",)
    list_select_related = ("business",)
    search_fields = ("person_name",)
    fields = ("at", "kind", "business", "person_name", "address", "details")

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Refuse, also to operators."""
        return False

    def web_page(self, obj: AuditEntry) -> str:
        """Returns the address of the page that tells entries in words."""
        return reverse("audit", args=[obj.business.slug])


@admin.register(PhoneNumber)
class PhoneNumberAdmin(FencedAdmin):
    """Every number of the installation, for operators."""

    about = _("Which business answers which number.")
    form = PhoneNumberForm
    list_display = ("number", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("business",)
    search_fields = ("number", "business__name")
    autocomplete_fields = ("business",)

    def save_model(self, request: HttpRequest, obj: PhoneNumber, form: Any, change: bool) -> None:
        """Assign the number, and note it in the audit logs of the businesses that it leaves and joins."""
        assign_number(obj)

    def delete_model(self, request: HttpRequest, obj: PhoneNumber) -> None:
        """Take the number away."""
        remove_number(obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[PhoneNumber]) -> None:
        """Take the numbers away one by one, each with its entry."""
        for number in queryset.select_related("business"):
            remove_number(number)


@admin.register(User)
class UserAdmin(FencedAdmin, _UserAdmin):
    """People, for operators. Roles are memberships; Django's groups and permissions are left out."""

    about = _("Who can sign in at all. What they may do depends on their memberships.")
    form = UserChangeForm
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_superuser", "is_active")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined", "email_proved_at")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "email_proved_at")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the person. Operators vouch for the addresses that they enter."""
        if not change:
            obj.email_proved_at = timezone.now()
        super().save_model(request, obj, form, change)
