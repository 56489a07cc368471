"""The forms with which owners connect a number: a provider's ids and secrets, which are never shown again."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.models import Business
from whatsapp.models import Provider
from whatsapp.numbers.connecting import NO_ID, Number, is_id, secrets_of
from whatsapp.people.messaging_settings import region_of
from whatsapp.providers.base import Doubted, NotProved, ProviderUnavailable

LONGEST_SECRET = 1_000
_SID = re.compile(r"AC[0-9a-zA-Z]+")
_LEFT_TO_RIGHT = {"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}


class SecretField(forms.CharField):
    """A secret: it can be written, and is never shown, also not in a form that was refused."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "off", "dir": "ltr"}
        widget = forms.PasswordInput(render_value=False, attrs=attributes)
        super().__init__(strip=True, max_length=LONGEST_SECRET, widget=widget, **options)


class _ConnectForm(forms.Form):
    """What both providers need. `waiting`: the number was typed before, and its secrets are stored."""

    provider: Provider

    def __init__(self, *args: Any, business: Business, waiting: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.business = business
        if waiting:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = _("Leave empty to keep the one that you entered before.")

    def number(self) -> Number:
        """Returns what was typed, once the form is valid."""
        typed = self.cleaned_data
        account, secret = typed["account_id"], typed["secret"]
        secrets = secrets_of(self.provider, account, token=secret, app_secret=typed.get("app_secret", ""))
        phone = typed["number_id"] if self.provider == Provider.TWILIO else ""
        return Number(self.provider, typed["number_id"], account, secrets, phone)

    def refuse(self, problem: ProviderUnavailable) -> None:
        """Add what the provider refused, at the field that it is about; and what to do, if it did not answer."""
        doubted = problem.doubted if isinstance(problem, NotProved) else None
        if doubted is None:
            self.add_error(None, str(problem))
            return
        field, words = WORDS[self.provider].get(doubted, (None, str(problem)))
        self.add_error(field, words)


class CloudForm(_ConnectForm):
    """A number at Meta."""

    provider = Provider.CLOUD

    account_id = forms.CharField(
        label=_("WhatsApp Business account ID"),
        max_length=64,
        help_text=_("A long number. In some places Meta calls it WABA ID."),
        widget=forms.TextInput(attrs={**_LEFT_TO_RIGHT, "inputmode": "numeric"}),
    )
    number_id = forms.CharField(
        label=_("Phone number ID"),
        max_length=64,
        help_text=_("Also a long number, and not the phone number itself."),
        widget=forms.TextInput(attrs={**_LEFT_TO_RIGHT, "inputmode": "numeric"}),
    )
    secret = SecretField(
        label=_("Access token"), help_text=_("A system user's token that never expires: it begins with EAA.")
    )
    app_secret = SecretField(label=_("App secret"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = self.fields["app_secret"]
        if settings.WHATSAPP_APP_SECRET:
            own.help_text = _("Only if the token comes from a Meta app of your own. Otherwise leave it empty.")
        else:
            own.help_text = _("Of the Meta app that the token comes from. Meta signs its messages to us with it.")
            own.required = not options.get("waiting")

    def clean_account_id(self) -> str:
        """Refuse what can't be an account's id."""
        return _meta_id(self.cleaned_data["account_id"])

    def clean_number_id(self) -> str:
        """Refuse what can't be a number's id, and the phone number itself, which many take for it."""
        return _meta_id(self.cleaned_data["number_id"])

    def clean(self) -> dict[str, Any]:
        """Refuse one id twice."""
        typed = super().clean() or {}
        if typed.get("number_id") and typed.get("number_id") == typed.get("account_id"):
            self.add_error("number_id", _("This is the account's ID again. The number has an ID of its own."))
        return typed


class TwilioForm(_ConnectForm):
    """A number at Twilio."""

    provider = Provider.TWILIO

    account_id = forms.CharField(
        label=_("Account SID"),
        max_length=64,
        help_text=_("It begins with AC."),
        widget=forms.TextInput(attrs=_LEFT_TO_RIGHT),
    )
    secret = SecretField(label=_("Auth token"), help_text=_("It stands below the Account SID; press Show to see it."))
    number_id = WrittenPhoneNumberField(
        label=_("WhatsApp number"),
        help_text=_("As it stands in Twilio's list of WhatsApp senders, like +972501234567."),
        widget=forms.TextInput(attrs={"dir": "ltr", "type": "tel"}),
    )

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        super().__init__(data, *args, **options)
        number = self.fields["number_id"]
        assert isinstance(number, WrittenPhoneNumberField)  # noqa: S101 - as declared above
        number.region = region_of(self.business)

    def clean_account_id(self) -> str:
        """Refuse what can't be an account's SID, like that of an API key."""
        written: str = self.cleaned_data["account_id"]
        if not _SID.fullmatch(written) or not is_id(written):
            raise ValidationError(_("This is not an Account SID: it begins with AC, and letters and digits follow."))
        return written


FORMS: dict[str, type[_ConnectForm]] = {Provider.CLOUD: CloudForm, Provider.TWILIO: TwilioForm}


class SecretForm(forms.Form):
    """Another token for a number that is connected."""

    secret = SecretField()
    app_secret = SecretField(
        label=_("App secret"),
        required=False,
        help_text=_("Only if the new token comes from another Meta app than before."),
    )

    def __init__(self, *args: Any, provider: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.provider = provider
        self.fields["secret"].label = _("New access token") if provider == Provider.CLOUD else _("New auth token")
        if provider != Provider.CLOUD:
            del self.fields["app_secret"]

    def refuse(self, problem: ProviderUnavailable) -> None:
        """Say why the provider does not confirm the number with this token."""
        doubted = problem.doubted if isinstance(problem, NotProved) else None
        field, words = WORDS[self.provider].get(doubted, ("secret", str(problem))) if doubted else (None, str(problem))
        self.add_error(field if field in self.fields else "secret", words)


def _meta_id(written: str) -> str:
    tidy = re.sub(r"\s", "", written)
    if re.fullmatch(r"[+0][\d-]*", tidy):
        raise ValidationError(_("This looks like a phone number. The ID is a longer number, without + or 0 in front."))
    if not re.fullmatch(r"\d{1,25}", tidy):
        raise ValidationError(NO_ID % {"id": written})
    return tidy


_TAKEN = _(
    "Another business here has already connected this account or number. If it is yours, ask your operator: "
    "as soon as the other's token is no longer valid, you can connect it."
)
WORDS: dict[str, dict[Doubted, tuple[str | None, Any]]] = {
    Provider.CLOUD: {
        Doubted.TOKEN: ("secret", _("Meta does not know this token. Copy the whole of it, or make a new one.")),
        Doubted.TOKEN_EXPIRED: (
            "secret",
            _("This token has expired. Make one for a system user, and choose that it never expires."),
        ),
        Doubted.TOKEN_RIGHTS: (
            "secret",
            _(
                "This token lacks a permission. Make one with whatsapp_business_management and "
                "whatsapp_business_messaging."
            ),
        ),
        Doubted.APP_SECRET: ("app_secret", _("This is not the secret of the app that made the token.")),
        Doubted.NUMBER: (
            "number_id",
            _(
                "With this token Meta shows no number with this ID. Compare it digit by digit. If it is right, "
                "the token's system user lacks access to the WhatsApp account: assign it in the business settings."
            ),
        ),
        Doubted.ACCOUNT: (
            "account_id",
            _(
                "With this token Meta shows no WhatsApp account with this ID. Compare it digit by digit: the IDs of "
                "the app and of the business portfolio are others."
            ),
        ),
        Doubted.PAIR: (
            "number_id",
            _("Both exist, but this number is in another WhatsApp account. Compare the two IDs."),
        ),
        Doubted.TAKEN: ("account_id", _TAKEN),
    },
    Provider.TWILIO: {
        Doubted.TOKEN: (
            "secret",
            _("Twilio does not accept this token for this account. Compare both with the first page of its console."),
        ),
        Doubted.PAIR: (
            "number_id",
            _(
                "This Twilio account has no such number. Compare it with the list of WhatsApp senders; a number of a "
                "subaccount needs the subaccount's SID and token."
            ),
        ),
        Doubted.TAKEN: ("account_id", _TAKEN),
    },
}
"""What is said about each thing that a provider refuses, and at which field."""
