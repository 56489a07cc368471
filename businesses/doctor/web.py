"""Asking an address over HTTP(S), and what it means that there is no answer or not ours."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from businesses.doctor.table import ASK_S
from businesses.doctor.verdicts import Verdict, wrong

MOST_READ = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `headers` have lower-case names. Redirects are not followed."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def fetch(url: str, *, form: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Returns the answer to a GET, or to a POST if there is a form. Raises `OSError` or `HTTPException`."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ASK_S)
    content = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("GET" if form is None else "POST", path, form, {**content, **(headers or {})})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, answer.read(MOST_READ), told)
    finally:
        connection.close()


def no_answer(error: Exception, url: str) -> Verdict:
    """Returns what it means that an address gave no answer."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme in {"https", "wss"} else 80)
    match error:
        case ssl.SSLCertVerificationError():
            return wrong(
                f"The certificate of {host} is not accepted: {error.verify_message}.",
                "Renew it (certbot renew) or install one for this name with its whole chain, then nginx -s reload. "
                "Twilio and Meta refuse it as well.",
            )
        case ssl.SSLError():
            return wrong(f"{host}:{port} does not speak TLS.", "In the proxy, listen on that port with ssl.")
        case socket.gaierror():
            return wrong(
                f"The name {host} is not known.", "Enter an A record (and AAAA) for it at your DNS provider, or wait."
            )
        case ConnectionRefusedError():
            return wrong(f"Nothing listens at {host}:{port}.", "Start the proxy, and let it listen on that port.")
        case TimeoutError():
            return wrong(
                f"{host}:{port} does not answer within {ASK_S:g} s.",
                f"Let port {port} through the firewall. If it answers elsewhere and not from this machine, put the "
                "name into /etc/hosts with an inner address.",
            )
    return wrong(f"{host}:{port} broke off: {type(error).__name__}.", "Look into the error log of the proxy.")


def not_ours(answer: Answer) -> Verdict:
    """Returns what it means that something else answered than what was asked for."""
    says = f"The answer is {answer.status}."
    match answer.status:
        case 301 | 302 | 307 | 308:
            mend = "The proxy must tell that the request came by https: proxy_set_header X-Forwarded-Proto https;"
        case 400:
            mend = "The name must be in ALLOWED_HOSTS, and the proxy pass it on: proxy_set_header Host $host;"
        case 404:
            mend = (
                "Something else answers at this address. Let the proxy pass every path on, as deploy/nginx.conf does."
            )
        case 413:
            mend = "The proxy's client_max_body_size is too small. Take over the locations of deploy/nginx.conf."
        case 502 | 503 | 504:
            mend = "The proxy does not reach a web process. Start one on the port that the proxy names as upstream."
        case _:
            mend = "Look into the logs of the proxy and of the web processes."
    return wrong(says, mend)
