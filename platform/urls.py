"""Every address of the installation."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("calls/", include("calls.urls")),
    path("admin/", admin.site.urls),
]
