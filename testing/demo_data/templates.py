"""A WhatsApp number at Meta with templates of every kind and state, one that is blocked, and one that waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from businesses.models import Business
from testing.broadcasts import proved
from testing.demo_data import Keys
from whatsapp.models import MessageTemplate, ParameterFormat, Provider, Quality, Sender, SenderHealth, TemplateStatus
from whatsapp.numbers.template_sync import content_hash
from whatsapp.providers.base import RemoteTemplate
from whatsapp.reasons import Cause, reason

ACCOUNT = "102290129340398"


def add_senders(business: Business, *, now: datetime) -> Sender:
    """Create the clinic's number and one that needs attention. Returns the first."""
    common = {"business": business, "provider": Provider.CLOUD, "account_id": ACCOUNT, "checked_at": now}
    main = Sender(
        number_id="106540352242922",
        phone="+97235550100",
        display_name="מרפאת שיניים Demo Dental",
        throughput_mps=80.0,
        messaging_limit=10_000,
        quality=Quality.GREEN,
        last_status_event_at=now - timedelta(minutes=4),
        **common,
    )
    blocked = Sender(
        number_id="106540352242923",
        phone="+97235550177",
        display_name="Demo Dental – Haifa",
        quality=Quality.RED,
        health=SenderHealth.BLOCKED,
        **reason(
            Cause.PROVIDER_ERROR,
            provider="cloud",
            code="190",
            words="Error validating access token: the session has been invalidated.",
        ).kept(),
        **common,
    )
    for sender in (main, blocked):
        sender.set_credentials({"access_token": "nobody's"})
        proved(sender)
    return main


def add_waiting_sender(business: Business, *, now: datetime) -> Sender:
    """Create a number that its provider did not confirm. Returns it."""
    waiting = Sender(
        business=business,
        provider=Provider.CLOUD,
        number_id="106540352242999",
        account_id="102290129340399",
        checked_at=now,
        health=SenderHealth.BLOCKED,
        **reason(Cause.NUMBER_NOT_IN_ACCOUNT, number="106540352242999", account="102290129340399").kept(),
    )
    waiting.set_credentials({"access_token": "nobody's"})
    waiting.save()
    return waiting


def add(business: Business, *, now: datetime) -> dict[str, MessageTemplate]:
    """Create the templates. Returns them by a word for what is special about each."""
    made = {word: _row(business, now, number, **values) for number, (word, values) in enumerate(_ALL.items())}
    paused = made["paused"]
    paused.paused_until = now + timedelta(hours=3)
    paused.save()
    return made


def keys(templates: dict[str, MessageTemplate]) -> Keys:
    """Returns the templates' keys by the same words, as rows to look at."""
    return {word: str(template.pk) for word, template in templates.items()}


def _row(business: Business, now: datetime, number: int, **values: Any) -> MessageTemplate:
    defaults: dict[str, Any] = {
        "provider": Provider.CLOUD,
        "account_id": ACCOUNT,
        "provider_template_id": f"5943710820{number:03d}",
        "category": "MARKETING",
        "status": TemplateStatus.APPROVED,
        "quality": Quality.GREEN,
        "parameter_format": ParameterFormat.NAMED,
        "synced_at": now - timedelta(minutes=20),
    }
    row = MessageTemplate(business=business, **(defaults | values))
    row.content_hash = content_hash(
        RemoteTemplate(
            external_id=row.provider_template_id,
            name=row.name,
            language=row.language,
            category=row.category,
            status=row.status,
            parameter_format=row.parameter_format,
            quality=row.quality,
            components=row.components,
        )
    )
    row.save()
    return row


def _text(kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "text": text, **more}


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


_ALL: dict[str, dict[str, Any]] = {
    "rich": {
        "name": "autumn_checkup",
        "language": "he",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            _text(
                "BODY",
                "שלום {{first_name}},\nעברה יותר מחצי שנה מאז הביקור האחרון ב־Demo Dental.\n"
                "בדיקה תקופתית ב־{{price}} בלבד עד {{until}}.",
            ),
            _text("FOOTER", "להסרה השיבו: הסר"),
            _buttons(
                {"type": "URL", "text": "לקביעת תור", "url": "https://demo.example/book/{{1}}"},
                {"type": "PHONE_NUMBER", "text": "חיוג למרפאה", "phone_number": "+97235550100"},
                {"type": "QUICK_REPLY", "text": "הסר"},
            ),
        ],
    },
    "reminder": {
        "name": "appointment_tomorrow",
        "language": "he",
        "category": "UTILITY",
        "parameter_format": ParameterFormat.POSITIONAL,
        "components": [
            _text("HEADER", "תזכורת: {{1}}", format="TEXT"),
            _text("BODY", "שלום {{1}}, נזכיר שנקבע לך תור ל־{{2}} אצל {{3}}. אפשר לענות כאן לשינוי."),
        ],
    },
    "english": {
        "name": "whitening_offer",
        "language": "en_GB",
        "quality": Quality.YELLOW,
        "components": [
            _text("HEADER", "Hello {{first_name}}", format="TEXT"),
            _text("BODY", "Whitening at Demo Dental (מרפאת שיניים) is 15 % off until {{until}}. Your code is below."),
            _text("FOOTER", "Reply STOP to get no more messages"),
            _buttons({"type": "COPY_CODE", "text": "Copy code"}, {"type": "QUICK_REPLY", "text": "STOP"}),
        ],
    },
    "rejected": {
        "name": "win_a_prize",
        "language": "he",
        "status": TemplateStatus.REJECTED,
        "status_detail": "INVALID_FORMAT: the body ends with a variable.",
        "quality": Quality.UNKNOWN,
        "components": [_text("BODY", "זכית! לפרטים: {{link}}")],
    },
    "paused": {
        "name": "holiday_greetings",
        "language": "he",
        "status": TemplateStatus.PAUSED,
        "status_detail": "LOW_QUALITY",
        "quality": Quality.RED,
        "components": [_text("BODY", "חג שמח {{first_name}} מכל צוות המרפאה! 🕎")],
    },
    "pending": {
        "name": "new_branch_opening_announcement_for_existing_patients",
        "language": "en_US",
        "status": TemplateStatus.PENDING,
        "quality": Quality.UNKNOWN,
        "components": [_text("BODY", "We are opening in Haifa on {{date}}, {{first_name}}.")],
    },
    "unsupported": {
        "name": "satisfaction_survey",
        "language": "en_US",
        "components": [
            _text("BODY", "How was your visit, {{first_name}}?"),
            _buttons({"type": "FLOW", "text": "Answer three questions"}),
        ],
    },
}
