"""All contacts that a list shows, or those that were marked on it: tagging and deleting them, with their number."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from businesses.pages.access import PageRequest, business_page
from whatsapp.audience.conditions import Conditions
from whatsapp.audience.matching import matching
from whatsapp.models import Contact, Tag
from whatsapp.pages.asked_for import NO_ID, id_of
from whatsapp.pages.conditions_asked import conditions_asked
from whatsapp.people import many_contacts, tagging
from whatsapp.people.contact_search import find_contacts

MOST_MARKED = 100
MOST_TAGS = 500
SHOWN = 10


def asked(request: HttpRequest) -> dict[str, str]:
    """Returns the quick filters of a list of contacts, as its address has them."""
    filters = request.GET
    return {"text": filters.get("q", ""), "tag": filters.get("tag", ""), "consent": filters.get("consent", "")}


def contacts_asked(request: PageRequest) -> QuerySet[Contact]:
    """Returns the contacts of a list, by everything in its address."""
    found = find_contacts(request.business, **asked(request))
    more = conditions_asked(request)
    if more.conditions is None:
        return found.none()
    return found.filter(matching(request.business, more.conditions, now=timezone.now()))


def is_filtered(request: PageRequest) -> bool:
    """Returns whether the address of a list leaves anybody out."""
    return any(asked(request).values()) or conditions_asked(request).conditions != Conditions()


def marked(written: list[str]) -> list[UUID]:
    """Returns the ids of marked contacts; what is no id is left out."""
    return [found for text in written[:MOST_MARKED] if (found := id_of(text)) != NO_ID]


def address_of(slug: str, ids: list[UUID]) -> str:
    """Returns the address of the page for these contacts."""
    query = QueryDict(mutable=True)
    query.setlist("contact", [str(each) for each in ids])
    return f"{reverse('contacts-all', kwargs={'slug': slug})}?{query.urlencode()}"


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def contacts_all(request: PageRequest) -> HttpResponse:
    """Show how many they are and what can be done with them. It is done if they are still as many as was shown."""
    found = _chosen(request)
    people = found.count()
    if request.method == "POST" and people:
        if request.POST.get("people") == str(people):
            return _done(request, found, people)
        messages.error(request, _("The list has changed meanwhile. Look at the number, then try again."))
        return redirect(request.get_full_path())
    context = {
        "people": people,
        "first": list(found[:SHOWN]),
        "tags": Tag.objects.filter(business=request.business)[:MOST_TAGS],
        "is_chosen": bool(request.GET.getlist("contact")) or is_filtered(request),
    }
    return render(request, "whatsapp/contacts_all.html", context)


def _chosen(request: PageRequest) -> QuerySet[Contact]:
    if written := request.GET.getlist("contact"):
        return Contact.objects.filter(business=request.business, pk__in=marked(written))
    return contacts_asked(request)


def _done(request: PageRequest, found: QuerySet[Contact], people: int) -> HttpResponse:
    what, name = request.POST.get("do"), tagging.tidy(request.POST.get("tag", ""))
    match what:
        case "delete" if request.is_owner:
            gone = many_contacts.delete(request.business, found, now=timezone.now(), by=request.user)
            said = ngettext("%(n)s contact deleted.", "%(n)s contacts deleted.", gone)
            people = gone
        case "tag" if name:
            many_contacts.tag(request.business, found, name)
            said = ngettext("Tag added to %(n)s contact.", "Tag added to %(n)s contacts.", people)
        case "untag" if name:
            many_contacts.untag(request.business, found, name)
            said = ngettext("Tag removed from %(n)s contact.", "Tag removed from %(n)s contacts.", people)
        case _:
            messages.error(request, _("Enter a tag."))
            return redirect(request.get_full_path())
    messages.success(request, said % {"n": intcomma(people)})
    return redirect("contacts", slug=request.business.slug)
