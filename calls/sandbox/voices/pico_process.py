"""The process that `pico.py` starts: a JSON line in, a length (4 bytes) and 16 kHz samples out, until input ends."""

import json
import os
import sys
from importlib import import_module


def serve() -> None:
    """Answer requests."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the library may print; that is no answer
    nanotts = import_module("py_nanotts").NanoTTS()
    for line in sys.stdin.buffer:
        samples = nanotts.speak(**json.loads(line))
        answers.write(len(samples).to_bytes(4, "big") + samples)
        answers.flush()


if __name__ == "__main__":
    serve()
