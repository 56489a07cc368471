"""How long a caller of an imagined call waited in silence: after each turn of theirs that calls for an answer.

A turn has ended when OpenAI says so (half a second after the last word), or when our own ears have heard as much quiet.
From then on the caller is owed something, until words of an answer that was asked for since are heard, the caller
speaks again, or the call is handed over. Whatever is heard meanwhile, words or tones, breaks the silence, if it lasts
for long enough to be a sound. So does an answer that broke off owe its rest, from the moment that the caller had heard
what came.
"""

from __future__ import annotations

from itertools import pairwise

from calls.conversation.playback import LONGEST_GAP_S, SHORTEST_SOUND_S
from calls.tests.imagined_twilio import FRAME_S
from calls.tests.world import World

TURN_ENDS_S = 0.5
SHORTEST_TURN_S = 0.2


def longest_silence(world: World) -> float:
    """Returns the longest wait in seconds without a word or a tone, and without the call being handed over."""
    end = world.now if world.ended else world.script.seconds
    return max((_longest_gap(world, begin, min(until, end)) for begin, until in _waits(world, end)), default=0.0)


def _waits(world: World, end: float) -> list[tuple[float, float]]:
    """Returns from when to when the caller waited."""
    sounds = [sound for sound in world.script.caller if not sound.is_noise and sound.seconds >= SHORTEST_TURN_S]
    waits = []
    for number, sound in enumerate(sounds):
        begin = sound.start + sound.seconds + TURN_ENDS_S
        speaks_again = sounds[number + 1].start if number + 1 < len(sounds) else end
        waits.append((begin, min(speaks_again, _answered(world, begin))))
    for begin in world.broke_off_at:
        if any(sound.start <= begin < sound.start + sound.seconds + TURN_ENDS_S for sound in sounds):
            continue  # the caller speaks, and is owed an answer to that
        # A cough that interrupts takes the floor, too, where the business wants it so.
        speaks_again = min((sound.start for sound in world.script.caller if sound.start > begin), default=end)
        waits.append((begin, min(speaks_again, _answered(world, begin))))
    return [(begin, until) for begin, until in waits if begin < end]


def _answered(world: World, since: float) -> float:
    """Returns when the caller first heard words that were asked for since then."""
    answers = (
        piece.at
        for piece in world.heard
        if world.asked_at.get(world.responses_of_items.get(piece.item_id, ""), -1.0) >= since - 0.1
    )
    return min(answers, default=float("inf"))


def _longest_gap(world: World, begin: float, until: float) -> float:
    """Returns the longest time between two sounds that the caller heard, or made."""
    moments = [at for at in _sounds(world) if begin <= at <= until]
    moments += [
        moment
        for sound in world.script.caller
        for moment in (sound.start, sound.start + sound.seconds)
        if begin <= moment <= until
    ]
    return max((late - early for early, late in pairwise(sorted([begin, *moments, until]))), default=0.0)


def _sounds(world: World) -> list[float]:
    """Returns the moments at which the caller heard the assistant: not those of what is too short for a sound."""
    sounds: list[list[float]] = []
    for piece in world.heard:
        if not sounds or piece.at - sounds[-1][-1] > FRAME_S + LONGEST_GAP_S:
            sounds.append([])
        sounds[-1].append(piece.at)
    return [at for sound in sounds if sound[-1] - sound[0] + FRAME_S >= SHORTEST_SOUND_S for at in sound]
