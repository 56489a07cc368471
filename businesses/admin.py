"""The admin's pages of businesses, members, people and phone numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from businesses.admin_fence import OWNERS, FencedAdmin, FencedInline, is_operator
from businesses.admin_forms import BusinessForm, PhoneNumberForm
from businesses.membership import remove_member, save_membership
from businesses.models import Business, Invitation, Membership, PhoneNumber, User
from businesses.registration import save_business

if TYPE_CHECKING:
    from django.contrib.admin.options import InlineModelAdmin

    _UserAdmin = DjangoUserAdmin[User]
else:
    _UserAdmin = DjangoUserAdmin

admin.site.unregister(Group)  # groups carry Django's permissions, which nothing here reads
# allauth's own pages know no fence, and a second factor's secret is nobody else's. `manage.py reset_second_factor`.
admin.site.unregister([EmailAddress, Authenticator])


class PhoneNumberInline(FencedInline):
    """The numbers that callers dial: owners read them, operators assign them."""

    model = PhoneNumber
    form = PhoneNumberForm
    view_roles = OWNERS


@admin.register(Business)
class BusinessAdmin(FencedAdmin):
    """A business's settings on one page."""

    view_roles = OWNERS
    change_roles = OWNERS
    form = BusinessForm
    inlines: ClassVar[list[type[InlineModelAdmin[Any, Any]]]] = [PhoneNumberInline]
    list_display = ("name", "slug", "language", "is_active")
    list_filter = ("is_active", "language")
    search_fields = ("name", "slug")
    operator_fields = ("slug", "is_active", "max_concurrent_calls", "minutes_left")
    fieldsets = (
        (None, {"fields": ("name", "language", "time_zone")}),
        (_("Greeting"), {"fields": ("greeting_text", "assistant_speaks_first", "first_utterance_protection")}),
        (_("Assistant"), {"fields": ("voice", "instructions", "opening_hours")}),
        (
            _("Interruptions"),
            {
                "fields": (
                    "barge_in_enabled",
                    "resume_after_false_barge_in",
                    "backchannels_interrupt",
                    "barge_in_voice_frames",
                    "barge_in_debounce_ms",
                    "barge_in_grace_ms",
                    "server_vad_threshold",
                    "echo_gate_min_rms",
                ),
                "description": _(
                    "The values suit most phone lines. Change one at a time, and call to hear the effect."
                ),
            },
        ),
        (_("Recording"), {"fields": ("record_calls", "recordings_kept_days")}),
        (_("Phone and limits"), {"fields": ("fallback_number", "max_call_minutes", *operator_fields)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Let owners read what only operators change."""
        return () if is_operator(request) else self.operator_fields

    def save_model(self, request: HttpRequest, obj: Business, form: BusinessForm, change: bool) -> None:
        """Save what was changed, and say what is seldom meant."""
        save_business(obj, changed=form.changed_data if change else None)
        for sentence in obj.advice():
            messages.warning(request, sentence)


@admin.register(Membership)
class MembershipAdmin(FencedAdmin):
    """Who belongs to a business: owners see it, operators change it."""

    view_roles = OWNERS
    list_display = ("user", "business", "role")
    list_filter = ("business", "role")
    list_select_related = ("user", "business")
    search_fields = ("user__email",)
    autocomplete_fields = ("user", "business")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """A membership stays with its person and business: end it and make another instead."""
        return ("user", "business") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Owners may enter the admin from now on, others not."""
        save_membership(obj)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Who owns nothing any more leaves the admin."""
        remove_member(obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Membership]) -> None:
        """Delete the marked ones one by one, for the same reason."""
        for membership in queryset.select_related("user"):
            remove_member(membership)


@admin.register(Invitation)
class InvitationAdmin(FencedAdmin):
    """Who is invited: owners make invitations on the members' page."""

    records = True
    view_roles = OWNERS
    list_display = ("email", "business", "role", "expires_at")
    list_filter = ("role",)
    list_select_related = ("business",)
    fields = ("email", "business", "role", "invited_by", "created_at", "expires_at")


@admin.register(PhoneNumber)
class PhoneNumberAdmin(FencedAdmin):
    """Every number of the installation, for operators."""

    form = PhoneNumberForm
    list_display = ("number", "business", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("business",)
    search_fields = ("number", "business__name")
    autocomplete_fields = ("business",)


@admin.register(User)
class UserAdmin(FencedAdmin, _UserAdmin):
    """People, for operators. Roles are memberships; Django's groups and permissions are left out."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_superuser", "is_active")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)
