#!/usr/bin/env python3
"""Random strings through gemmac's tokenizer and PyPI's tokenizers: the ids must be the same. Seeded, so repeatable.

Runs on the small tokenizers of test/goldens/tokenizer and, where ../shared/data (or GEMMAC_SHARED) has them, on the
tokenizers of Gemma 3 and 4. --count says how many strings each gets.
"""
import argparse
import json
import lzma
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/goldens"))
from make_tokenizers import random_text  # noqa: E402


def compare(pipe, path, count, seed):
    from tokenizers import Tokenizer

    reference = Tokenizer.from_file(str(path))
    spelled = [token for token in reference.get_vocab(with_added_tokens=True)]
    spelled.sort()
    rng = random.Random(f"{path.name} {seed}")
    texts = [random_text(rng, spelled) for _ in range(count)]
    wrong = 0
    for mode in ("parse", "plain"):
        reference.encode_special_tokens = mode == "plain"
        done = subprocess.run([pipe, path, mode], input="\n".join(map(json.dumps, texts)) + "\n", text=True, capture_output=True)
        if done.returncode != 0:
            print(f"{path.name}: {done.stderr.strip()}")
            return 1
        lines = done.stdout.split("\n")[:-1]
        assert len(lines) == len(texts), f"{len(lines)} answers to {len(texts)} strings"
        for text, line in zip(texts, lines):
            want = " ".join(map(str, reference.encode(text, add_special_tokens=False).ids))
            if line.strip() != want:
                wrong += 1
                if wrong <= 3:
                    print(f"{path.name} ({mode}): {json.dumps(text)}\n  want {want}\n  got  {line.strip()}")
    print(f"{path.name}: {count} strings, each with and without control tokens, {wrong} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipe", required=True, help="the program tokenizer_pipe")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    try:
        import tokenizers  # noqa: F401
    except ImportError:
        print("skipped: the Python package tokenizers is not installed")
        return 77
    wrong = sum(compare(args.pipe, path, args.count, args.seed) for path in sorted((ROOT / "test/goldens/tokenizer").glob("*.json")))
    shared = pathlib.Path(os.environ.get("GEMMAC_SHARED", ROOT.parent / "shared")) / "data"
    with tempfile.TemporaryDirectory() as folder:
        for packed in sorted(shared.glob("*-tokenizer.json.xz")):
            path = pathlib.Path(folder) / packed.stem
            path.write_bytes(lzma.decompress(packed.read_bytes()))
            wrong += compare(args.pipe, path, args.count, args.seed)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
