"""Every address of the installation."""

from django.contrib import admin
from django.urls import include, path

from frontdesk import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("calls/", include("calls.urls")),
    path("whatsapp/", include("whatsapp.urls")),
    path("admin/", admin.site.urls),
]
