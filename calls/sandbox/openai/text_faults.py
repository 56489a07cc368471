"""What goes wrong, on purpose, with texts about calls (`POST /v1/responses`)."""

from __future__ import annotations

from typing import Literal

from calls.sandbox.openai.fault import AnyFault


class NoJsonSchema(AnyFault):
    """Refuse a request for JSON by a schema, as a model does that is too old for it."""

    kind: Literal["no_json_schema"] = "no_json_schema"


class RefuseToWrite(AnyFault):
    """Answer with a refusal in place of a text."""

    kind: Literal["refuse_to_write"] = "refuse_to_write"


class CutText(AnyFault):
    """End as `incomplete` for this reason after half of the text."""

    kind: Literal["cut_text"] = "cut_text"
    reason: Literal["max_output_tokens", "content_filter"] = "max_output_tokens"


class SlowText(AnyFault):
    """Answer so many seconds later."""

    kind: Literal["slow_text"] = "slow_text"
    seconds: float


class OtherText(AnyFault):
    """Write exactly this, whatever was asked for: as a model does that obeys the caller, or doesn't know schemas."""

    kind: Literal["other_text"] = "other_text"
    text: str


TextFault = NoJsonSchema | RefuseToWrite | CutText | SlowText | OtherText
