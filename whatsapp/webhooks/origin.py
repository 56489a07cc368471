"""Whose secret verified a webhook, and what such a webhook may therefore touch.

    provider   `verified_by` of the news                  speaks for the proved senders
    cloud      `INSTALLATION` (WHATSAPP_APP_SECRET)       that connected without an app secret of their own
    cloud      the key of a Meta app (`Sender.app_key`)   that connected with this app's secret
    twilio     the account's SID                          of this account
    sandbox    `INSTALLATION`                             of the stand-in
    any        NULL: taken in by the previous version     of the account that the news name

A sender that waits for its proof is touched by nothing. What is asked here is asked when a webhook comes in (which
secrets are tried) and again when its news are applied, because the sender may have been proved by another meanwhile.
"""

from __future__ import annotations

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from whatsapp.models import Provider, Sender, WebhookNews

INSTALLATION = "installation"


def senders_of(news: WebhookNews) -> QuerySet[Sender]:
    """Returns every sender that these news may touch; at Meta all of the installation's. Call it across businesses."""
    return Sender.objects.filter(_spoken_for(news), provider=news.provider, proved_account__isnull=False)


def account_of(news: WebhookNews, account_id: str) -> QuerySet[Sender]:
    """Returns the senders of an account that these news may touch: they all belong to one business."""
    return senders_of(news).filter(account_id=account_id).select_related("business")


def sender_of(news: WebhookNews, number_id: str) -> Sender | None:
    """Returns the sender that news about a number may touch: by the provider's id, at Twilio also by its phone.

    Only inside Twilio's account does a phone tell a number: a messaging service's id is not in its webhooks.
    """
    if not number_id:
        return None
    found = senders_of(news).select_related("business")
    by_id = found.filter(number_id=number_id).first()
    if by_id is None and news.provider == Provider.TWILIO:
        return found.filter(phone=number_id).order_by("created_at").first()
    return by_id


def may_touch(news: WebhookNews, sender: Sender) -> bool:
    """Returns whether these news may touch a sender that is in hand (`senders_of`, without a query)."""
    if sender.provider != news.provider or not sender.is_proved:
        return False
    match news.provider, news.verified_by:
        case _, None:
            return sender.account_id == news.account_id
        case Provider.CLOUD, _:
            return sender.app_key == _app_key(news)
        case Provider.TWILIO, _:
            return sender.account_id == news.verified_by
        case _:
            return news.verified_by == INSTALLATION


def _spoken_for(news: WebhookNews) -> Q:
    match news.provider, news.verified_by:
        case _, None:
            return Q(account_id=news.account_id)
        case Provider.CLOUD, _:
            return Q(app_key=_app_key(news))
        case Provider.TWILIO, _:
            return Q(account_id=news.verified_by)
        case _:
            return Q() if news.verified_by == INSTALLATION else Q(pk=None)


def _app_key(news: WebhookNews) -> str:
    return "" if news.verified_by == INSTALLATION else news.verified_by or "?"


def news_about(senders: QuerySet[Sender]) -> QuerySet[WebhookNews]:
    """Returns the news about these senders that they may be touched by: the other way round of `senders_of`.

    Whoever may read or remove news of a number goes through here: what waits for its proof has none.
    """
    told = senders.filter(proved_account__isnull=False, provider=OuterRef("provider")).annotate(
        signer=ExpressionWrapper(OuterRef("verified_by"), CharField())
    )
    signed = told.filter(
        Q(signer=None, account_id=OuterRef("account_id"))
        | Q(provider=Provider.TWILIO, account_id=F("signer"))
        | (~Q(provider=Provider.TWILIO) & (Q(app_key="", signer=INSTALLATION) | Q(app_key__gt="", app_key=F("signer"))))
    )
    number = Q(number_id=OuterRef("number_id")) | Q(provider=Provider.TWILIO, phone=OuterRef("number_id"))
    about_number = Exists(signed.filter(number))
    about_account = Exists(signed.filter(account_id=OuterRef("account_id")))
    return WebhookNews.objects.filter((~Q(number_id="") & Q(about_number)) | (Q(number_id="") & Q(about_account)))
