from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from calls.sandbox.openai.scenario import (
    BadScenario,
    ConnectionFault,
    DropConnection,
    Refuse,
    ResponseFault,
    Scenario,
    load,
)
from calls.sandbox.receptionist.engine import CallTool, Say
from testing.databases import ROOT

pytestmark = pytest.mark.once

DOCS = ROOT / "docs" / "sandbox.md"


def test_a_file_says_what_goes_wrong(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(
        '{"faults": [{"kind": "refuse", "status": 429, "times": 2}, {"kind": "drop_connection", "after_deltas": 3}],'
        ' "replies": [[{"words": "Hello."}, {"name": "end_call"}]], "speed": 8}'
    )
    assert load(file) == Scenario(
        faults=(Refuse(status=429, times=2), DropConnection(after_deltas=3)),
        replies=((Say("Hello."), CallTool("end_call")),),
        speed=8,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Invalid JSON"),
        ('{"faults": [{"kind": "explode"}]}', "explode"),
        ('{"faults": [{"kind": "refuse", "staus": 401}]}', "staus"),
        ('{"fault": []}', "fault"),
        ('{"faults": [{"kind": "end_session"}]}', "after_s"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(text)
    with pytest.raises(BadScenario, match=complaint):
        load(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="No such file"):
        load(tmp_path / "none.json")


def test_faults_strike_as_often_as_they_should() -> None:
    scenario = Scenario(faults=(Refuse(status=401, times=1), Refuse(status=500, skip=2)))
    struck = [scenario.striking(Refuse, ordinal) for ordinal in range(4)]
    assert [fault and fault.status for fault in struck] == [401, None, 500, 500]


@pytest.mark.parametrize("fault", [*get_args(ConnectionFault), *get_args(ResponseFault)])
def test_every_fault_is_documented(fault: type[BaseModel]) -> None:
    assert f"`{fault.model_fields['kind'].default}`" in DOCS.read_text()
