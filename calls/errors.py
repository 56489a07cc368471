"""What can go wrong in calls, each with the one fact its catcher needs."""


class CallsError(Exception):
    """Anything that this app refuses or fails at."""


class StreamRefused(CallsError):
    """A media stream may not open: close its socket. `reason` is for the log; it names no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SpeechFailed(CallsError):
    """No usable speech came back. `permanent`: trying again can't help until a person changes something."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class SummaryFailed(CallsError):
    """No summary came back. `permanent`: trying again can't help until a person changes something."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
