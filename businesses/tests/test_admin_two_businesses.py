"""An owner of two businesses who is staff of a third: each page keeps the three apart."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from businesses.membership import add_member
from businesses.models import Business, Membership, Role, User
from businesses.tenancy import across_businesses
from businesses.tests.rows import Tenant, make_tenant
from calls.models import Call, GreetingAudio
from whatsapp.models import Broadcast, Contact, ContactTag, MessageTemplate, Sender, Suppression, Tag

pytestmark = pytest.mark.once


@pytest.fixture
def third(db: None) -> Tenant:
    return make_tenant("qqccc", "+97231230003")


@pytest.fixture
def both(alpha: Tenant, beta: Tenant, third: Tenant) -> User:
    """Alpha's owner, who owns beta too and works in the third."""
    add_member(beta.business, alpha.owner, Role.OWNER)
    add_member(third.business, alpha.owner, Role.STAFF)
    return alpha.owner


@pytest.fixture
def client(both: User) -> Client:
    client = Client()
    client.force_login(both)
    return client


def page(name: str, *row: Any) -> str:
    return "/admin/" + "/".join([*name.split("."), *(str(part) for part in row), ""])


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def test_lists_of_owners_leave_out_the_business_where_one_is_staff(client: Client, third: Tenant) -> None:
    for name in ("businesses.business", "businesses.membership", "businesses.invitation", "calls.greetingaudio"):
        text = text_of(client, page(name))
        assert "qqaaa" in text, name
        assert "qqbbb" in text, name
        assert "qqccc" not in text.replace("owner@qqaaa.test", ""), name


def test_lists_of_members_say_whose_each_row_is(client: Client) -> None:
    text = text_of(client, page("whatsapp.tag"))
    for business in ("qqaaa clinic", "qqbbb clinic", "qqccc clinic"):
        assert f'<td class="field-business">{business}</td>' in text


def test_who_has_one_business_reads_no_column_of_businesses(beta: Tenant) -> None:
    client = Client()
    client.force_login(beta.owner)
    assert "field-business" not in text_of(client, page("whatsapp.tag"))
    assert "?business__id__exact" not in text_of(client, page("whatsapp.tag"))


def test_a_filter_by_date_counts_own_rows_only(client: Client, third: Tenant, alpha: Tenant) -> None:
    """Django's hierarchy goes as deep as all visible rows have in common."""
    with across_businesses():
        Call.objects.filter(business=third.business).update(started_at="2019-03-02T10:00:00Z")
    own = Client()
    own.force_login(User.objects.get(email="staff@qqaaa.test"))
    assert "2019" not in text_of(own, page("calls.call"))
    assert "2019" in text_of(client, page("calls.call"))  # staff of the third, so theirs to see


def test_the_history_is_that_of_one_row(client: Client, both: User, third: Tenant, alpha: Tenant) -> None:
    kind = ContentType.objects.get_for_model(Business)
    for tenant, said in ((third, "hidden words"), (alpha, "own words")):
        LogEntry.objects.create(
            user=third.owner, content_type=kind, object_id=str(tenant.business.pk), object_repr=tenant.marker,
            action_flag=CHANGE, change_message=said,
        )  # fmt: skip
    own = text_of(client, page("businesses.business", alpha.business.pk, "history"))
    assert "own words" in own
    assert "hidden words" not in own
    assert client.get(page("businesses.business", third.business.pk, "history")).status_code == 404


def test_the_start_page_tells_nothing_of_what_others_or_oneself_did_elsewhere(
    client: Client, both: User, third: Tenant
) -> None:
    kind = ContentType.objects.get_for_model(Tag)
    with across_businesses():
        tag = third.row(Tag)
    LogEntry.objects.create(
        user=both, content_type=kind, object_id=str(tag.pk), object_repr="a name from then", action_flag=CHANGE
    )
    Membership._base_manager.filter(business=third.business, user=both).delete()
    text = text_of(client, "/admin/")
    assert "a name from then" not in text
    assert "qqccc" not in text
    for tenant in ("qqaaa", "qqbbb"):
        assert f"<bdi>{tenant} clinic</bdi></h2>" in text


def test_a_tag_of_one_business_is_no_tag_of_anothers_contact(client: Client, alpha: Tenant, beta: Tenant) -> None:
    contact, theirs = alpha.row(Contact), beta.row(Tag)
    address = page("whatsapp.contact", contact.pk, "change")
    offered = client.get(address).context["inline_admin_formsets"][0].formset.empty_form.fields["tag"].queryset
    with across_businesses():
        assert list(offered) == [alpha.row(Tag)]
    before = ContactTag._base_manager.count()
    fields = {"phone": "+972501234567", "attributes": "{}", "consent": "granted"}
    rows = {"contact_tags-TOTAL_FORMS": 1, "contact_tags-INITIAL_FORMS": 0, "contact_tags-0-tag": theirs.pk}
    answer = client.post(address, {**fields, **rows})
    assert "Choose from the list: this isn't in it, or no longer is." in unescape(answer.content.decode())
    new = client.post(page("whatsapp.contact", "add"), {**fields, **rows, "business": alpha.business.pk})
    assert "This belongs to another of your businesses." in new.content.decode()
    assert ContactTag._base_manager.count() == before


def test_no_broadcast_is_made_in_the_admin(client: Client, alpha: Tenant, beta: Tenant) -> None:
    before = Broadcast._base_manager.count()
    fields = {"template": alpha.row(MessageTemplate).pk, "earlier": beta.row(Broadcast).pk}
    assert client.get(page("whatsapp.broadcast", "add")).status_code == 404
    assert client.post(page("whatsapp.broadcast", "add"), fields).status_code == 404
    assert Broadcast._base_manager.count() == before


@pytest.mark.parametrize("model", [Tag, Contact, Sender], ids=lambda model: model.__name__)
def test_a_row_stays_with_its_business(client: Client, alpha: Tenant, beta: Tenant, model: Any) -> None:
    row = alpha.row(model)
    address = page(f"whatsapp.{model.__name__.lower()}", row.pk, "change")
    assert "business" not in client.get(address).context["adminform"].form.fields
    client.post(address, {"business": str(beta.business.pk), "name": "renamed"})
    assert model._base_manager.get(pk=row.pk).business_id == alpha.business.pk


def test_what_exists_already_is_said_beside_its_field(client: Client, alpha: Tenant) -> None:
    tag = alpha.row(Tag)
    other = Tag._base_manager.create(business=alpha.business, name="other")
    answer = client.post(page("whatsapp.tag", other.pk, "change"), {"name": tag.name})  # type: ignore[attr-defined]
    said = "There is one already. Change that one, or write something else here."
    assert answer.context["adminform"].form.errors == {"name": [said]}
    contacts = [
        Contact._base_manager.create(business=alpha.business, phone=f"+97250123456{number}") for number in (1, 2)
    ]
    fields = {"phone": contacts[0].phone, "attributes": "{}", "consent": "granted"}
    answer = client.post(page("whatsapp.contact", contacts[1].pk, "change"), fields)
    assert answer.context["adminform"].form.errors == {"phone": [said]}


@pytest.mark.parametrize("model", [Tag, Contact, Suppression], ids=lambda model: model.__name__)
def test_a_delete_page_lists_nothing_of_another_business(
    client: Client, beta: Tenant, third: Tenant, alpha: Tenant, model: Any
) -> None:
    """Holds even if a row of another business pointed here, which no page allows."""
    outsider = Client()
    outsider.force_login(User.objects.get(email="staff@qqaaa.test"))
    Membership._base_manager.filter(user__email="staff@qqaaa.test").update(may_lift_opt_outs=True)
    if model is not Suppression:
        ContactTag._base_manager.filter(business=beta.business).update(**{model.__name__.lower(): alpha.row(model)})
    text = text_of(outsider, page(f"whatsapp.{model.__name__.lower()}", alpha.row(model).pk, "delete"))
    assert "qqaaa" in text or alpha.number in text
    assert "qqbbb" not in text
    marked = {"action": "delete_selected", "_selected_action": str(alpha.row(model).pk)}
    answer = outsider.post(page(f"whatsapp.{model.__name__.lower()}"), marked)
    assert "qqbbb" not in answer.content.decode()


LOOKUPS = (
    "user__password__startswith=p", "user__memberships__business__name=qqbbb clinic", "user__email__startswith=owner",
    "business__memberships__user__email=owner@qqbbb.test",
)  # fmt: skip


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_no_lookup_reaches_through_a_person_into_other_businesses(client: Client, lookup: str) -> None:
    answer = client.get(f"{page('businesses.membership')}?{lookup}")
    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["?_popup=1", "?_popup=1&_to_field=id", "?_to_field=business", "?_to_field=id"])
def test_popups_and_to_field_open_no_other_door(client: Client, third: Tenant, query: str) -> None:
    """Settings of the business where they are staff stay closed, however one asks."""
    answer = client.get(page("businesses.business", third.business.pk, "change") + query)
    assert answer.status_code in {400, 404}  # 400: Django doesn't allow this field
    greeting = page("calls.greetingaudio", third.row(GreetingAudio).pk, "change")
    assert client.get(greeting + query).status_code in {400, 404}
    for name in ("businesses.business", "calls.greetingaudio"):
        answer = client.get(page(name) + query)
        assert "qqccc" not in answer.content.decode(), (name, query)


def test_a_new_row_has_the_only_business_there_is(beta: Tenant, client: Client) -> None:
    def chosen(who: Client) -> Any:
        return who.get(page("whatsapp.tag", "add")).context["adminform"].form["business"].value()

    single = Client()
    single.force_login(beta.owner)
    assert chosen(single) == beta.business.pk
    assert chosen(client) is None
