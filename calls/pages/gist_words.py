"""What a call was about, as its page and its table show it."""

from __future__ import annotations

from collections.abc import Sequence

from calls.models import Call, Sentiment, Task
from calls.records import gist
from calls.records.gist import FollowUp

BADGES = {Sentiment.CONTENT: "good", Sentiment.NEUTRAL: "", Sentiment.UNHAPPY: "bad"}
"""The CSS class of a mood's badge. What is unknown has none."""
CHOICES = [(each.value, each.label) for each in BADGES]


def without_task(call: Call, tasks: Sequence[Task]) -> list[FollowUp]:
    """Returns a call's follow-ups of which there is no task: a tool has done them, or the owner wants none."""
    there = {task.follow_up for task in tasks}
    return [each for place, each in enumerate(gist.of_stored(call.follow_ups)) if place not in there]


def in_a_cell(call: Call) -> list[str]:
    """Returns wishes, follow-ups and mood as cells of a table; an empty one for what is not known."""
    follow_ups = (f"{each.what} ({each.when})" if each.when else each.what for each in gist.of_stored(call.follow_ups))
    mood = "" if call.sentiment == Sentiment.UNKNOWN else str(call.get_sentiment_display())
    return ["\n".join(call.wishes.splitlines()), "\n".join(follow_ups), mood]
