"""The forms of requests to Twilio's Messages resource."""

from __future__ import annotations

import json
import uuid

from whatsapp.providers.base import Account, Message


def message_form(account: Account, message: Message) -> dict[str, str]:
    """Returns the form of a template message. The attempt is in the callback's address: Twilio echoes nothing else."""
    form = {
        "To": f"whatsapp:{message.address}",
        "ContentSid": message.template.external_id,
        "StatusCallback": f"{account.callback_url}?a={message.attempt_id}",
        **_from(account),
    }
    if message.template.variables:
        values = {variable.name: message.params[variable.key] for variable in message.template.variables}
        form["ContentVariables"] = json.dumps(values, ensure_ascii=False)
    return form


def text_form(account: Account, to: str, text: str, tracker: uuid.UUID | None = None) -> dict[str, str]:
    """Returns the form of a free text."""
    callback = {"StatusCallback": f"{account.callback_url}?a={tracker}"} if tracker else {}
    return {"To": f"whatsapp:{to}", "Body": text, **callback, **_from(account)}


def _from(account: Account) -> dict[str, str]:
    if account.number_id.startswith("MG"):
        return {"MessagingServiceSid": account.number_id}
    return {"From": f"whatsapp:{account.number_id}"}
