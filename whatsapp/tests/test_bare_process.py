"""A process apart yields to calls: it is nicer than ours, where the kernel weighs that against us."""

from __future__ import annotations

import os
import subprocess

import pytest

from whatsapp import bare_process

_TELL = """
import os
print(os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0), os.getpgid(0))
"""


@pytest.fixture(autouse=True)
def readers_do_not_give_way() -> None:
    """Here they do, as in production."""


def test_a_process_apart_is_nicer_within_our_session_and_gets_no_signals_of_our_terminal() -> None:
    with bare_process.start(_TELL, stdin=subprocess.DEVNULL) as process:
        said, _errors = process.communicate()
    niceness, session, group = map(int, said.split())
    assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 15)
    assert session == os.getsid(0), "Linux groups processes by session for scheduling; niceness counts only inside"
    assert group == process.pid
