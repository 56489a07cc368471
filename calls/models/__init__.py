"""The tables of phone calls, a module for each subject."""

from calls.models.calls import (
    BROWSER,
    BlockedCaller,
    Call,
    CallOutcome,
    CallStatus,
    NextStep,
    Sentiment,
    Speaker,
    SummarySource,
    TraceChunk,
    Turn,
)
from calls.models.checks import ModelCheck
from calls.models.dictations import Dictation, DictationState
from calls.models.greetings import GreetingAudio, GreetingPart, GreetingSource, GreetingState
from calls.models.news import News, NewsChoice, NewsState, NewsWhen
from calls.models.outgoing import OPEN_STATES, AtMachine, OutgoingCall, OutgoingChoices, OutgoingState
from calls.models.rescues import AfterCalls, Rescue, RescueResult
from calls.models.synthetic import SyntheticCall, SyntheticFault, SyntheticSkip
from calls.models.tasks import Task, TaskKind, TaskState
from calls.models.timelines import CallTimeline
from calls.models.tools import ToolRun, ToolSwitch
from calls.models.transfers import ReachedWhen, Transfer, TransferState, TransferTarget
from calls.models.tuning import Tuning, TuningCall, TuningFailure
from calls.models.voicemails import LongestMessage, TranscriptState, Voicemail, VoicemailChoices, VoicemailState
from calls.models.weeks import WeekOfCalls
from calls.models.whatsapp_news import WhatsappNews, WhatsappNewsChoice, WhatsappNewsResult, WhatsappWhen

__all__ = [
    "BROWSER",
    "OPEN_STATES",
    "AfterCalls",
    "AtMachine",
    "BlockedCaller",
    "Call",
    "CallOutcome",
    "CallStatus",
    "CallTimeline",
    "Dictation",
    "DictationState",
    "GreetingAudio",
    "GreetingPart",
    "GreetingSource",
    "GreetingState",
    "LongestMessage",
    "ModelCheck",
    "News",
    "NewsChoice",
    "NewsState",
    "NewsWhen",
    "NextStep",
    "OutgoingCall",
    "OutgoingChoices",
    "OutgoingState",
    "ReachedWhen",
    "Rescue",
    "RescueResult",
    "Sentiment",
    "Speaker",
    "SummarySource",
    "SyntheticCall",
    "SyntheticFault",
    "SyntheticSkip",
    "Task",
    "TaskKind",
    "TaskState",
    "ToolRun",
    "ToolSwitch",
    "TraceChunk",
    "TranscriptState",
    "Transfer",
    "TransferState",
    "TransferTarget",
    "Tuning",
    "TuningCall",
    "TuningFailure",
    "Turn",
    "Voicemail",
    "VoicemailChoices",
    "VoicemailState",
    "WeekOfCalls",
    "WhatsappNews",
    "WhatsappNewsChoice",
    "WhatsappNewsResult",
    "WhatsappWhen",
]
