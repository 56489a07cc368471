"""Addresses of people, their messages, and what is sent to them: contacts, inbox, templates, numbers."""

from django.urls import path

from calls.pages import stub

urlpatterns = [
    path("contacts/", stub.stub, name="contacts"),
    path("contacts/import/", stub.stub, name="contacts-import"),
    path("contacts/<uuid:contact_id>/", stub.stub, name="contact"),
    path("inbox/", stub.stub, name="inbox"),
    path("templates/", stub.stub, name="templates"),
    path("senders/", stub.stub, name="senders"),
]
