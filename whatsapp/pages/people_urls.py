"""Addresses of contacts, the inbox, templates and numbers."""

from django.urls import include, path

from businesses.pages import persons
from whatsapp.pages import contact, contact_import, contacts, inbox, senders, suppression_list, template_list

person = [
    path("", contact.contact, name="contact"),
    path("facts/", contact.facts, name="contact-facts"),
    path("tags/add/", contact.add_tag, name="contact-tag"),
    path("tags/remove/", contact.remove_tag, name="contact-untag"),
    path("agree/", contact.agree, name="contact-agree"),
    path("suppress/", contact.suppress, name="contact-suppress"),
    path("lift/", contact.lift, name="contact-lift"),
    path("part/", contact.part, name="contact-part"),
    path("person/", persons.person_of_row, {"sort": "contact"}, name="contact-person"),
]
importing = [
    path("", contact_import.upload, name="contacts-import"),
    path("<uuid:import_id>/", contact_import.result, name="contacts-import-result"),
    path("<uuid:import_id>/columns/", contact_import.columns, name="contacts-import-columns"),
    path("<uuid:import_id>/progress/", contact_import.progress, name="contacts-import-progress"),
    path("<uuid:import_id>/cancel/", contact_import.cancel, name="contacts-import-cancel"),
    path("<uuid:import_id>/rejected.csv", contact_import.rejected, name="contacts-import-rejected"),
]
suppressed = [
    path("", suppression_list.suppression_list, name="suppressions"),
    path("add/", suppression_list.add, name="suppression-add"),
    path("export/", suppression_list.export, name="suppressions-export"),
    path("import/", suppression_list.import_list, name="suppressions-import"),
    path("<int:suppression_id>/remove/", suppression_list.remove, name="suppression-remove"),
]

urlpatterns = [
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/new/", contacts.add, name="contact-new"),
    path("contacts/tags/", contacts.tag_marked, name="contacts-tag"),
    path("contacts/export/", contacts.export, name="contacts-export"),
    path("contacts/import/", include(importing)),
    path("contacts/suppressed/", include(suppressed)),
    path("contacts/<uuid:contact_id>/", include(person)),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<uuid:contact_id>/", inbox.thread, name="thread"),
    path("inbox/<uuid:contact_id>/messages/", inbox.new_messages, name="thread-messages"),
    path("inbox/<uuid:contact_id>/answer/", inbox.answer, name="thread-answer"),
    path("templates/", template_list.templates, name="templates"),
    path("templates/fetch/", template_list.fetch, name="templates-fetch"),
    path("templates/<uuid:template_id>/", template_list.template, name="template"),
    path("templates/<uuid:template_id>/button/", template_list.mark_button, name="template-button"),
    path("senders/", senders.senders, name="senders"),
    path("senders/try/", senders.try_stand_in, name="sender-try"),
    path("senders/<uuid:sender_id>/check/", senders.check, name="sender-check"),
]
