"""An installation as it stands in public: web process, the shipped nginx with TLS before it, a certificate."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from testing import nginx
from testing.certificates import Certificate, certificate
from testing.check import PRODUCTION
from testing.databases import MigratedDatabase
from testing.servers import Daphne, web_processes
from testing.services import free_port

SECRETS = {
    **PRODUCTION,
    "REDIS_URL": "",
    "TWILIO_ACCOUNT_SID": f"AC{'5' * 32}",
    "TWILIO_AUTH_TOKEN": "a-token-of-the-account",
    "OPENAI_API_KEY": "sk-of-the-installation",
    "WHATSAPP_VERIFY_TOKEN": "a-word-that-was-chosen",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
}
del SECRETS["DATABASE_URL"]


@dataclass(frozen=True, slots=True)
class Installation:
    """What stands. `url` is its public address; `nginx` the configuration that is served."""

    url: str
    port: int
    daphne: Daphne
    made: Certificate
    folder: Path

    @contextmanager
    def proxy(self, **replaced: str) -> Iterator[None]:
        """Have nginx with TLS before it for the block, with parts of its configuration replaced."""
        text = nginx.of_one_machine(
            folder=self.folder, port=self.port, upstream=self.daphne.port, full=self.daphne.port
        )
        tls = (
            f"listen 127.0.0.1:{self.port} ssl; ssl_certificate {self.made.chain}; ssl_certificate_key {self.made.key};"
        )
        text = text.replace(f"listen 127.0.0.1:{self.port};", tls)
        for old, new in replaced.items():
            assert old in text, old
            text = text.replace(old, new)
        with nginx.served(text, folder=self.folder, port=self.port):
            yield


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase
) -> Iterator[Installation]:
    """The web process; its proxy is for each test to start."""
    folder, port = tmp_path_factory.mktemp("installation"), free_port()
    folder.chmod(0o755)
    made, url = certificate(folder), f"https://localhost:{port}"
    with web_processes(folder, migrated_database) as start:
        daphne = start(beside=None, **{**SECRETS, "PUBLIC_URL": url})
        yield Installation(url, port, daphne, made, folder)


@pytest.fixture
def public(installation: Installation, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The same, with the settings of this process those of the installation."""
    monkeypatch.setenv("SSL_CERT_FILE", str(installation.made.authority))
    settings.PUBLIC_URL, settings.DEBUG = installation.url, False
    settings.TWILIO_AUTH_TOKEN = SECRETS["TWILIO_AUTH_TOKEN"]
    settings.WHATSAPP_VERIFY_TOKEN = SECRETS["WHATSAPP_VERIFY_TOKEN"]
    return installation


def with_certificate(installed: Installation, *, name: str = "localhost", days: int) -> Installation:
    """Returns the installation with another certificate, which is trusted."""
    folder = installed.folder / f"{name}-{days}"
    folder.mkdir(exist_ok=True)
    made = certificate(folder, name=name, days=days)
    os.environ["SSL_CERT_FILE"] = str(made.authority)
    return replace(installed, made=made)
