"""An answer that OpenAI cut off at its limit of tokens: whether it ended in the middle of a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from calls.conversation.events import ResponseEnded, ResponseStatus
from calls.conversation.responses import MOST_PIECES

OUT_OF_TOKENS = "max_output_tokens"
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "׃")
_CLOSING = "\"'”’»)]} \n"


def is_cut_off(event: ResponseEnded, words: Iterable[str], *, piece: int = 1) -> bool:
    """Tell whether a response is to be gone on with.

    `words`: its text, item by item; without any it is taken to be cut. `piece`: which one of the answer it is, from 1.
    The last of `MOST_PIECES` is left as it is: the model talks too much.
    """
    if piece >= MOST_PIECES or event.status is not ResponseStatus.INCOMPLETE or event.reason != OUT_OF_TOKENS:
        return False
    return not "".join(words).rstrip(_CLOSING).endswith(_ENDS)
