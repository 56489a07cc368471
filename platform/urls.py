"""The root URLs of the installation."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from calls.pages.urls import beside as calls_beside
from frontdesk import health, home, operator_page, search
from frontdesk.api.entry import api

business: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("", include("businesses.pages.urls")),
    path("calls/", include("calls.pages.urls")),
    path("", include("calls.pages.after_urls")),
    path("", include(calls_beside)),
    path("", include("whatsapp.pages.urls")),
]

admin.autodiscover()  # here: only who has addresses needs it

urlpatterns = [
    path("", home.start, name="start"),
    path("b/<slug:slug>/", include(business)),
    path("", include("businesses.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("operator/", operator_page.operator, name="operator"),
    path("api/v1/<path:rest>", api, name="api"),
    path("calls/", include("calls.urls")),
    path("whatsapp/", include("whatsapp.urls")),
    path("admin/", admin.site.urls),
    # Invitations are bound to an email address, so people can't change theirs.
    path("accounts/email/", login_required(RedirectView.as_view(pattern_name="mfa_index")), name="account_email"),
    path("accounts/", include("allauth.urls")),
    path("language/", include("django.conf.urls.i18n")),
]
