"""The fence of the Django admin: memberships decide who sees and changes which rows.

Django's permission tables are not read. A model's admin says which roles may do what:

    @admin.register(Call)
    class CallAdmin(FencedAdmin):
        view_roles = MEMBERS

and gets list, search, filters, forms, dropdowns, autocomplete, history and actions that know only the
rows of businesses where the person has such a role. Operators (superusers) see every row. A model
without a `business` field is for operators only. Don't use `raw_id_fields` (they show the name of any
id that is posted) or `list_editable` (it asks for a role in any business, not in the row's).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import NestedObjects
from django.core.exceptions import FieldDoesNotExist
from django.db import models, router
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_form import FencedForm
from businesses.fence.fenced_inline import FencedFormSet, business_of
from businesses.fence.search import SearchingSelect
from businesses.fence.sections import Section
from businesses.forms.plain_words import speak_plainly
from businesses.models import Business, Role, User

if TYPE_CHECKING:
    from django.contrib.admin.options import BaseModelAdmin, _ListFilterT
    from django.db.models.fields.related import RelatedField
    from django.utils.functional import _StrPromise

    _Base = BaseModelAdmin[Any]
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _Base, _ModelAdmin, _TabularInline = object, admin.ModelAdmin, admin.TabularInline

Roles = frozenset[Role]
MEMBERS: Roles = frozenset({Role.OWNER, Role.STAFF})
OWNERS: Roles = frozenset({Role.OWNER})
NOBODY: Roles = frozenset()
"""Operators only."""
LABELS = {"business": _("business")}


def is_operator(request: HttpRequest) -> bool:
    """Whether the person runs the installation."""
    return isinstance(request.user, User) and request.user.is_superuser


def business_ids(request: HttpRequest, roles: Roles) -> set[UUID]:
    """The businesses where the signed-in person has one of these roles."""
    return request.user.business_ids(roles) if isinstance(request.user, User) else set()


def business_lookup(model: type[models.Model]) -> str | None:
    """The lookup that leads from a model to its business, or None for a model of the whole installation."""
    if model is Business:
        return "pk"
    try:
        model._meta.get_field("business")
    except FieldDoesNotExist:
        return None
    return "business"


def fence_in(rows: models.QuerySet[Any], businesses: set[UUID]) -> models.QuerySet[Any]:
    """Keep the rows of these businesses; none of a model of the whole installation."""
    lookup = business_lookup(rows.model)
    return rows.filter(**{f"{lookup}__in": businesses}) if lookup else rows.none()


def column(name: str, label: _StrPromise | str) -> Callable[[Any], object]:
    """A list's column of a field, with a heading of its own."""

    @admin.display(description=label, ordering=name)
    def show(row: Any) -> object:
        in_words = getattr(row, f"get_{name}_display", None)
        return in_words() if in_words else getattr(row, name)

    show.__name__ = name
    return show


class Fence(_Base):
    """What `FencedAdmin` and `FencedInline` share: roles instead of Django's permissions."""

    view_roles: ClassVar[Roles] = NOBODY
    add_roles: ClassVar[Roles] = NOBODY
    change_roles: ClassVar[Roles] = NOBODY
    delete_roles: ClassVar[Roles] = NOBODY
    form: Any = FencedForm
    labels: ClassVar[dict[str, _StrPromise]] = {}
    """What fields are called whose model gives them no name for people."""
    records: ClassVar[bool] = False
    """Rows that the system writes: operators too only read and delete them."""

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether the person sees this row, or any row."""
        return self._allowed(request, self.view_roles | self.change_roles, obj)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether the person may add rows (`obj`: to this parent of an inline)."""
        return not self.records and self._allowed(request, self.add_roles, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether the person may change this row, or any row."""
        return not self.records and self._allowed(request, self.change_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether the person may delete this row, or any row."""
        return self._allowed(request, self.delete_roles, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the person finds the model on the start page."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    def _allowed(self, request: HttpRequest, roles: Roles, obj: models.Model | None) -> bool:
        if is_operator(request):
            return True
        businesses = business_ids(request, roles)
        if obj is None:
            return bool(businesses)
        return business_of(obj) in businesses

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows that the person may see."""
        rows = super().get_queryset(request)
        if is_operator(request):
            return rows
        return fence_in(rows, business_ids(request, self.view_roles | self.change_roles))

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        """Let every field say in plain words what may be written in it."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            speak_plainly(field, db_field)
        return field

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any], request: HttpRequest, **options: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Let an empty field that searches say what to do: it has no other text for a screen reader."""
        if db_field.name in self.get_autocomplete_fields(request) and "widget" not in options:
            options["widget"] = SearchingSelect(db_field, self.admin_site, using=options.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_field_queryset(
        self, db: str | None, db_field: RelatedField[Any, Any], request: HttpRequest
    ) -> models.QuerySet[Any]:
        """What a dropdown offers: rows of the businesses where the person may write."""
        offered = super().get_field_queryset(db, db_field, request)
        if offered is None:
            offered = db_field.remote_field.model._default_manager.using(db)
        if is_operator(request):
            return offered
        return fence_in(offered, business_ids(request, self.add_roles | self.change_roles))


class FencedAdmin(Fence, _ModelAdmin):
    """The base class of every registered model's admin."""

    section: ClassVar[Section] = Section.INSTALLATION
    about: ClassVar[_StrPromise | str] = ""
    """What the page is for, as its people read it on the start page and where the list is empty."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model:
        """Find a row by its address; one that isn't there and one that isn't yours are the same 404."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found  # type: ignore[no-any-return]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """List what goes with a row. A row of others that points here would be named: then nothing is deleted."""
        gathered = NestedObjects(using=router.db_for_write(self.model))
        gathered.collect(objs)
        rows = [*gathered.protected, *(row for found in gathered.data.values() for row in found)]
        own = business_ids(request, MEMBERS)
        if not is_operator(request) and any(getattr(row, "business_id", None) not in {None, *own} for row in rows):
            return [], {}, set(), [_("What belongs to it is not yours to delete. Ask your operator.")]
        return super().get_deleted_objects(objs, request)

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The row's page on the web. Django's own way there finds any row by its id, past the fence."""
        return None if obj is None else self.web_page(obj)

    def web_page(self, obj: Any) -> str | None:
        """The address of the row's page on the web, if it has one."""
        return None

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """A row stays with its business: what points to it would be left behind."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "business"] if obj and self._has_business() else fixed

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the business where there is only one to choose."""
        own = business_ids(request, self.add_roles)
        chosen = {"business": own.pop()} if len(own) == 1 and not is_operator(request) else {}
        return {**chosen, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Call the fields what people call them."""
        return super().get_form(request, obj, change=change, **{"labels": {**LABELS, **self.labels}, **options})

    def get_list_display(self, request: HttpRequest) -> Any:
        """Say whose each row is to those who see several businesses' rows, and only to them."""
        names = list(super().get_list_display(request))
        if self._has_business() and self._sees_several(request):
            names.append("business")
        called = {**LABELS, **self.labels}
        return [column(name, called[name]) if name in called else name for name in names]

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """Read what the columns point to with the rows, and their businesses."""
        chosen = super().get_list_select_related(request)
        named = [*(chosen if isinstance(chosen, list | tuple) else ()), *self.list_display]
        related = {field.name for field in self.model._meta.concrete_fields if field.is_relation}
        return [*related.intersection({*named, *(["business"] if self._has_business() else [])})]

    def get_list_filter(self, request: HttpRequest) -> list[_ListFilterT]:
        """Let filters by a relation offer what the visible rows point to; Django's offer every row."""
        named = list(super().get_list_filter(request))
        if self._has_business() and "business" not in named:
            named.append("business")  # Django leaves out a filter with a single choice
        return [
            (item, admin.RelatedOnlyFieldListFilter) if isinstance(item, str) and self._is_relation(item) else item
            for item in named
        ]

    def _has_business(self) -> bool:
        return business_lookup(self.model) == "business"

    def _sees_several(self, request: HttpRequest) -> bool:
        return is_operator(request) or len(business_ids(request, self.view_roles | self.change_roles)) > 1

    def _is_relation(self, lookup: str) -> bool:
        model: Any = self.model
        for name in lookup.split("__"):
            field = model._meta.get_field(name)
            model = field.related_model
        return bool(field.is_relation)


class FencedInline(Fence, _TabularInline):
    """The base class of a table inside another model's page; `obj` of its permissions is that page's row."""

    extra = 0
    formset = FencedFormSet
    page_of: UUID | None = None
    """The business of the page's row, once there is one. Django makes an inline anew for each request."""

    def get_formset(self, request: HttpRequest, obj: models.Model | None = None, **options: Any) -> Any:
        """Remember whose page it is."""
        self.page_of = business_of(obj)
        return super().get_formset(request, obj, **{"labels": {**LABELS, **self.labels}, **options})

    def get_field_queryset(
        self, db: str | None, db_field: RelatedField[Any, Any], request: HttpRequest
    ) -> models.QuerySet[Any]:
        """Offer rows of that business."""
        offered = super().get_field_queryset(db, db_field, request)
        return fence_in(offered, {self.page_of}) if self.page_of and business_lookup(offered.model) else offered
