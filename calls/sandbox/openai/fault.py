"""What all failures on purpose have in common: which connections or responses they strike."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

STRICT = ConfigDict(frozen=True, extra="forbid")  # with a misspelt field, the fault would never strike


class AnyFault(BaseModel):
    """Strikes `times` connections or responses (None: all) after `skip` of them have passed unharmed."""

    model_config = STRICT

    skip: int = 0
    times: int | None = None

    def strikes(self, ordinal: int) -> bool:
        """Returns whether the fault strikes connection or response number `ordinal`, counted from 0."""
        return ordinal >= self.skip and (self.times is None or ordinal < self.skip + self.times)


class FaultAfterDeltas(AnyFault):
    """Strikes a response after so many audio deltas of it."""

    after_deltas: int = 0
