"""A real Daphne process: the remarks that it logs, and how it stops."""

import signal

from testing.servers import StartDaphne
from testing.services import free_port

WAIT_FOR_AN_ATTEMPT = """
import time
from businesses.tenancy import across_businesses
from calls.models import GreetingAudio

give_up_at = time.monotonic() + 30
with across_businesses():
    while not GreetingAudio.objects.exclude(attempts=0) and time.monotonic() < give_up_at:
        time.sleep(0.1)
    print("attempted:", *GreetingAudio.objects.filter(attempts__gt=0).values_list("state", flat=True))
"""


def test_it_is_ready(daphne: StartDaphne) -> None:
    unchecked: dict[str, object] = {"checked_at": None, "problems": []}
    ready = daphne().ready()
    assert isinstance(ready.pop("background"), dict)
    none: dict[str, object] = {"problems": []}
    assert ready == {"ready": True, "problems": [], "live_calls": 0, "models": unchecked, "openai": none}


def test_it_says_which_settings_suit_only_a_developers_machine(daphne: StartDaphne) -> None:
    server = daphne(TWILIO_AUTH_TOKEN="", OPENAI_API_KEY="")
    assert "TWILIO_AUTH_TOKEN is not set: anyone may post webhooks" in server.log
    assert "OPENAI_API_KEY is not set: the stand-in engine" in server.log


def test_it_ends_on_sigterm_when_no_call_is_running(daphne: StartDaphne) -> None:
    server = daphne()
    assert server.stop(signal.SIGTERM) == 0, server.log
    assert "Stopping: no new calls, waiting at most 600 s for 0" in server.log


def test_it_ends_on_ctrl_c(daphne: StartDaphne) -> None:
    server = daphne()
    assert server.stop(signal.SIGINT) == 0, server.log


def test_without_redis_it_does_the_background_work_itself(daphne: StartDaphne) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    server = daphne(REDIS_URL="", OPENAI_API_KEY="not-a-key", OPENAI_BASE_URL=nobody)
    server.manage("create_business", "acme", "--name", "Acme", "--phone", "+15005550006", "--greeting", "Hello there.")
    attempted = server.manage("shell", "--no-imports", "-c", WAIT_FOR_AN_ATTEMPT)
    assert attempted == "attempted: pending\n", server.log
