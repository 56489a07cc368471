"""Contacts, their tags, and the addresses that must not be messaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BaseModelFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin, FencedInline, is_operator
from businesses.fence.fenced_form import FencedForm
from businesses.fence.fenced_inline import business_of
from businesses.fence.sections import Section
from businesses.models import Permission, User
from businesses.permissions import businesses_where
from whatsapp.models import (
    Consent,
    ConsentChange,
    Contact,
    ContactTag,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    Tag,
    TieSource,
)
from whatsapp.people import consent, suppressions, ties
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.people.ties import Tie

if TYPE_CHECKING:
    from django.contrib.admin.options import InlineModelAdmin


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _may_lift(request: HttpRequest, row: models.Model | None) -> bool:
    """Returns whether the person may lift opt-outs in the row's business; without a row: in any business."""
    person = _person(request)
    if person is None or is_operator(request):
        return person is not None
    allowed = businesses_where(person, Permission.LIFT_OPT_OUTS)
    return bool(allowed) if row is None else business_of(row) in allowed


class ContactForm(FencedForm):
    """A contact; the number may be written in local form."""

    instance: Contact

    phone = forms.CharField(label=_("phone number"), required=False, max_length=40)

    class Meta:
        model = Contact
        fields = ("business", "phone", "bsuid", "name", "language", "attributes", "consent", "consent_source")

    def clean(self) -> dict[str, Any]:
        """Turn the number into E.164 and require an address; an empty one becomes NULL."""
        values = super().clean() or {}
        business = values.get("business") or (self.instance.business if self.instance.business_id else None)
        if values.get("phone") and business:
            try:
                values["phone"] = to_e164(values["phone"], region_of(business)).e164
            except NotANumber as error:
                raise ValidationError({"phone": str(error)}) from None
        values["phone"], values["bsuid"] = values.get("phone") or None, values.get("bsuid") or None
        if not values["phone"] and not values["bsuid"]:
            raise ValidationError(_("A contact needs a phone number or a WhatsApp user id."))
        return values


class ContactTagInline(FencedInline):
    """The contact's tags."""

    model = ContactTag
    fields = ("tag",)
    labels: ClassVar[dict[str, Any]] = {"tag": _("tag")}
    view_roles = add_roles = change_roles = delete_roles = MEMBERS


@admin.register(Contact)
class ContactAdmin(FencedAdmin):
    """The contacts of a business."""

    form = ContactForm
    section = Section.PEOPLE
    about = _("The people you know: number, language, tags, and whether they agreed to receive messages.")
    view_roles = add_roles = change_roles = delete_roles = MEMBERS
    inlines: ClassVar[list[type[InlineModelAdmin[Any, Any]]]] = [ContactTagInline]
    list_display = ("__str__", "phone", "language", "consent", "last_inbound_at", "created_at")
    labels: ClassVar[dict[str, Any]] = {"created_at": _("created"), "consent_changed_at": _("consent changed")}
    list_filter = ("consent", "language", "tags")
    search_fields = ("name", "phone", "bsuid")
    show_full_result_count = False
    readonly_fields = ("last_inbound_at", "consent_changed_at", "created_at")

    def web_page(self, obj: Contact) -> str:
        """Returns the address of the contact's page, which also shows the messages."""
        return reverse("contact", args=[obj.business.slug, obj.pk])

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person may change it; the consent of who has withdrawn it needs a permission."""
        return super().has_change_permission(request, obj) and self._is_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person may delete it; a withdrawn consent would be forgotten with it."""
        return super().has_delete_permission(request, obj) and self._is_open(request, obj)

    def _is_open(self, request: HttpRequest, obj: models.Model | None) -> bool:
        has_withdrawn = isinstance(obj, Contact) and obj.consent == Consent.WITHDRAWN
        return not has_withdrawn or _may_lift(request, obj)

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        """Record a change of consent with its time."""
        now = timezone.now()
        has_changed = "consent" in form.changed_data
        if has_changed:
            obj.consent_changed_at = now
        super().save_model(request, obj, form, change)
        if obj.phone and obj.bsuid:
            ties.learn(obj.business, [Tie(obj.phone, obj.bsuid, TieSource.CONTACT)], now=now)
        if has_changed:
            step = consent.STEP_OF[Consent(obj.consent)]
            consent.note(obj.business, [obj.address], step, source=obj.consent_source, now=now, by=_person(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: BaseModelFormSet[Any, Any], change: bool) -> None:
        """Save the tags with the contact's business."""
        for added in formset.save(commit=False):
            added.business_id = form.instance.business_id
            added.save()
        for removed in formset.deleted_objects:
            removed.delete()


@admin.register(ConsentChange)
class ConsentChangeAdmin(FencedAdmin):
    """The history of consents and opt-outs, newest first."""

    records = True
    section = Section.PEOPLE
    about = _("Who agreed to receive messages or opted out, when, and how.")
    view_roles = MEMBERS
    labels: ClassVar[dict[str, Any]] = {"source_in_words": _("source")}
    list_display = ("at", "address", "what", "source_in_words", "by")
    list_filter = ("what",)
    list_select_related = ("by",)
    search_fields = ("address",)
    show_full_result_count = False


@admin.register(Tag)
class TagAdmin(FencedAdmin):
    """The tags by which a business groups its contacts."""

    section = Section.PEOPLE
    about = _("Words that group your contacts, so that you can write to one group.")
    view_roles = add_roles = change_roles = delete_roles = MEMBERS
    list_display = ("name", "people")
    list_select_related = ("business",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Tag]:
        """Count the contacts of each tag in the same query."""
        rows: models.QuerySet[Tag] = super().get_queryset(request)
        return rows.annotate(number=models.Count("contact_tags"))

    @admin.display(description=_("contacts"), ordering="number")
    def people(self, tag: Tag) -> int:
        """Returns the number of contacts with the tag."""
        number: int = tag.number  # type: ignore[attr-defined] # annotated above
        return number


class SuppressionForm(FencedForm):
    """An address that must not be messaged; a number may be written in local form."""

    class Meta:
        model = Suppression
        fields = ("business", "address", "category", "note")

    def clean(self) -> dict[str, Any]:
        """Turn a number into E.164."""
        values = super().clean() or {}
        address, business = values.get("address", ""), values.get("business")
        if address and business and not is_bsuid(address):
            try:
                values["address"] = to_e164(address, region_of(business)).e164
            except NotANumber as error:
                raise ValidationError({"address": str(error)}) from None
        return values


@admin.register(Suppression)
class SuppressionAdmin(FencedAdmin):
    """Addresses that must not be messaged. Staff add and remove entries; nobody edits them."""

    form = SuppressionForm
    section = Section.PEOPLE
    about = _("Numbers that get no broadcasts, and since when.")
    view_roles = add_roles = delete_roles = MEMBERS
    list_display = ("address", "category", "source", "created_at")
    list_filter = ("category", "source")
    search_fields = ("address", "note")
    show_full_result_count = False

    def web_page(self, obj: Suppression) -> str:
        """Returns the address of the same list on the web pages."""
        return reverse("suppressions", args=[obj.business.slug])

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns False: an entry is removed and added again instead."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person may remove the entry: staff only if an owner lets them."""
        return super().has_delete_permission(request, obj) and _may_lift(request, obj)

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """Suppress the address at once, in broadcasts under way too."""
        suppressions.suppress(
            obj.business,
            obj.address,
            category=SuppressionCategory(obj.category),
            source=SuppressionSource.STAFF,
            now=timezone.now(),
            note=obj.note,
            by=_person(request),
        )
        obj.pk = Suppression.objects.get(business=obj.business, address=obj.address, category=obj.category).pk

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        """Remove the entry, so that the address may be messaged again."""
        suppressions.lift(
            obj.business,
            obj.address,
            now=timezone.now(),
            categories=[SuppressionCategory(obj.category)],
            consent=Consent.UNKNOWN,
            source=SuppressionSource.STAFF,
            by=_person(request),
        )

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Suppression]) -> None:
        """Remove the marked entries one by one, each with its history."""
        for suppression in queryset.select_related("business"):
            self.delete_model(request, suppression)
