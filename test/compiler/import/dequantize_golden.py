#!/usr/bin/env python3
"""Writes dequantize.golden.txt: random blocks of every GGUF block type and their values by gguf-py (pip install gguf)."""
import os
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q

# type: (offsets of f16 scales, bytes of a block, blocks)
TYPES = {Q.Q4_0: ([0], 18, 4), Q.Q4_1: ([0, 2], 20, 4), Q.Q5_0: ([0], 22, 4), Q.Q5_1: ([0, 2], 24, 4), Q.Q8_0: ([0], 34, 4),
         Q.Q4_K: ([0, 2], 144, 2), Q.Q5_K: ([0, 2], 176, 2), Q.Q6_K: ([208], 210, 2)}


def main():
    rng = np.random.default_rng(20261124)
    lines = ["# Producer: test/compiler/import/dequantize_golden.py, gguf-py 0.19.0, seed 20261124. To be met exactly.",
             "# Per type: a line with the blocks' bytes, a line with the values' float bits, both hexadecimal."]
    for kind, (scales, size, count) in TYPES.items():
        blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
        for at in scales:  # of weights' size, a subnormal one among them
            half = rng.normal(0, 0.05, count).astype(np.float16)
            half[0] = 3e-7
            blocks[:, at:at + 2] = half.view(np.uint8).reshape(count, 2)
        values = gguf.quants.dequantize(blocks, kind).astype("<f4")
        lines += [kind.name, blocks.tobytes().hex(), values.tobytes().hex()]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dequantize.golden.txt")
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
