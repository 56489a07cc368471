"""A real Daphne process: what it says about itself, and how it stops."""

import signal

from testing.servers import StartDaphne


def test_it_is_ready(daphne: StartDaphne) -> None:
    assert daphne().ready() == {"ready": True, "problems": [], "live_calls": 0}


def test_it_says_which_settings_suit_only_a_developers_machine(daphne: StartDaphne) -> None:
    server = daphne(TWILIO_AUTH_TOKEN="", OPENAI_API_KEY="")
    assert "TWILIO_AUTH_TOKEN is not set: anyone may post webhooks" in server.log
    assert "OPENAI_API_KEY is not set: the stand-in engine" in server.log


def test_it_ends_on_sigterm_when_no_call_is_running(daphne: StartDaphne) -> None:
    server = daphne()
    assert server.stop(signal.SIGTERM) == 0
    assert "Stopping: no new calls, waiting at most 600 s for 0" in server.log


def test_it_ends_on_ctrl_c(daphne: StartDaphne) -> None:
    assert daphne().stop(signal.SIGINT) == 0
