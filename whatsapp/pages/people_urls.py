"""Addresses of contacts, the inbox, templates and numbers."""

from django.urls import include, path

from businesses.pages import persons
from whatsapp.pages import (
    connecting,
    contact,
    contact_import,
    contacts,
    inbox,
    many_contacts,
    media,
    quick_replies,
    segments,
    senders,
    standing,
    suppression_list,
    template_list,
    template_writing,
    thread,
    thread_team,
    thread_template,
)

person = [
    path("", contact.contact, name="contact"),
    path("facts/", contact.facts, name="contact-facts"),
    path("number/", contact.number, name="contact-number"),
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
    path("<uuid:import_id>/undo/", contact_import.undo, name="contacts-import-undo"),
    path("<uuid:import_id>/rejected.csv", contact_import.rejected, name="contacts-import-rejected"),
]
saved = [
    path("", segments.segment_list, name="segments"),
    path("new/", segments.new, name="segment-new"),
    path("count/", segments.count, name="segment-count"),
    path("<uuid:segment_id>/", segments.segment, name="segment"),
    path("<uuid:segment_id>/remove/", segments.remove, name="segment-remove"),
]
in_thread = [
    path("", thread.thread, name="thread"),
    path("messages/", thread.new_messages, name="thread-messages"),
    path("list/", inbox.beside, name="thread-list"),
    path("answer/", thread.answer, name="thread-answer"),
    path("template/", thread_template.template, name="thread-template"),
    path("settle/", standing.settle, name="thread-settle"),
    path("assign/", thread_team.assign, name="thread-assign"),
    path("note/", thread_team.add_note, name="thread-note"),
    path("note/remove/", thread_team.remove_note, name="thread-note-remove"),
    path("reopen/", standing.reopen, name="thread-reopen"),
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
    path("contacts/all/", many_contacts.contacts_all, name="contacts-all"),
    path("contacts/tags/", contacts.tag_marked, name="contacts-tag"),
    path("contacts/export/", contacts.export, name="contacts-export"),
    path("contacts/import/", include(importing)),
    path("contacts/suppressed/", include(suppressed)),
    path("contacts/segments/", include(saved)),
    path("contacts/<uuid:contact_id>/", include(person)),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/replies/", quick_replies.replies, name="quick-replies"),
    path("inbox/replies/add/", quick_replies.add, name="quick-reply-add"),
    path("inbox/replies/<uuid:reply_id>/", quick_replies.change, name="quick-reply-change"),
    path("inbox/replies/<uuid:reply_id>/remove/", quick_replies.remove, name="quick-reply-remove"),
    path("inbox/media/<uuid:media_id>/", media.media, name="media"),
    path("inbox/media/<uuid:media_id>/again/", media.again, name="media-again"),
    path("inbox/<uuid:contact_id>/", include(in_thread)),
    path("templates/", template_list.templates, name="templates"),
    path("templates/fetch/", template_list.fetch, name="templates-fetch"),
    path("templates/new/", template_writing.new, name="template-new"),
    path("templates/preview/", template_writing.preview, name="template-preview"),
    path("templates/<uuid:template_id>/change/", template_writing.change, name="template-change"),
    path("templates/<uuid:template_id>/delete/", template_writing.delete, name="template-delete"),
    path("templates/<uuid:template_id>/status/", template_writing.status, name="template-status"),
    path("templates/<uuid:template_id>/", template_list.template, name="template"),
    path("templates/<uuid:template_id>/button/", template_list.mark_button, name="template-button"),
    path("senders/", senders.senders, name="senders"),
    path("senders/try/", senders.try_stand_in, name="sender-try"),
    path("senders/connect/", connecting.connect, name="sender-connect"),
    path("senders/<uuid:sender_id>/", connecting.sender, name="sender"),
    path("senders/<uuid:sender_id>/correct/", connecting.correct, name="sender-correct"),
    path("senders/<uuid:sender_id>/token/", connecting.replace_token, name="sender-token"),
    path("senders/<uuid:sender_id>/disconnect/", connecting.disconnect, name="sender-disconnect"),
    path("senders/<uuid:sender_id>/check/", senders.check, name="sender-check"),
]
