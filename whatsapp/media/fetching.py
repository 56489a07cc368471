"""Fetching one file: from the provider into a private file, judged by what arrived, and only then kept."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, Final

from django.conf import settings

from businesses import media_folder
from businesses.credentials import CredentialsUnreadable
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.media import claims, files, kinds
from whatsapp.media.claims import Claim
from whatsapp.media.kinds import Kind
from whatsapp.models import InboundMedia, MediaStatus, Sender
from whatsapp.providers.base import Account
from whatsapp.providers.media import MediaUnavailable, Sink
from whatsapp.providers.posting import open_session
from whatsapp.providers.registry import account_of, provider_for
from whatsapp.states import MediaProblem

logger = logging.getLogger(__name__)

WHOLE_TIMEOUT_S: Final = 60.0
"""For one file with all requests that it takes; a claim lasts longer."""


def fetch_due(*, clock: Callable[[], datetime], keep_going: Callable[[], bool]) -> int:
    """Fetch what is due until nothing is left, or `keep_going()` is false. Returns the number of files tried."""
    tried = 0
    while keep_going() and (claim := claims.claim_next(clock())):
        fetch(claim, clock=clock)
        tried += 1
    return tried


def fetch(claim: Claim, *, clock: Callable[[], datetime]) -> None:
    """Fetch a claimed file, and store how it went."""
    business = Business.objects.filter(pk=claim.business_id).first()
    if business is None:
        return
    with acting_for(business):
        media = InboundMedia.objects.select_related("message__sender").filter(pk=claim.media_id).first()
        if media is None:  # erased in between
            return
        try:
            kind, size = _fetch(media, claim)
        except MediaUnavailable as failure:
            _note_failure(media, claim, failure, clock())
            return
        except Exception:  # one file's trouble must not keep the others from being fetched
            logger.exception("media %s could not be fetched", media.pk)
            _note_failure(media, claim, MediaUnavailable(MediaProblem.UNREACHABLE), clock())
            return
        kept = {"status": MediaStatus.KEPT, "content_type": kind.content_type, "size": size, "kept_at": clock()}
        if not claims.settle(claim, **kept) and not InboundMedia.objects.filter(pk=media.pk).exists():
            files.drop(media.business_id, media.pk)  # the row was erased while its file arrived


def _note_failure(media: InboundMedia, claim: Claim, failure: MediaUnavailable, now: datetime) -> None:
    logger.info("media %s of business %s: %s, try %d", media.pk, media.business_id, failure.problem, media.tries)
    if failure.is_final:
        claims.give_up(claim, failure.problem)
    else:
        claims.put_off(claim, failure.problem, tries=media.tries, retry_after_s=failure.retry_after_s, now=now)


def _fetch(media: InboundMedia, claim: Claim) -> tuple[Kind, int]:
    """Returns what the file is, and its size, once it has its name in the storage. Raises `MediaUnavailable`."""
    try:
        with files.being_written(media, claim.token) as file:
            digest = hashlib.sha256()

            def write(piece: bytes) -> None:
                file.write(piece)
                digest.update(piece)

            sink = Sink(write, settings.WHATSAPP_MEDIA_MB * 1_000_000)
            told = asyncio.run(_download(_account(media.message.sender), media.reference, sink))
            file.flush()
            kind = _judge(file, media, told or media.told_sha256, digest.hexdigest())
            files.settle(media, claim.token)
    except OSError as error:
        media_folder.failed(error, folder=files.folder_of(media.business_id))
        raise MediaUnavailable(MediaProblem.NO_ROOM) from None
    return kind, sink.written


def _account(sender: Sender) -> Account:
    if not sender.is_proved or not sender.encrypted_credentials:  # disconnected since
        raise MediaUnavailable(MediaProblem.REFUSED, is_final=True)
    try:
        return account_of(sender)
    except CredentialsUnreadable:
        raise MediaUnavailable(MediaProblem.REFUSED, is_final=True) from None


async def _download(account: Account, reference: str, sink: Sink) -> str:
    try:
        async with asyncio.timeout(WHOLE_TIMEOUT_S), open_session(connections=1, timeout_s=WHOLE_TIMEOUT_S) as http:
            return await provider_for(account.provider).fetch_media(http, account, reference, sink)
    except TimeoutError:
        raise MediaUnavailable(MediaProblem.UNREACHABLE) from None


def _judge(file: BinaryIO, media: InboundMedia, told_sha256: str, sha256: str) -> Kind:
    """Returns what the content is. Raises `MediaUnavailable` for what is damaged or not taken."""
    if told_sha256 and told_sha256 != sha256:
        raise MediaUnavailable(MediaProblem.DAMAGED)
    kind = kinds.kind_of(file, media.told_type)
    if kind is None:
        is_error_page = not told_sha256 and kinds.is_page(file) and "html" not in media.told_type
        raise MediaUnavailable(
            MediaProblem.DAMAGED if is_error_page else MediaProblem.UNKNOWN_KIND, is_final=not is_error_page
        )
    return kind
