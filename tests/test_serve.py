"""`manage.py serve`, which `make run` calls: what it refuses, seeds and announces, and that its child ends with it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from businesses.models import Business, Membership, PhoneNumber, Role, User
from businesses.tenancy import acting_for
from frontdesk import demo
from frontdesk.management.commands import serve
from frontdesk.management.commands.serve import announced
from testing import services
from testing.databases import ROOT, MigratedDatabase, without_test_settings
from whatsapp.models import MessageTemplate, Sender

# Runs a child that ends only when it is told to, and prints its process id.
PARENT_OF_A_CHILD = """
import sys
from frontdesk import children

child = [sys.executable, "-c", "import os, signal; print(os.getpid(), flush=True); signal.pause()"]
with children.running(child, on_early_end=print):
    sys.stdin.read()
"""


# As `manage.py serve` does, and nothing has loaded Daphne before.
SERVED = """
import django
django.setup()
from frontdesk import asgi
from frontdesk.web_server import WebServer
from twisted.internet import asyncioreactor, reactor

assert isinstance(reactor, asyncioreactor.AsyncioSelectorReactor), reactor
assert asgi.reactor is reactor
print("all is well")
"""


def test_background_work_begins_with_the_reactor_that_serves() -> None:
    started = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", SERVED],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "frontdesk.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.stdout == "all is well\n", started.stderr


@pytest.mark.django_db
def test_a_taken_port_is_refused_before_anything_is_done(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PORT_WAIT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {settings.PORT} is taken.*make run PORT="):
            call_command("serve")
    assert not Business.objects.exists()


def test_a_port_that_an_earlier_run_still_holds_is_waited_for() -> None:
    """The first look finds it taken and says so; by then the earlier run has ended."""
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]

    class Said:
        def write(self, line: str) -> None:
            assert "waiting for an earlier run" in line
            other.close()

        def flush(self) -> None: ...

    command = serve.Command()
    command.stdout = Said()  # type: ignore[assignment]
    command.require_free_port(port, "PORT")
    assert serve.is_free(port)


@pytest.mark.timeout(300)
def test_it_ends_without_an_error(tmp_path: Path, migrated_database: MigratedDatabase) -> None:
    """On PostgreSQL what was opened before the server's pool can't be given back to it."""
    own = {"PORT": str(services.free_port()), "OPENAI_API_KEY": "none", "MEDIA_ROOT": str(tmp_path)}
    own |= {"REDIS_URL": "", "DEBUG": "1", "ENV_FILE": os.devnull}
    with migrated_database() as url:
        serving = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=without_test_settings({**os.environ, **own, "DATABASE_URL": url}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        listens = serve.listens_within(120, int(own["PORT"]))
        serving.terminate()
        said, _errors = serving.communicate(timeout=30)
    assert listens, said.decode()
    assert b"Traceback" not in said, said.decode()


@pytest.mark.django_db
def test_the_demo_login_is_refused_in_production(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="--demo makes a login that everyone knows"):
        call_command("serve", "--demo")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_demo_business_has_what_a_first_call_needs(settings: Settings) -> None:
    settings.DEBUG = True  # without it there is no stand-in for WhatsApp, and no demo
    assert demo.seed() is True
    business = Business.objects.get(slug=demo.SLUG)
    assert (business.language, bool(business.greeting_text), bool(business.instructions)) == ("en", True, True)
    assert PhoneNumber.objects.get().number == demo.PHONE
    with acting_for(business):
        owner = Membership.objects.get(role=Role.OWNER).user
        assert Sender.objects.get().provider == "sandbox"
        assert MessageTemplate.objects.filter(status="APPROVED").exists()
    assert owner.email == demo.OWNER_EMAIL
    assert owner.check_password(demo.OWNER_PASSWORD)


@pytest.mark.django_db
def test_seeding_again_keeps_what_its_owner_has_changed(settings: Settings) -> None:
    settings.DEBUG = True
    demo.seed()
    Business.objects.update(greeting_text="Changed.")
    assert demo.seed() is False
    assert Business.objects.get().greeting_text == "Changed."


def test_the_address_is_announced_while_it_is_served(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path
    with announced("http://127.0.0.1:8000"):
        assert (tmp_path / "serving").read_text() == "http://127.0.0.1:8000"
    assert not (tmp_path / "serving").exists()


def test_the_announcement_of_a_later_server_stays(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path
    with announced("http://127.0.0.1:8000"):
        (tmp_path / "serving").write_text("http://127.0.0.1:8010")
    assert (tmp_path / "serving").read_text() == "http://127.0.0.1:8010"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, None], ids=["SIGTERM", "SIGKILL", "at its end"])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child when its parent is killed")
def test_a_child_ends_with_its_parent(how: signal.Signals | None) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT_OF_A_CHILD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin
    assert parent.stdout
    assert int(parent.stdout.readline()) != parent.pid
    if how is None:
        parent.stdin.close()
    else:
        parent.send_signal(how)
    assert parent.stdout.read() == b""  # end of file: both processes have ended
    parent.wait()
