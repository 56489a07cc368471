"""What of the caller's audio a new session is sent again: what no session has turned into words or answers."""

from __future__ import annotations

import base64

from calls.conversation.events import CallerWords, ResponseEnded, ResponseStatus, TurnCommitted
from calls.line.unanswered import MOST_KEPT, PIECE, Unanswered


def kept(unanswered: Unanswered) -> bytes:
    return b"".join(base64.b64decode(piece) for piece in unanswered.pieces())


def heard(*pieces: bytes) -> Unanswered:
    unanswered = Unanswered()
    for piece in pieces:
        unanswered.add(piece)
    return unanswered


def test_what_came_is_sent_again_in_pieces_as_long_as_twilios() -> None:
    pieces = [bytes([number]) * PIECE for number in range(3)]
    assert heard(*pieces).pieces() == [base64.b64encode(piece).decode() for piece in pieces]
    assert heard(b"a" * 100, b"b" * 100).pieces() == [
        base64.b64encode(piece).decode() for piece in (b"a" * 100 + b"b" * 60, b"b" * 40)
    ]


def test_of_a_caller_who_is_never_answered_the_last_fifteen_seconds_are_kept() -> None:
    unanswered = heard(b"a" * PIECE, b"b" * 100, *(bytes([number % 256]) * PIECE for number in range(750)))
    assert kept(unanswered) == b"".join(bytes([number % 256]) * PIECE for number in range(750))
    assert len(kept(unanswered)) == MOST_KEPT == 15 * 8000


def test_a_turn_whose_words_are_known_is_not_sent_again_and_what_came_after_it_is() -> None:
    unanswered = heard(b"a" * PIECE)
    unanswered.told(TurnCommitted(1.0, "turn"))
    unanswered.add(b"b" * PIECE)
    assert kept(unanswered) == b"a" * PIECE + b"b" * PIECE
    unanswered.told(CallerWords(2.0, "turn", "words"))
    assert kept(unanswered) == b"b" * PIECE


def test_a_turn_that_was_answered_is_not_sent_again_but_one_that_came_after_the_request_is() -> None:
    unanswered = heard(b"a" * PIECE)
    unanswered.told(TurnCommitted(1.0, "first"))
    unanswered.asked()
    unanswered.add(b"b" * PIECE)
    unanswered.told(TurnCommitted(2.0, "second"))
    unanswered.told(ResponseEnded(3.0, "r1", ResponseStatus.CANCELLED))
    assert kept(unanswered) == b"a" * PIECE + b"b" * PIECE
    unanswered.told(ResponseEnded(3.0, "r2", ResponseStatus.COMPLETED))
    assert kept(unanswered) == b"b" * PIECE
