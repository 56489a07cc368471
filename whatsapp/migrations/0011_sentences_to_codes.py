"""Turns stored sentences into codes and data; one that can't be read is kept as it is, under the code "other".

In chunks, each in its own transaction, and repeatable: a row that has its code already is left alone. What the
sentences were is frozen in `old_sentences.json`, in both languages in which they were stored.
"""

import json
import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from django.db import migrations, transaction

CHUNK = 500
OLD = json.loads((Path(__file__).parent / "old_sentences.json").read_text(encoding="utf-8"))


def pattern(template):
    parts = re.split(r"%\((\w+)\)s", template)
    written = "".join(f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return max(parts[::2], key=len), re.compile(written, re.DOTALL)


SENTENCES = [
    (code, *pattern(template))
    for code, *templates in sorted(OLD["sentences"], key=lambda one: -len(re.sub(r"%\(\w+\)s", "", one[1])))
    for template in templates
    if template
]
STATUSES = [(code, label) for code, *labels in OLD["template_statuses"] for label in labels]
KINDS = {"sent again": "sent_again", "assumed sent": "assumed_sent"}
KNOWN_KINDS = {
    *("created", "scheduled", "started", "missed", "failed", "running", "resumed", "cancelled", "ended", "completed"),
    *("reopened", "retried"),
}


@lru_cache(maxsize=10_000)
def reason_from(text, provider=""):
    """Returns the code and the data of a sentence; ("", {}) of one that says nothing of its own."""
    text = text.strip()
    if not text or text in OLD["no_reason"]:
        return "", {}
    for code, label in STATUSES:  # "Paused for its quality FLAGGED"
        if text == label or text.startswith(f"{label} "):
            return "template_status", {"status": code, "words": text[len(label) :].strip()}
    for code, hint, sentence in SENTENCES:
        if hint in text and (found := sentence.fullmatch(text)):
            return filled(code, found.groupdict())
    return error_from(text, provider) or ("other", {"text": text})


def filled(code, data):
    if code == "template_status":
        data = {"status": next((one for one, label in STATUSES if label == data["status"]), data["status"]), "words": ""}
    return code, data


def error_from(text, provider):
    """The error of a provider: "explanation (131009 words)", or "explanation (words)" if one code alone has it."""
    provider = "cloud" if provider == "sandbox" else provider
    for owner, *explanations, only in OLD["explanations"]:
        for explanation in filter(None, explanations):
            if owner == provider and text.startswith(explanation):
                rest = text[len(explanation) :].strip().removeprefix("(").removesuffix(")")
                code, _blank, words = rest.partition(" ")
                if code.isdigit():
                    return "provider_error", {"provider": provider, "code": code, "words": words}
                return ("provider_error", {"provider": provider, "code": only, "words": rest}) if only else None
    return None


def event_from(event, provider):
    """Returns kind and data of a line of a history."""
    what, detail = event.what, event.detail.strip()
    name, _colon, reason = what.partition(": ")
    if name == "paused":
        return "paused", {"pause_reason": reason, **cause(detail, provider)}
    kind = KINDS.get(what, what)
    if kind not in KNOWN_KINDS | set(KINDS.values()):
        return "other", {"cause": "other", "cause_data": {"text": f"{what} {detail}".strip()}}
    return kind, facts(kind, detail, event.at) or cause(detail, provider)


def cause(text, provider):
    code, data = reason_from(text, provider)
    return {"cause": code, "cause_data": data} if code else {}


def facts(kind, detail, at):
    """The data of what has a form of its own; {} for anything else."""
    if kind == "running" and (found := re.fullmatch(r"(\d+) people", detail)):
        return {"people": int(found[1])}
    if kind == "retried" and (found := re.search(r"\d+", detail)):
        return {"people": int(found[0])}
    if kind == "started" and (found := re.fullmatch(r"(\d+) s late", detail)):
        return {"late_s": int(found[1])}
    if kind == "started" and detail == "on schedule":
        return {"late_s": 0}
    if kind == "scheduled" and (found := re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d) (\S+)", detail)):
        return {"wall_time": found[1], "zone": found[2]}
    if kind == "missed" and (found := re.fullmatch(r"It had to start by (\d\d):(\d\d) UTC\.", detail)):
        latest = datetime.combine(at.astimezone(UTC).date(), time(int(found[1]), int(found[2])), UTC)
        return {"not_after": (latest if latest <= at else latest - timedelta(days=1)).isoformat()}
    return {}


def chunks(rows):
    """The rows, in chunks that are each written in a transaction; it goes by key, so every row is looked at once."""
    rows, last = rows.order_by("pk"), None
    while True:
        with transaction.atomic():
            chunk = list((rows if last is None else rows.filter(pk__gt=last))[:CHUNK])
            if not chunk:
                return
            yield chunk
        last = chunk[-1].pk


def give_reasons(rows, column, provider_of, clear=False):
    for chunk in chunks(rows.filter(cause="").exclude(**{column: ""})):
        for row in chunk:
            row.cause, row.cause_data = reason_from(getattr(row, column), provider_of(row))
            if clear:
                setattr(row, column, "")
        rows.model.objects.bulk_update(chunk, ["cause", "cause_data", *([column] if clear else [])])


def strip_explanations(rows):
    """A message to one person kept our explanation before the provider's words; what is ours is told by the code."""
    for chunk in chunks(rows.exclude(error_code="").exclude(error_text="")):
        for row in chunk:
            provider = "cloud" if row.provider == "sandbox" else row.provider
            for owner, *explanations, _only in OLD["explanations"]:
                for explanation in filter(None, explanations):
                    if owner == provider and row.error_text.startswith(explanation):
                        row.error_text = row.error_text[len(explanation) :].strip().removeprefix("(").removesuffix(")")
        rows.model.objects.bulk_update(chunk, ["error_text"])


def forwards(apps, schema_editor):
    def rows(name):
        return apps.get_model("whatsapp", name).objects.using(schema_editor.connection.alias).all()

    give_reasons(rows("Broadcast").select_related("sender"), "status_detail", lambda row: row.sender.provider)
    give_reasons(rows("Sender"), "health_detail", lambda row: row.provider)
    give_reasons(rows("ContactImport"), "error", lambda row: "")
    give_reasons(rows("RejectedRow"), "reason", lambda row: "")
    give_reasons(rows("Recipient").filter(status="skipped"), "error_text", lambda row: "", clear=True)
    give_reasons(rows("DirectMessage").filter(status="failed", error_code=""), "error_text", lambda row: "", clear=True)
    strip_explanations(rows("DirectMessage"))
    for gone in OLD["no_reason"]:
        rows("Recipient").filter(status="unknown", error_text=gone).update(error_text="")
    for code, *labels in OLD["consent_sources"]:
        rows("Contact").filter(consent_source__in=labels).update(consent_source=code)
    for chunk in chunks(rows("BroadcastEvent").filter(kind="").select_related("broadcast__sender")):
        for event in chunk:
            event.kind, event.data = event_from(event, event.broadcast.sender.provider)
        rows("BroadcastEvent").bulk_update(chunk, ["kind", "data"])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('whatsapp', '0010_reasons_as_codes'),
    ]

    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True),
    ]
