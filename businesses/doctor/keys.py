"""Do FIELD_ENCRYPTION_KEYS open what is stored? With other keys every credential is lost, and nothing else says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from allauth.mfa.models import Authenticator

from businesses import credentials
from businesses.credentials import CredentialsUnreadable
from businesses.doctor import table
from businesses.doctor.table import Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.models import AddressKey
from businesses.signing_in.kept_secrets import kept_secrets
from businesses.tenancy import across_businesses


def register() -> None:
    """Have them tried."""
    table.register("keys", _checks, needs=(table.TABLES,))


def opened(texts: Iterable[str]) -> Verdict:
    """Returns whether every one of these encrypted texts can be read."""
    tried = closed = 0
    for text in texts:
        tried += 1
        try:
            credentials.decrypt_text(text)
        except CredentialsUnreadable:
            closed += 1
    if not tried:
        return not_tried("None is stored yet.")
    if not closed:
        return ok(f"All {tried} can be read.")
    return wrong(
        f"{closed} of {tried} can't be read with these FIELD_ENCRYPTION_KEYS.",
        "Append the key with which they were stored to the end of FIELD_ENCRYPTION_KEYS and restart every process. "
        "If it is lost, the credentials are: enter them again.",
    )


def _checks() -> Iterator[Check]:
    yield Check("second factors", lambda: opened(_second_factors()))
    yield Check("fingerprints of erased people", lambda: opened(_address_keys()))


def _second_factors() -> Iterator[str]:
    for each in Authenticator.objects.iterator():
        yield from filter(credentials.is_encrypted, kept_secrets(each))


def _address_keys() -> Iterator[str]:
    with across_businesses():  # the keys belong to the installation
        yield from AddressKey.objects.values_list("encrypted_key", flat=True).iterator()
