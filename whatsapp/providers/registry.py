"""Which provider a sender uses, and our rows in the form that providers take."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from businesses.credentials import CredentialsUnreadable
from whatsapp.models import Broadcast, MessageTemplate, Sender
from whatsapp.providers.base import Account, ProviderClient, Template
from whatsapp.providers.cloud.client import CloudProvider
from whatsapp.providers.cloud.templates import CloudTemplates
from whatsapp.providers.sandbox.client import SandboxProvider
from whatsapp.providers.sandbox.own_templates import SandboxTemplates
from whatsapp.providers.template_keeping import TemplateKeeper
from whatsapp.providers.twilio.client import TwilioProvider
from whatsapp.template_variables import variables_of

PROVIDERS: Mapping[str, ProviderClient] = {
    provider.name: provider for provider in (CloudProvider(), TwilioProvider(), SandboxProvider())
}


TEMPLATE_KEEPERS: Mapping[str, TemplateKeeper] = {"cloud": CloudTemplates(), "sandbox": SandboxTemplates()}
"""Providers at which templates can be written here."""


def provider_for(name: str) -> ProviderClient:
    """Returns the provider with this name (`Sender.provider`)."""
    return PROVIDERS[name]


def account_of(sender: Sender) -> Account:
    """Returns the sender as an account, with its secrets decrypted.

    Raises:
        CredentialsUnreadable: no key opens them, or the number was disconnected and has none.
    """
    if not sender.encrypted_credentials:
        raise CredentialsUnreadable
    api_urls = {"cloud": settings.WHATSAPP_API_URL, "twilio": settings.TWILIO_API_URL}
    return Account(
        provider=sender.provider,
        number_id=sender.number_id,
        account_id=sender.account_id,
        phone=sender.phone,
        api_url=api_urls.get(sender.provider, ""),
        callback_url=f"{settings.PUBLIC_URL}/whatsapp/webhooks/{sender.provider}/",
        secrets=sender.credentials,
    )


def template_of(broadcast: Broadcast) -> Template:
    """Returns the broadcast's frozen template."""
    return Template(
        external_id=broadcast.template.provider_template_id,
        name=broadcast.template_name,
        language=broadcast.template_language,
        category=broadcast.template_category,
        parameter_format=broadcast.template_format,
        variables=variables_of(broadcast.template_components, broadcast.template_format),
    )


def template_as_it_is(template: MessageTemplate) -> Template:
    """Returns a template as the provider last reported it."""
    return Template(
        external_id=template.provider_template_id,
        name=template.name,
        language=template.language,
        category=template.category,
        parameter_format=template.parameter_format,
        variables=variables_of(template.components, template.parameter_format),
    )
