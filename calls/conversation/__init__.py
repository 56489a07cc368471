"""The conversation core: pure rules of a phone call. Events in, commands out."""

from calls.conversation.reducer import Conversation
from calls.conversation.settings import ConversationSettings, Protection

__all__ = ["Conversation", "ConversationSettings", "Protection"]
