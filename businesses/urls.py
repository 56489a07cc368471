"""Addresses of people who are not yet in a business."""

from django.urls import path

from businesses.pages import invitation

urlpatterns = [
    path("invitations/<str:token>/", invitation.join, name="join"),
]
