"""Every kind of read and bulk write, on every tenant model: refused outside `acting_for`, own rows only inside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from businesses.models import PhoneNumber
from businesses.tenancy import NoBusiness, across_businesses, acting_for
from businesses.tests.rows import FINAL, Tenant, everything, own_models, tenant_models

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("made_once")]

Model = type[models.Model]
Rows = QuerySet[Any]


def keys(rows: Any) -> set[Any]:
    return {row.pk for row in rows}


async def keys_of_async(rows: AsyncIterator[Any] | Rows) -> set[Any]:
    return {row.pk async for row in rows}


def own_choices(model: Model) -> Rows:
    return model._default_manager.all()


def unordered_keys(model: Model) -> Rows:
    return model._default_manager.order_by().values_list("pk")


# Each returns the keys of the rows that it saw, or their number.
READS: dict[str, Callable[[Model], Any]] = {
    "all": lambda m: keys(m._default_manager.all()),
    "filter": lambda m: keys(m._default_manager.filter(pk__isnull=False)),
    "exclude": lambda m: keys(m._default_manager.exclude(pk__isnull=True)),
    "complex filter": lambda m: keys(m._default_manager.filter(Q(pk__isnull=False) | Q(business__isnull=False))),
    "get": lambda m: {m._default_manager.get().pk},
    "first": lambda m: keys([m._default_manager.order_by("pk").first()]),
    "last": lambda m: keys([m._default_manager.order_by("pk").last()]),
    "earliest": lambda m: {m._default_manager.earliest("pk").pk},
    "latest": lambda m: {m._default_manager.latest("pk").pk},
    "slice": lambda m: keys(m._default_manager.order_by("pk")[0:100]),
    "iterator": lambda m: keys(m._default_manager.iterator(chunk_size=10)),
    "count": lambda m: m._default_manager.count(),
    "exists": lambda m: int(m._default_manager.exists()),
    "aggregate": lambda m: m._default_manager.aggregate(n=Count("pk"))["n"],
    "aggregate of distinct": lambda m: m._default_manager.distinct().aggregate(n=Count("pk"))["n"],
    "annotate": lambda m: keys(m._default_manager.annotate(whose=F("business_id"), now=Now())),
    "values": lambda m: {row["pk"] for row in m._default_manager.values("pk")},
    "values_list": lambda m: set(m._default_manager.values_list("pk", flat=True)),
    "only": lambda m: keys(m._default_manager.only("pk")),
    "distinct": lambda m: keys(m._default_manager.order_by("pk").distinct()),
    "select_related": lambda m: keys(m._default_manager.select_related("business")),
    "in_bulk": lambda m: set(m._default_manager.in_bulk()),
    "select_for_update": lambda m: keys(m._default_manager.select_for_update()),
    "using": lambda m: keys(m._default_manager.using("default")),
    "another manager": lambda m: keys(m._default_manager.db_manager("default").all()),
    "union": lambda m: {pk for (pk,) in unordered_keys(m).union(unordered_keys(m))},
    "intersection": lambda m: {
        pk for (pk,) in unordered_keys(m).intersection(m._base_manager.order_by().values_list("pk"))
    },
    "operator |": lambda m: keys(m._default_manager.filter(pk=None) | own_choices(m)),
    "subquery": lambda m: keys(m._base_manager.filter(pk__in=own_choices(m).values("pk"))),
    "exists subquery": lambda m: keys(m._base_manager.filter(Exists(own_choices(m).filter(pk=OuterRef("pk"))))),
    "aget": lambda m: {async_to_sync(m._default_manager.all().aget)().pk},
    "afirst": lambda m: keys([async_to_sync(m._default_manager.order_by("pk").afirst)()]),
    "acount": lambda m: async_to_sync(m._default_manager.all().acount)(),
    "aexists": lambda m: int(async_to_sync(m._default_manager.all().aexists)()),
    "aaggregate": lambda m: async_to_sync(m._default_manager.all().aaggregate)(n=Count("pk"))["n"],
    "ain_bulk": lambda m: set(async_to_sync(m._default_manager.all().ain_bulk)()),
    "async for": lambda m: async_to_sync(keys_of_async)(m._default_manager.all()),
    "async for, excluding": lambda m: async_to_sync(keys_of_async)(m._default_manager.exclude(pk__isnull=True)),
    "aiterator": lambda m: async_to_sync(keys_of_async)(m._default_manager.aiterator(chunk_size=10)),
}

# Each targets another business's row and returns what it found, or the number of rows changed.
AIMS: dict[str, Callable[[Model, Any], Any]] = {
    "filter by key": lambda m, row: keys(m._default_manager.filter(pk=row.pk)),
    "filter by business": lambda m, row: keys(m._default_manager.filter(business=row.business)),
    "in_bulk by key": lambda m, row: m._default_manager.in_bulk([row.pk]),
    "contains": lambda m, row: m._default_manager.all().contains(row),
    "acontains": lambda m, row: async_to_sync(m._default_manager.all().acontains)(row),
    "update": lambda m, row: m._default_manager.filter(pk=row.pk).update(business=F("business")),
    "aupdate": lambda m, row: async_to_sync(m._default_manager.filter(pk=row.pk).aupdate)(business=F("business")),
    "bulk_update": lambda m, row: m._default_manager.bulk_update([row], ["business"]),
    "abulk_update": lambda m, row: async_to_sync(m._default_manager.all().abulk_update)([row], ["business"]),
    "delete": lambda m, row: m._default_manager.filter(pk=row.pk).delete()[0],
    "adelete": lambda m, row: async_to_sync(m._default_manager.filter(pk=row.pk).adelete)()[0],
}

# Refused outside; what they do inside depends on a row in hand, which is not fenced, or is refused inside too.
REFUSED_OUTSIDE: dict[str, Callable[[Model, Any], Any]] = {
    "get_or_create": lambda m, row: m._default_manager.get_or_create(pk=row.pk),
    "aget_or_create": lambda m, row: async_to_sync(m._default_manager.all().aget_or_create)(pk=row.pk),
    "update_or_create": lambda m, row: m._default_manager.update_or_create(pk=row.pk),
    "bulk_create": lambda m, row: m._default_manager.bulk_create([row], ignore_conflicts=True),
    "abulk_create": lambda m, row: async_to_sync(m._default_manager.all().abulk_create)([row], ignore_conflicts=True),
    "raw": lambda m, row: list(m._default_manager.raw(f'SELECT * FROM "{m._meta.db_table}"')),  # noqa: S608
    "explain": lambda m, row: m._default_manager.all().explain(),
    "get by key": lambda m, row: m._default_manager.get(pk=row.pk),
}

every_tenant_model = pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model.__name__)

ways_back = [
    relation
    for model in own_models()
    for relation in model._meta.related_objects
    if relation.related_model in tenant_models() and not relation.hidden and not relation.one_to_one
]
"""From a row to the rows that name it. A row's only one of a kind is reached as what it names itself: by its key."""
every_way_back = pytest.mark.parametrize(
    "relation", ways_back, ids=lambda relation: f"{relation.model.__name__}.{relation.get_accessor_name()}"
)


def only_one(tenant: Tenant, model: Model) -> models.Model:
    """Returns the tenant's only row of the model, after removing all members except the owner."""
    row = tenant.row(model)
    model._base_manager.filter(business=tenant.business).exclude(pk=row.pk).delete()
    return row


@every_tenant_model
def test_outside_acting_for_nothing_is_read_or_changed(model: Model, alpha: Tenant, beta: Tenant) -> None:
    row = alpha.row(model)
    before = everything()
    attempts: dict[str, Callable[[], Any]] = {
        **{name: partial(read, model) for name, read in READS.items()},
        **{name: partial(aim, model, row) for name, aim in {**AIMS, **REFUSED_OUTSIDE}.items()},
    }

    for name, attempt in attempts.items():
        with pytest.raises(NoBusiness), transaction.atomic():
            pytest.fail(f"{name} gave {attempt()}")

    assert everything() == before
    assert len(attempts) >= 34


@every_tenant_model
def test_inside_acting_for_reads_see_own_rows_only(model: Model, alpha: Tenant, beta: Tenant) -> None:
    own = only_one(alpha, model)
    only_one(beta, model)

    with acting_for(alpha.business):
        seen = {kind: read(model) for kind, read in READS.items()}

    assert {kind: rows for kind, rows in seen.items() if rows not in (1, {own.pk})} == {}


@every_tenant_model
def test_inside_acting_for_another_business_is_out_of_reach(model: Model, alpha: Tenant, beta: Tenant) -> None:
    foreign = beta.row(model)
    before = everything()

    with acting_for(alpha.business):
        found = {kind: aim(model, foreign) for kind, aim in AIMS.items()}
        with pytest.raises(model.DoesNotExist):  # type: ignore[attr-defined]
            model._default_manager.get(pk=foreign.pk)

    assert {kind: rows for kind, rows in found.items() if rows} == {}
    assert everything() == before


@every_tenant_model
def test_own_rows_can_be_changed(model: Model, alpha: Tenant, beta: Tenant) -> None:
    own = only_one(alpha, model)
    for relation in model._meta.related_objects:
        if relation.on_delete is models.RESTRICT:
            relation.related_model._base_manager.all().delete()
    count = model._base_manager.count()

    with acting_for(alpha.business):
        if model not in FINAL:
            assert model._default_manager.update(business=F("business")) == 1
        assert model._default_manager.filter(pk=own.pk).delete()[0] >= 1

    assert model._base_manager.count() == count - 1


@every_tenant_model
def test_raw_is_refused_inside_too(model: Model, alpha: Tenant) -> None:
    with acting_for(alpha.business), pytest.raises(NoBusiness, match="write it as a queryset"):
        REFUSED_OUTSIDE["raw"](model, alpha.row(model))


@every_way_back
def test_a_reverse_manager_of_another_business_is_empty(
    relation: models.ManyToOneRel, alpha: Tenant, beta: Tenant
) -> None:
    accessor = relation.get_accessor_name()
    ours, theirs = (getattr(tenant.row(relation.model), accessor) for tenant in (alpha, beta))
    for use in (list, lambda rows: rows.count(), lambda rows: rows.delete()):
        with pytest.raises(NoBusiness), transaction.atomic():
            use(theirs.all())
    with acting_for(alpha.business):
        assert ours.count() >= 1
        assert theirs.count() == 0
        assert list(theirs.all()) == []
        assert theirs.update(business=F("business")) == 0


@every_way_back
def test_prefetching_brings_own_rows_only(relation: models.ManyToOneRel, alpha: Tenant, beta: Tenant) -> None:
    accessor = relation.get_accessor_name()
    parents = relation.model._base_manager.prefetch_related(accessor)
    with pytest.raises(NoBusiness), transaction.atomic():
        list(parents.all())
    with acting_for(alpha.business):
        found = {row.business_id for parent in parents.all() for row in getattr(parent, accessor).all()}
        assert found == {alpha.business.pk}


@every_tenant_model
def test_several_businesses_none_and_all(model: Model, alpha: Tenant, beta: Tenant) -> None:
    a, b = only_one(alpha, model), only_one(beta, model)
    with acting_for(alpha.business, beta.business):
        assert keys(own_choices(model)) == {a.pk, b.pk}
    with acting_for():
        assert keys(own_choices(model)) == set()
    with across_businesses():
        assert keys(own_choices(model)) == {a.pk, b.pk}
    with pytest.raises(NoBusiness, match=f"{model.__name__} was queried outside"):
        model._default_manager.count()


def test_acting_for_ends_with_its_block_and_nests(alpha: Tenant, beta: Tenant) -> None:
    model = tenant_models()[0]
    with acting_for(alpha.business):
        with pytest.raises(ZeroDivisionError), acting_for(beta.business):
            raise ZeroDivisionError
        assert alpha.row(model) in own_choices(model)
        assert beta.row(model) not in own_choices(model)


def test_a_queryset_keeps_the_scope_in_which_it_was_made(alpha: Tenant, beta: Tenant) -> None:
    model = tenant_models()[0]
    with acting_for(alpha.business):
        of_alpha = own_choices(model)
    made_outside = own_choices(model)
    with acting_for(beta.business):
        assert {row.business_id for row in of_alpha} == {alpha.business.pk}
        with pytest.raises(NoBusiness):
            list(made_outside)


def test_an_empty_queryset_needs_no_business(db: None) -> None:
    """Django creates empty querysets for forms; they don't query the database."""
    for model in tenant_models():
        assert list(model._default_manager.none()) == []


def test_phone_numbers_are_found_without_a_business(alpha: Tenant) -> None:
    """The called number determines the business of a call."""
    assert PhoneNumber.objects.get(number=alpha.number).business == alpha.business
