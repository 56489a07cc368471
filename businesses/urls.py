"""URLs for people who don't belong to a business yet: invitations."""

from django.urls import path

from businesses.pages import invitation

urlpatterns = [
    path("invitations/<str:token>/", invitation.join, name="join"),
]
