from typing import Any

from django.http import HttpResponse

from businesses.pages.access import PageRequest, business_page


@business_page(section="calls")
def stub(request: PageRequest, **named: Any) -> HttpResponse:
    return HttpResponse("soon")
