"""Every WhatsApp table, one module per subject."""

from whatsapp.models.broadcasts import AudienceKind, Broadcast, BroadcastEvent, EventKind
from whatsapp.models.consent import ConsentChange, ConsentStep
from whatsapp.models.contacts import (
    AGREED_IN_CALL,
    Consent,
    Contact,
    ContactTag,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    Tag,
)
from whatsapp.models.course import BroadcastCourse, CourseStep
from whatsapp.models.direct import DirectKind, DirectMessage
from whatsapp.models.identity import AddressTie, ContactMerge, PersonAddress, TieSource
from whatsapp.models.imports import ContactImport, ImportedContact, ImportStatus, RejectedRow
from whatsapp.models.inbound import InboundAction, InboundMessage, NewsKind, NewsProblem, WebhookNews
from whatsapp.models.media import InboundMedia, MediaStatus
from whatsapp.models.recipients import AddressKind, Attempt, AttemptOutcome, Recipient
from whatsapp.models.segments import Segment
from whatsapp.models.senders import (
    MessagingSettings,
    ProvedAccount,
    Provider,
    Quality,
    Sender,
    SenderHealth,
    UnknownPolicy,
    WindowZone,
)
from whatsapp.models.sending import SendingPace
from whatsapp.models.series import BroadcastSeries, Occurrence, Outcome, SeriesPause, SeriesStatus
from whatsapp.models.spending import BroadcastSpending, MonthSpending
from whatsapp.models.templates import MessageTemplate, ParameterFormat
from whatsapp.models.threads import QuickReply, ThreadNote
from whatsapp.states import TemplateCategory, TemplateStatus

__all__ = [
    "AGREED_IN_CALL",
    "AddressKind",
    "AddressTie",
    "Attempt",
    "AttemptOutcome",
    "AudienceKind",
    "Broadcast",
    "BroadcastCourse",
    "BroadcastEvent",
    "BroadcastSeries",
    "BroadcastSpending",
    "Consent",
    "ConsentChange",
    "ConsentStep",
    "Contact",
    "ContactImport",
    "ContactMerge",
    "ContactTag",
    "CourseStep",
    "DirectKind",
    "DirectMessage",
    "EventKind",
    "ImportStatus",
    "ImportedContact",
    "InboundAction",
    "InboundMedia",
    "InboundMessage",
    "MediaStatus",
    "MessageTemplate",
    "MessagingSettings",
    "MonthSpending",
    "NewsKind",
    "NewsProblem",
    "Occurrence",
    "Outcome",
    "ParameterFormat",
    "PersonAddress",
    "ProvedAccount",
    "Provider",
    "Quality",
    "QuickReply",
    "Recipient",
    "RejectedRow",
    "Segment",
    "Sender",
    "SenderHealth",
    "SendingPace",
    "SeriesPause",
    "SeriesStatus",
    "Suppression",
    "SuppressionCategory",
    "SuppressionSource",
    "Tag",
    "TemplateCategory",
    "TemplateStatus",
    "ThreadNote",
    "TieSource",
    "UnknownPolicy",
    "WebhookNews",
    "WindowZone",
]
