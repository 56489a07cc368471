"""The events of `account_update`: which of them stop an account from sending, and which let it send again. Pure.

Meta: webhooks/reference/account_update (April 2026). Most events are news of prices, partners or papers. What is
not known here stops nothing: if the account really can't send, the answer to the next message says so.

    event                                        effect
    ACCOUNT_DELETED                              stops
    ACCOUNT_OFFBOARDED                           stops    the number moved to another device or was registered anew
    ACCOUNT_RECONNECTED                          lifts
    ACCOUNT_RESTRICTION                          stops    unless all that it forbids is in `_HARMLESS`
    ACCOUNT_VIOLATION                            -        a warning; a restriction or a ban has an event of its own
    AD_ACCOUNT_LINKED                            -
    AUTH_INTL_PRICE_ELIGIBILITY_UPDATE           -
    BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE     -
    DISABLED_UPDATE                              by `waba_ban_state`: DISABLE stops, REINSTATE lifts,
                                                 SCHEDULE_FOR_DISABLE is a warning: the account still sends
    MM_LITE_TERMS_SIGNED                         -
    PARTNER_ADDED                                -
    PARTNER_APP_INSTALLED                        -
    PARTNER_APP_UNINSTALLED                      -        perhaps another app; if it was ours, our token is refused
    PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE   -
    PARTNER_REMOVED                              stops    the account is no longer shared with us
    REINSTATED                                   lifts
    VERIFIED_ACCOUNT                             -
    VOLUME_BASED_PRICING_TIER_UPDATE             -
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any


class Effect(StrEnum):
    """What an event does to sending."""

    STOPS = "stops"
    LIFTS = "lifts"
    NONE = "none"


EFFECTS: Mapping[str, Effect] = {
    "ACCOUNT_DELETED": Effect.STOPS,
    "ACCOUNT_OFFBOARDED": Effect.STOPS,
    "ACCOUNT_RECONNECTED": Effect.LIFTS,
    "ACCOUNT_VIOLATION": Effect.NONE,
    "AD_ACCOUNT_LINKED": Effect.NONE,
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE": Effect.NONE,
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": Effect.NONE,
    "MM_LITE_TERMS_SIGNED": Effect.NONE,
    "PARTNER_ADDED": Effect.NONE,
    "PARTNER_APP_INSTALLED": Effect.NONE,
    "PARTNER_APP_UNINSTALLED": Effect.NONE,
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE": Effect.NONE,
    "PARTNER_REMOVED": Effect.STOPS,
    "REINSTATED": Effect.LIFTS,
    "VERIFIED_ACCOUNT": Effect.NONE,
    "VOLUME_BASED_PRICING_TIER_UPDATE": Effect.NONE,
}
"""By event, except `ACCOUNT_RESTRICTION` and `DISABLED_UPDATE`, whose details decide."""

_BAN_STATES: Mapping[str, Effect] = {
    "DISABLE": Effect.STOPS,
    "REINSTATE": Effect.LIFTS,
    "SCHEDULE_FOR_DISABLE": Effect.NONE,
}
_HARMLESS = frozenset(
    {
        "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
        "RESTRICTED_UTILITY_TEMPLATES",  # making them; those that are approved can be sent
        "RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES",  # a way of sending that we don't use
    }
)
"""Restrictions that leave approved templates and replies alone. Others forbid to send: those of messages that the
business or a customer initiates, and one that is not known yet is taken for one of these."""


def effect_of(event: str, details: Mapping[str, Any]) -> Effect:
    """Returns what an event does to sending; `details` is the whole `value` of the change."""
    match event:
        case "ACCOUNT_RESTRICTION":
            kinds = set(_restrictions(details.get("restriction_info")))
            return Effect.NONE if kinds and kinds <= _HARMLESS else Effect.STOPS
        case "DISABLED_UPDATE":
            ban = details.get("ban_info")
            state = ban.get("waba_ban_state") if isinstance(ban, Mapping) else None
            return _BAN_STATES.get(str(state).upper(), Effect.STOPS)
        case _:
            return EFFECTS.get(event, Effect.NONE)


def _restrictions(told: Any) -> Iterator[str]:
    for one in [told] if isinstance(told, Mapping) else told if isinstance(told, list) else []:
        yield str(one.get("restriction_type", "")).upper() if isinstance(one, Mapping) else ""
