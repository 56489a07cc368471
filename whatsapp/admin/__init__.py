"""The admin's WhatsApp pages, one module per subject. Members see only rows of their own businesses."""

from whatsapp.admin.broadcasts import BroadcastAdmin
from whatsapp.admin.contacts import ConsentChangeAdmin, ContactAdmin, SuppressionAdmin, TagAdmin
from whatsapp.admin.imports import ContactImportAdmin
from whatsapp.admin.inbound import DirectMessageAdmin, InboundMessageAdmin, WebhookNewsAdmin
from whatsapp.admin.recipients import RecipientAdmin
from whatsapp.admin.segments import SegmentAdmin
from whatsapp.admin.senders import MessagingSettingsAdmin, SenderAdmin
from whatsapp.admin.series import BroadcastSeriesAdmin
from whatsapp.admin.templates import MessageTemplateAdmin

__all__ = [
    "BroadcastAdmin",
    "BroadcastSeriesAdmin",
    "ConsentChangeAdmin",
    "ContactAdmin",
    "ContactImportAdmin",
    "DirectMessageAdmin",
    "InboundMessageAdmin",
    "MessageTemplateAdmin",
    "MessagingSettingsAdmin",
    "RecipientAdmin",
    "SegmentAdmin",
    "SenderAdmin",
    "SuppressionAdmin",
    "TagAdmin",
    "WebhookNewsAdmin",
]
