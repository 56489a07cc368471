"""A business's contacts: the list, adding one, tagging several, exporting them."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from businesses.models import Permission
from businesses.pages.access import PageRequest, business_page
from businesses.pages.csv_export import people_answer
from businesses.pages.listing import listing
from whatsapp.audience.conditions import Conditions
from whatsapp.audience.segments import MOST_SEGMENTS
from whatsapp.importing import exported
from whatsapp.models import Consent, Contact, Segment, Tag
from whatsapp.pages import many_contacts
from whatsapp.pages.condition_words import names_of_broadcasts, words_of
from whatsapp.pages.conditions_asked import carried, conditions_asked, query_of, to_save
from whatsapp.pages.contact_forms import NewContactForm, tags_in
from whatsapp.people import consent, tagging

SHOWN = 35
"""Contacts per page. With their tags and boxes, more would make the first visit heavier than 100 KB."""
_TAGS = "tags_as_list"


@require_safe
@business_page(section="contacts")
def contacts(request: PageRequest) -> HttpResponse:
    """Show the contacts, searched and filtered, with boxes to mark them."""
    asked = many_contacts.asked(request)
    found, more, saved = many_contacts.contacts_asked(request), conditions_asked(request), to_save(request)
    context = {
        **asked,
        "people": found.count(),
        "listing": listing(request, found.prefetch_related("tags"), per_page=SHOWN),
        "segments": Segment.objects.filter(business=request.business)[:MOST_SEGMENTS],
        "segment": more.segment,
        "is_unclear": more.conditions is None,
        "conditions": _in_words(request, more.conditions),
        "carried": carried(request),
        "query": query_of(saved) if saved else "",
        "tags": Tag.objects.filter(business=request.business)[: many_contacts.MOST_TAGS],
        "consents": Consent.choices,
        "is_filtered": many_contacts.is_filtered(request),
    }
    return render(request, "whatsapp/contacts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def add(request: PageRequest) -> HttpResponse:
    """Add one contact."""
    form = NewContactForm(request.POST or None, business=request.business)
    if form.is_valid():
        contact = _added(request, form)
        messages.success(request, _("Added."))
        return redirect("contact", slug=request.business.slug, contact_id=contact.pk)
    return render(request, "whatsapp/contact_new.html", {"form": form}, status=422 if form.errors else 200)


@business_page(section="contacts", action_of="contacts")
def tag_marked(request: PageRequest) -> HttpResponse:
    """Add a tag to the marked contacts, or remove it from them; deleting them is asked on a page of its own."""
    ids = many_contacts.marked(request.POST.getlist("contact"))
    if ids and request.POST.get("do") == "delete":
        return redirect(many_contacts.address_of(request.business.slug, ids))
    marked = list(Contact.objects.filter(business=request.business, pk__in=ids))
    name = tagging.tidy(request.POST.get("tag", ""))
    if not marked or not name:
        messages.error(request, _("Select at least one contact and enter a tag."))
        return redirect(_back(request))
    if request.POST.get("do") == "untag":
        tagging.untag(request.business, marked, name)
        text = ngettext(
            "Tag “%(tag)s” taken from one contact.", "Tag “%(tag)s” taken from %(n)d contacts.", len(marked)
        )
    else:
        tagging.tag(request.business, marked, name)
        text = ngettext("Tag “%(tag)s” given to one contact.", "Tag “%(tag)s” given to %(n)d contacts.", len(marked))
    messages.success(request, text % {"tag": name, "n": len(marked)})
    return redirect(_back(request))


@require_safe
@business_page(section="contacts", needs=Permission.EXPORT_CONTACTS)
def export(request: PageRequest) -> HttpResponseBase:
    """Send the contacts of the list as CSV that an import understands."""
    found = many_contacts.contacts_asked(request)
    every = found.order_by().values_list("attributes", flat=True).iterator(chunk_size=2_000)
    names = list(exported.columns_of(exported.attributes_of(every)))
    header = exported.header_with(names)
    tagged = found.prefetch_related(Prefetch("tags", to_attr=_TAGS))  # as a list: `tags.all()` costs more than a row
    rows = _exported(tagged.iterator(chunk_size=2_000), names)
    return people_answer(request.business, request.user, "contacts", name="contacts", header=header, rows=rows)


def _exported(found: Iterator[Contact], names: list[str]) -> Iterator[list[object]]:
    for contact in found:
        yield [
            contact.phone,
            contact.bsuid,
            contact.name,
            contact.language,
            exported.tags_cell([tag.name for tag in getattr(contact, _TAGS)]),
            contact.get_consent_display(),
            contact.consent_source_in_words,
            "; ".join(f"{name}: {value}" for name, value in contact.attributes.items()),
            timezone.localtime(contact.created_at).strftime("%Y-%m-%d %H:%M"),
            *(contact.attributes.get(name) for name in names),
        ]


def _added(request: PageRequest, form: NewContactForm) -> Contact:
    values = form.cleaned_data
    field = "phone" if values["phone"].startswith("+") else "bsuid"
    contact = Contact.objects.create(business=request.business, name=values["name"], **{field: values["phone"]})
    for name in tags_in(values["tags"]):
        tagging.tag(request.business, [contact], name)
    if values["consent_source"]:
        consent.agree(contact, source=values["consent_source"], now=timezone.now(), by=request.user)
    return contact


def _in_words(request: PageRequest, conditions: Conditions | None) -> list[str]:
    if not conditions:
        return []
    return words_of(conditions, names_of_broadcasts(request.business, [conditions]))


def _back(request: PageRequest) -> str:
    """Returns the address of the list with the filters that the reader had set."""
    here = request.POST.get("back", "")
    if here.startswith("/b/") and url_has_allowed_host_and_scheme(here, allowed_hosts=None):
        return here
    return reverse("contacts", kwargs={"slug": request.business.slug})
