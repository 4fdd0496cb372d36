#!/usr/bin/env python3
"""Keys and values in codes against a reference that rounds them, at every level, and a pool of pages that is too small.

The reference is the float64 decoder of tiny.py with the cache's rounding written down once more in numpy: sliding and global layers,
keys that are values, heads of 32 and 64. A code that falls on the other side of a tie in float32 is a step of a 127th of one number, so the
bound is between that and what not rounding at all would change. The goldens add shared keys and heads that are no multiple of 32: there
the bits must be the same by every way.

With --weights and --text it measures a real model instead, for docs/kv.md: the last rows of a text, in every format, against --kv f32.
    kv.py --weights build/demo/gemma-3-270m.gguf --text /usr/share/vim/vim90/doc/usr_41.txt --tokens 4200
"""
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from common import ROOT, Case, Job, Row, build, each, logits, must, native_level, options, report, run
from measures import compare
from tiny import Reference, Tiny

RMS = 1 / 4        # of the difference to the reference, in parts of what the rounding itself changes
STEPS = (128, 7, 1)


BOOK = np.array([0.128395, 0.388048, 0.656759, 0.942340, 1.256231, 1.618046, 2.069017, 2.732590])
BOOK = np.concatenate([-BOOK[::-1], BOOK])  # the best 16 numbers for N(0, 1)
BYTES = np.rint(BOOK * 127 / BOOK[-1]) * BOOK[-1] / 127  # as products take them


def q8(x):
    """A scale in f16 for 32 dimensions, codes of -127 to 127."""
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -x.shape[-1] % 32)])
    groups = padded.reshape(*x.shape[:-1], -1, 32)
    scale = (np.abs(groups).max(axis=-1, keepdims=True) / 127).astype(np.float16).astype(np.float64)
    return (np.clip(np.rint(groups / np.maximum(scale, 1e-30)), -127, 127) * scale).reshape(padded.shape)[..., :x.shape[-1]]


def rotation(d):
    """y = rotation(d) @ x: the Sylvester-Hadamard matrix after fixed signs, which are the top bits of splitmix64."""
    def sign(i):
        z, mask = (i + 1) * 0x9E3779B97F4A7C15 % 2**64, 2**64 - 1
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        return -1 if (z ^ z >> 31) >> 63 else 1
    h = np.ones((1, 1))
    while len(h) < d:
        h = np.block([[h, h], [h, -h]])
    return h * [sign(i) for i in range(d)] / np.sqrt(d)


def tq4_codes(x):
    """Codes and scales of rotated rows."""
    y = x @ rotation(x.shape[-1]).T
    norm = np.linalg.norm(y, axis=-1, keepdims=True)
    codes = np.searchsorted((BOOK[1:] + BOOK[:-1]) / 2, y / np.maximum(norm, 1e-30) * np.sqrt(x.shape[-1]))
    c = BOOK[codes]
    return codes, ((y * c).sum(-1, keepdims=True) / (c * c).sum(-1, keepdims=True)).astype(np.float16).astype(np.float64)


def tq4(x):
    codes, scale = tq4_codes(x)
    return BYTES[codes] * scale @ rotation(x.shape[-1])


class Coded(Reference):
    """The reference with keys and values as a cache holds them."""

    def __init__(self, tiny, keys, values):
        super().__init__(tiny)
        self.rounds = keys, values

    def keys_and_values(self, layer, before, positions):
        return tuple(rounded(x) for rounded, x in zip(self.rounds, super().keys_and_values(layer, before, positions)))


def vectors(chosen, job):
    """What stands here as numpy, against codes and scales of another implementation."""
    cases, rows = json.loads((Path(__file__).parent / "tq4_vectors.json").read_text())["cases"], []
    for case in cases:
        i = np.arange(case["d"])
        x = {"wave": np.sin(0.7 * i + 0.3) * (1 + i / len(i)) + 3 * (i == 5), "one": 4.0 * (i == 7),
             "constant": np.full(len(i), 1.5)}[case["vector"]]
        codes, scale = tq4_codes(x)
        ulp = float(np.spacing(np.float16(case["scale"])))
        wrong = "".join(f"{code:x}" for code in codes) != case["codes"] or abs(scale[0] - case["scale"]) > ulp
        rows.append(Row(f"tq4 of {case['vector']}, {case['d']}", "wrong", float(wrong), 0.5, detail=f"{codes} {scale}"))
    return rows


def reference(chosen, job):
    """All rows of a sequence that passes its windows several times, against the reference that rounds, and that must not be the plain one."""
    tiny, model = job.tiny, chosen.work / job.name.replace(" ", "-")
    build(chosen, "models/gemma4.toml", tiny.write(chosen.work / f"{model.name}-weights"), "f32", model, "--kv", job.kv, "--target",
          chosen.level)
    tokens = tiny.tokens(300)
    path = chosen.work / f"{model.name}.tokens"
    path.write_text(",".join(map(str, tokens)))
    got = logits(model, path, tiny.vocab)
    formats = {"q8": (q8, q8), "q8/tq4": (q8, tq4)}[job.kv]
    right, plain = Coded(tiny, *formats).logits(tokens, range(300)), Reference(tiny).logits(tokens, range(300))
    rms = lambda x: float(np.sqrt(np.mean(np.square(x))))  # noqa: E731
    return [Row(job.name, "rms", rms(got - right), RMS * rms(right - plain), note=f"the rounding itself: {rms(right - plain):.1e}")]


def coded(chosen, job):
    """Codes by prefill, by steps and by decoding, the same bits each time."""
    case, model = job.case, chosen.work / job.name.replace(" ", "-")
    build(chosen, case.description, case.folder, "f32", model, "--kv", job.kv, "--target", job.levels)
    facts, rows = json.loads(run([model, "info", "--json"]).stdout), []
    for level in facts["levels"]:
        if run([model, "info", "--level", level]).returncode != 0:
            continue  # not on this CPU
        got = [logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"], more=["--level", level, "--chunk", step])
               for step in STEPS]
        differ = sum(int((other.view(np.uint32) != got[0].view(np.uint32)).sum()) for other in got[1:])
        difference = compare(case.reference, got[0])
        rows.append(Row(f"{job.name} {level}", "differ", float(differ), 0.5, note=f"KL to the golden {difference.kl_mean:.1e}"))
    model.unlink()
    return rows


def bounded(chosen, job):
    """--kv-memory: what does not fit is refused before anything is computed, with sizes and the option; what fits runs to its end."""
    model = chosen.work / "bounded"
    build(chosen, job.case.description, job.case.folder, "q4", model, "--target", chosen.level, "--context", 8192)
    memory = json.loads(run([model, "info", "--json"]).stdout)["memory"]
    tokens = chosen.work / "bounded.tokens"
    tokens.write_text(",".join(str(3 + i * 7919 % 60) for i in range(6000)))
    command = [model, "run", "--tokens", f"@{tokens}", "--temp", 0, "--ignore-stop", "--json", "--max-tokens", 2]
    mib = memory["kv"] >> 20
    rows = []
    for less, wanted in ((1, 1), (mib + 1, 0)):
        done = run([*command, "--kv-memory", less])
        said = (done.stderr.strip().splitlines() or [""])[0]
        ok = done.returncode == wanted and (not wanted or all(word in said for word in ("6000 tokens", "pages of", "--kv-memory")))
        rows.append(Row(f"6000 tokens in {less} MiB", "wrong", float(not ok), 0.5, detail=f"{done.returncode} {done.stderr}", note=said[:90]))
    # A pool that the answer fills: it ends there, and what was said is kept.
    tokens.write_text("3,4,5")
    done = run([model, "run", "--tokens", f"@{tokens}", "--temp", 0, "--ignore-stop", "--json", "--max-tokens", 8000, "--kv-memory", 1])
    said = json.loads(done.stdout) if done.returncode == 0 else {"stop": done.stderr, "tokens": []}
    rows.append(Row("until the pool is full", "wrong", float(said["stop"] != "context" or not 100 < len(said["tokens"]) < 8000), 0.5,
                    detail=str(said)[:300], note=f"{len(said['tokens'])} tokens"))
    return rows


def saved(chosen, job):
    """An answer after --load is that of one run, and only what is new is computed; another model's file is refused."""
    model, other, file = chosen.work / "saved", chosen.work / "saved-other", chosen.work / "saved.sequence"
    for built, kv in ((model, "q8/tq4"), (other, "q8")):
        build(chosen, job.case.description, job.case.folder, "q4", built, "--kv", kv, "--target", chosen.level)
    tokens = [3 + i * 7919 % 60 for i in range(700)]

    def answer(built, count, *more, most=20):
        words = ["--tokens", ",".join(map(str, tokens[:count])), "--max-tokens", most, *more]
        done = run([built, "run", "--temp", 0, "--ignore-stop", "--json", *words])
        return json.loads(done.stdout) if done.returncode == 0 else {"tokens": done.stderr, "prompt_tokens": -1}
    first, whole = answer(model, 600, "--save", file, most=1), answer(model, 700)
    rows = [Row("saved: nothing changes", "wrong", float(first["tokens"] != answer(model, 600, most=1)["tokens"]), 0.5, detail=str(first))]
    loaded = answer(model, 700, "--load", file)
    ok = loaded["tokens"] == whole["tokens"] and loaded["prompt_tokens"] == 100
    rows.append(Row("loaded: the same answer", "wrong", float(not ok), 0.5, detail=f"{loaded} instead of {whole}"))
    foreign = answer(other, 700, "--load", file)
    rows.append(Row("loaded by another build", "wrong", float("another model" not in str(foreign["tokens"])), 0.5, detail=str(foreign)))
    return rows


def quality(chosen):
    """Mean NLL of the last rows of the text, and KL from the cache in f32: prints a line for each format."""
    exact = None
    for kv in ("f32", "bf16", "q8", "q8/tq4"):
        model = chosen.work / f"kv-{kv.replace('/', '-')}"
        build(chosen, chosen.toml, chosen.weights.resolve(), "keep", model, "--kv", kv, "--target", chosen.level)
        facts = json.loads(must([model, "info", "--json"]).stdout)
        ids = must([model, "tokenize", "-"], text_input=chosen.text.read_text(errors="replace")).stdout.replace(",", " ").split()
        tokens = chosen.work / "text.tokens"
        tokens.write_text(",".join(ids[:chosen.tokens]))
        got = logits(model, tokens, facts["vocab"], chosen.rows, timeout=1800)
        exact = got if exact is None else exact
        following = np.array([int(i) for i in ids[chosen.tokens - chosen.rows + 1:chosen.tokens + 1]])
        kl, nll = [], []
        for a, b, token in zip(exact.astype(np.float64), got.astype(np.float64), following):
            a, b = (x - x.max() - np.log(np.exp(x - x.max()).sum()) for x in (a, b))
            kl.append((np.exp(a) * (a - b)).sum())
            nll.append(-b[token])
        print(f"kv {kv:7} NLL {np.mean(nll):.4f}  KL {np.mean(kl):.6f} (max {np.max(kl):.4f})  "
              f"{facts['memory']['kv_per_token']} bytes a token and {facts['memory']['kv_fixed']} fixed")
        model.unlink()
    return 0


def main():
    chosen = options(__doc__, weights={"type": Path, "help": "measure this GGUF file and nothing else"},
                     toml={"default": "models/gemma3.toml", "help": "the description of these weights"},
                     text={"type": Path, "help": "a text for them"},
                     tokens={"type": int, "default": 4200, "help": "of the text"},
                     rows={"type": int, "default": 200, "help": "the last so many are measured"})
    if chosen.weights:
        chosen.level = native_level(chosen)
        return quality(chosen)
    best = native_level(chosen)
    cases = {name: Case(ROOT / "test/goldens/text" / name) for name in ("odd", "26b-like", "e2b-like")}
    formats = {"odd": ["q8"], "26b-like": ["q8", "q8/tq4"], "e2b-like": ["q8", "q8/tq4"]}
    every = (("odd", "q8"), ("e2b-like", "q8/tq4"))  # at every level of this machine's target
    jobs = [Job(f"{name} kv {kv.replace('/', ' ')}", case=case, kv=kv, work=coded,
                levels="x86_64" if (name, kv) in every and best.startswith("x86") else best)
            for name, case in cases.items() for kv in formats[name]]
    chosen.level = best
    heads = Tiny("sf|sf", heads=8, kv_heads=2, window=100, seed=7)
    large = dict(head_dim=32, global_head_dim=128)
    jobs += [Job(f"reference {kv.replace('/', ' ')}, {name}", tiny=tiny, kv=kv, work=reference) for name, kv, tiny in (
        ("windows and all", "q8", Tiny("ssf|sf", window=40)), ("keys as values", "q8", Tiny("sf|sf", k_eq_v=True, window=24, seed=3)),
        ("heads", "q8", heads), ("windows and all", "q8/tq4", Tiny("ssf|sf", window=40, **large)),
        ("heads", "q8/tq4", replace(heads, **large | dict(head_dim=64))))]
    jobs.append(Job("vectors", work=vectors))
    jobs += [Job("bounded", case=cases["e2b-like"], work=bounded), Job("saved", case=cases["e2b-like"], work=saved)]
    return report("caches of codes, pages of a bounded pool", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
