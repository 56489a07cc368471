"""Measures how well callers are heard: `python -m bench.ears [--share 0.1] [--no-rivals] [--strangers]`.

Every case of the corpus runs through the real conversation with the real ears, in virtual time; then through plain
rules over other detectors. Prints Markdown (docs/ears.md quotes it) and draws var/ears.png.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bench.deaf_ear import DeafEar
from bench.ears import corpus, fetching, rivals
from bench.ears.corpus import Case
from bench.ears.fetching import CorpusMissing
from bench.ears.figures import Figures
from bench.ears.rivals import Rule
from bench.ears.trial import SETTINGS, Trial
from calls.audio.ears import Ear

PICTURE = Path("var/ears.png")
HARMLESS = ("line noise", "hum", "DTMF", "tones", "typing", "handset bumps", "hold music")
STRICTNESS = (3, 6, 10, 15)


def main() -> int:
    """Run everything. Returns 1 if the recordings are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="how much of the corpus, 0 to 1")
    parser.add_argument("--no-rivals", action="store_true", help="our own ears only")
    parser.add_argument("--strangers", action="store_true", help="only voices that no threshold was chosen on")
    options = parser.parse_args()
    try:
        fetching.fetch()
        cases = list(corpus.strangers(options.share)) if options.strangers else corpus.whole(options.share)
        voice = corpus.assistant()
    except CorpusMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"{len(cases)} lines, {sum(case.minutes for case in cases):.0f} minutes")
    started_s = time.process_time()
    print(ours("Frontdesk", cases, voice).table())
    print_cost(cases, voice, time.process_time() - started_s)
    if not (options.no_rivals or options.strangers):
        print(ours("Frontdesk without the detector", cases, voice, ear=DeafEar()).table())
        for name, is_voice in RIVALS.items():
            print(rival(name, Rule(is_voice), cases, voice).table())
        draw_trade_off(cases, voice)
    return 0


RIVALS = {
    "Loudness of 200": rivals.loudness(200),
    "Loudness of 1200": rivals.loudness(1200),
    "WebRTC, mode 3": rivals.webrtc(3),
}


def ours(name: str, cases: Iterable[Case], voice: bytes, *, frames: int = 6, ear: Ear | None = None) -> Figures:
    """Returns a trial of the real conversation, which commits after so many frames."""
    figures = Figures(name)
    settings = replace(SETTINGS, barge_in_voice_frames=frames)
    for case in cases:
        figures.add(case, Trial(case, ear or Ear(), voice, settings).run())
    return figures


def rival(name: str, rule: Rule, cases: Iterable[Case], voice: bytes) -> Figures:
    """Returns a trial of a plain rule."""
    figures = Figures(name)
    for case in cases:
        figures.add(case, rule.run(case, voice))
    return figures


def print_cost(cases: list[Case], voice: bytes, with_ears_s: float) -> None:
    """Print the detector's processor time and that of the rest of a frame's processing."""
    started_s = time.process_time()
    ours("", cases[::10], voice, ear=DeafEar())
    others_s = time.process_time() - started_s
    frames, some = (sum(len(case.audio) // 160 for case in chosen) for chosen in (cases, cases[::10]))
    detector_us = (with_ears_s / frames - others_s / some) * 1e6
    print(f"\nThe detector: {detector_us:.0f} µs of processor time a frame while the assistant is heard,", end=" ")
    print(f"{detector_us / 200:.2f} % of a core per call.")


def draw_trade_off(cases: list[Case], voice: bytes) -> None:
    """Draw delay on clear speech against false commits, for several degrees of strictness."""
    from bench.ears import plot  # noqa: PLC0415 - the figures need no matplotlib

    chosen = [case for case in cases if case.group == "speech rms 2000"][::4]
    chosen += [case for case in cases if case.group in HARMLESS]
    points = {"Frontdesk": [ours("", chosen, voice, frames=n).trade_off(HARMLESS) for n in STRICTNESS]}
    for name, is_voice in RIVALS.items():
        rules = [Rule(is_voice, min(n, 3), n) for n in STRICTNESS]
        points[name] = [rival(name, rule, chosen, voice).trade_off(HARMLESS) for rule in rules]
    plot.draw(points, PICTURE)
    print(f"\nThe trade-off is drawn in {PICTURE}.")


if __name__ == "__main__":
    sys.exit(main())
