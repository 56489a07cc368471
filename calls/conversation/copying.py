"""A copy of a conversation that goes on by itself, to see what other settings would do from here.

What there are hundreds of (turns, what was sent and not yet heard) copies itself: `deepcopy` takes ten times as long.
"""

from __future__ import annotations

from copy import deepcopy

from calls.conversation.commands import Command
from calls.conversation.reducer import Conversation
from calls.conversation.settings import ConversationSettings


def copy_with(conversation: Conversation, settings: ConversationSettings) -> Conversation:
    """Return a copy that goes on under other settings. What has happened stays as it was, and so does the original."""
    commands: list[Command] = []
    theirs = vars(conversation)  # a built-in method such as `append` is not copied by `deepcopy`: ours takes its place
    ours = {"settings": settings, "_commands": commands, "_emit": commands.append}
    return deepcopy(conversation, {id(theirs[name]): each for name, each in ours.items()})
