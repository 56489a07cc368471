"""The shipped configurations of the proxy, served by Debian's nginx before web processes of a test."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.databases import ROOT
from testing.services import free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
DEPLOY = ROOT / "deploy"
NEW_IN_1_27 = " resolve "
"""Debian's nginx is older than the one of docker-compose.yml, which asks for a name again when its address changes."""


def command_for(text: str, *, folder: Path) -> list[str]:
    """Write the configuration into the folder. Returns how nginx is started with it; fails if nginx refuses it."""
    user = "user root;" if os.geteuid() == 0 else ""  # otherwise its workers couldn't use the folder
    (folder / "nginx.conf").write_text(f"{user} daemon off;\n{text}")
    command = [NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    subprocess.run([*command, "-t"], check=True)
    return command


@contextmanager
def served(text: str, *, folder: Path, port: int) -> Iterator[None]:
    """Run nginx with this configuration for the block, which begins when it listens on the port."""
    command = command_for(text, folder=folder)
    nginx = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield
    finally:
        nginx.terminate()
        nginx.wait()


def of_one_machine(*, folder: Path, port: int, upstream: int, full: int) -> str:
    """Returns deploy/nginx.conf, which Debian's nginx includes, on a port without TLS and before two web processes."""
    text = (DEPLOY / "nginx.conf").read_text()
    assert "listen 443 ssl;" in text
    text = _with_includes(text, "/srv/frontdesk/deploy").replace("/var/log/nginx", str(folder))
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("127.0.0.1:8001", f"127.0.0.1:{full}")
    return f"pid {folder}/pid;\n{_mains(folder)}\nhttp {{\n{_temporary(folder)}\n{text}\n}}\n"


def of_compose(*, folder: Path, port: int, upstream: int, full: int) -> str:
    """Returns the whole configuration of the proxy in docker-compose.yml, likewise."""
    text = _with_includes((DEPLOY / "compose" / "nginx.conf").read_text(), "/etc/nginx/frontdesk")
    text = text.replace("user nginx;\n", "").replace("pid /run/nginx.pid;", f"pid {folder}/pid;")
    text = text.replace("web-1:8000", f"127.0.0.1:{upstream}").replace("web-2:8000", f"127.0.0.1:{full}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};").replace(NEW_IN_1_27, " ")
    lines = [line for line in text.splitlines() if "ssl_" not in line]
    text = "\n".join(lines).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    return text.replace("http {", f"http {{\n{_temporary(folder)}", 1)


def _mains(folder: Path) -> str:
    """Returns what Debian's nginx.conf has outside of `http`, changed by the command of docs/deploy.md."""
    shutil.copy("/etc/nginx/nginx.conf", folder / "debians.conf")
    (command,) = re.findall(
        r"^sed -i '.*worker_connections.*$", (ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE
    )
    subprocess.run([*shlex.split(command)[:-1], folder / "debians.conf"], check=True)
    text = (folder / "debians.conf").read_text().partition("http {")[0]
    return re.sub(r"^(user|pid|error_log|include) .*$", "", text, flags=re.MULTILINE)


def _with_includes(text: str, place: str) -> str:
    """Returns the text with the shipped files in place of their names. Compose mounts one of two as `media.conf`."""
    shipped = {"media.conf": DEPLOY / "compose" / "media-web.conf"}
    return re.sub(
        rf"include {place}/([-\w.]+);", lambda found: shipped.get(found[1], DEPLOY / found[1]).read_text(), text
    )


def _temporary(folder: Path) -> str:
    """Returns directives without which it writes into folders of the system."""
    return "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )


def _wait_for(port: int) -> None:
    give_up_at = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < give_up_at, "nginx does not listen"
            time.sleep(0.05)
