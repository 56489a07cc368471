"""The fence of the Django admin: memberships decide who sees and changes which rows.

Django's permission tables are not read. A model's admin says which roles may do what:

    @admin.register(Call)
    class CallAdmin(FencedAdmin):
        view_roles = MEMBERS

and gets list, search, filters, forms, dropdowns, autocomplete, history and actions that contain only
rows of businesses where the person has such a role. Operators (superusers) see every row. A model
without a `business` field is for operators only. Don't use `raw_id_fields` (they show the name of any
id that is posted) or `list_editable` (it checks for a role in any business, not in the row's).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import NestedObjects
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db import models, router
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from businesses.fence.chosen_rows import keep_possible_keys
from businesses.fence.fenced_form import FencedForm
from businesses.fence.fenced_inline import FencedFormSet, business_of
from businesses.fence.search import SearchingSelect
from businesses.fence.sections import Section
from businesses.forms.plain_words import speak_plainly
from businesses.hidden import seen
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
    """Returns whether the person is an operator: a superuser, who runs the installation."""
    return isinstance(request.user, User) and request.user.is_superuser


def business_ids(request: HttpRequest, roles: Roles) -> set[UUID]:
    """Returns the businesses where the signed-in person has one of these roles."""
    return request.user.business_ids(roles) if isinstance(request.user, User) else set()


def business_lookup(model: type[models.Model]) -> str | None:
    """Returns the lookup from a model to its business, or None for a model of the whole installation."""
    if model is Business:
        return "pk"
    try:
        model._meta.get_field("business")
    except FieldDoesNotExist:
        return None
    return "business"


def fence_in(rows: models.QuerySet[Any], businesses: set[UUID]) -> models.QuerySet[Any]:
    """Returns the rows of these businesses; no rows for a model of the whole installation."""
    lookup = business_lookup(rows.model)
    return rows.filter(**{f"{lookup}__in": businesses}) if lookup else rows.none()


def column(name: str, label: _StrPromise | str) -> Callable[[Any], object]:
    """Returns a list column for a field, with its own heading."""

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
    """Labels of fields whose model has no readable name for them."""
    records: ClassVar[bool] = False
    """Rows that the system writes: even operators can only read and delete them."""

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person sees this row, or any row."""
        return self._allowed(request, self.view_roles | self.change_roles, obj)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person may add rows (`obj`: to this parent of an inline)."""
        return not self.records and self._allowed(request, self.add_roles, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person may change this row, or any row."""
        return not self.records and self._allowed(request, self.change_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Returns whether the person may delete this row, or any row."""
        return self._allowed(request, self.delete_roles, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Returns whether the start page lists the model for this person."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    def _allowed(self, request: HttpRequest, roles: Roles, obj: models.Model | None) -> bool:
        if is_operator(request):
            return True
        businesses = business_ids(request, roles)
        if obj is None:
            return bool(businesses)
        return business_of(obj) in businesses

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Returns the rows that the person may see."""
        rows = super().get_queryset(request)
        if is_operator(request):
            return seen(rows)
        return fence_in(rows, business_ids(request, self.view_roles | self.change_roles))

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        """Give every field plain words for what may be entered in it."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            speak_plainly(field, db_field)
        return field

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any], request: HttpRequest, **options: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Give an empty search field a placeholder: a screen reader has no other text for it."""
        if db_field.name in self.get_autocomplete_fields(request) and "widget" not in options:
            options["widget"] = SearchingSelect(db_field, self.admin_site, using=options.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_field_queryset(
        self, db: str | None, db_field: RelatedField[Any, Any], request: HttpRequest
    ) -> models.QuerySet[Any]:
        """Returns a dropdown's choices: rows of the businesses where the person may write."""
        offered = super().get_field_queryset(db, db_field, request)
        if offered is None:
            offered = db_field.remote_field.model._default_manager.using(db)
        if is_operator(request):
            return offered
        return fence_in(offered, business_ids(request, self.add_roles | self.change_roles))


class FencedAdmin(Fence, _ModelAdmin):
    """The base class of every registered model's admin."""

    list_per_page = 50
    section: ClassVar[Section] = Section.INSTALLATION
    about: ClassVar[_StrPromise | str] = ""
    """What the page is for; shown on the start page and where the list is empty."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Returns the list that is asked for; a day that no calendar has is refused as other wrong filters are."""
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error

    def response_action(self, request: HttpRequest, *given: Any, **named: Any) -> HttpResponse | None:
        """Do what was chosen with the ticked rows."""
        keep_possible_keys(request, self.model)
        return super().response_action(request, *given, **named)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model:
        """Find a row by its address; a missing row and a row of another business get the same 404."""
        found = super().get_object(request, object_id, from_field or None)  # an empty name is none
        if found is None:
            raise Http404
        return found  # type: ignore[no-any-return]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """List what is deleted with a row. If another business's row points here, refuse without naming it."""
        gathered = NestedObjects(using=router.db_for_write(self.model))
        gathered.collect(objs)
        rows = [*gathered.protected, *(row for found in gathered.data.values() for row in found)]
        own = business_ids(request, MEMBERS)
        if not is_operator(request) and any(getattr(row, "business_id", None) not in {None, *own} for row in rows):
            return [], {}, set(), [_("You may not delete what belongs to it. Ask your operator.")]
        return super().get_deleted_objects(objs, request)

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """Returns the address of the row's page. Django's own redirect finds any row by its id, past the fence."""
        return None if obj is None else self.web_page(obj)

    def web_page(self, obj: Any) -> str | None:
        """Returns the address of the row's page on the web, if it has one."""
        return None

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """Make the business read-only: rows that point to this one would stay with the old business."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "business"] if obj and self._has_business() else fixed

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Preselect the business when there is only one to choose."""
        own = business_ids(request, self.add_roles)
        chosen = {"business": own.pop()} if len(own) == 1 and not is_operator(request) else {}
        return {**chosen, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Label the fields as `labels` says."""
        return super().get_form(request, obj, change=change, **{"labels": {**LABELS, **self.labels}, **options})

    def get_list_display(self, request: HttpRequest) -> Any:
        """Add the business's column for people who see rows of several businesses."""
        names = list(super().get_list_display(request))
        if self._has_business() and self._sees_several(request):
            names.append("business")
        called = {**LABELS, **self.labels}
        return [column(name, called[name]) if name in called else name for name in names]

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """Fetch related rows and businesses that the columns show in the same query."""
        chosen = super().get_list_select_related(request)
        named = [*(chosen if isinstance(chosen, list | tuple) else ()), *self.list_display]
        related = {field.name for field in self.model._meta.concrete_fields if field.is_relation}
        return [*related.intersection({*named, *(["business"] if self._has_business() else [])})]

    def get_list_filter(self, request: HttpRequest) -> list[_ListFilterT]:
        """Limit relation filters to what the visible rows point to; Django's would offer every row."""
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
    """The base class of inlines; `obj` in its permission methods is the parent page's row."""

    extra = 0
    formset = FencedFormSet
    page_of: UUID | None = None
    """The business of the parent row, if it exists yet. Django creates a new inline for each request."""

    def get_formset(self, request: HttpRequest, obj: models.Model | None = None, **options: Any) -> Any:
        """Remember the business of the parent row, for the dropdowns."""
        self.page_of = business_of(obj)
        return super().get_formset(request, obj, **{"labels": {**LABELS, **self.labels}, **options})

    def get_field_queryset(
        self, db: str | None, db_field: RelatedField[Any, Any], request: HttpRequest
    ) -> models.QuerySet[Any]:
        """Returns a dropdown's choices: rows of the parent row's business."""
        offered = super().get_field_queryset(db, db_field, request)
        return fence_in(offered, {self.page_of}) if self.page_of and business_lookup(offered.model) else offered
