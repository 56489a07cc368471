"""The conversation core: pure rules of a phone call. Events in, commands out."""

from calls.conversation.settings import ConversationSettings, Protection
from calls.conversation.turns import Conversation

__all__ = ["Conversation", "ConversationSettings", "Protection"]
