#!/usr/bin/env python3
"""Keys and values of 8-bit codes against a reference that rounds them, at every level, and a pool of pages that is too small.

The reference is the float64 decoder of tiny.py with the cache's rounding written down once more in numpy: sliding and global layers,
keys that are values, heads of 32 and 64. A code that falls on the other side of a tie in float32 is a step of a 127th of one number, so the
bound is between that and what not rounding at all would change. The goldens add shared keys and heads that are no multiple of 32: there
the bits must be the same by every way.

With --weights and --text it measures a real model instead, for docs/kv.md: the last rows of a text, in every format, against --kv f32.
    kv.py --weights build/demo/gemma-3-270m.gguf --text /usr/share/vim/vim90/doc/usr_41.txt --tokens 4200
"""
import json
import sys
from pathlib import Path

import numpy as np

from common import ROOT, Case, Job, Row, build, each, logits, must, native_level, options, report, run
from measures import compare
from tiny import Reference, Tiny

RMS = 1 / 4        # of the difference to the reference, in parts of what the rounding itself changes
STEPS = (128, 7, 1)


class Coded(Reference):
    """The reference with keys and values as a cache of format q8 holds them: a scale in f16 for 32 dimensions, codes of -127 to 127."""

    def keys_and_values(self, layer, before, positions):
        return tuple(self.rounded(x) for x in super().keys_and_values(layer, before, positions))

    @staticmethod
    def rounded(x):
        padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -x.shape[-1] % 32)])
        groups = padded.reshape(*x.shape[:-1], -1, 32)
        scale = (np.abs(groups).max(axis=-1, keepdims=True) / 127).astype(np.float16).astype(np.float64)
        return (np.clip(np.rint(groups / np.maximum(scale, 1e-30)), -127, 127) * scale).reshape(padded.shape)[..., :x.shape[-1]]


def reference(chosen, job):
    """All rows of a sequence that passes its windows several times, against the reference that rounds, and that must not be the plain one."""
    tiny, model = job.tiny, chosen.work / job.name.replace(" ", "-")
    build(chosen, "models/gemma4.toml", tiny.write(chosen.work / f"{model.name}-weights"), "f32", model, "--kv", "q8", "--target",
          chosen.level)
    tokens = tiny.tokens(300)
    path = chosen.work / f"{model.name}.tokens"
    path.write_text(",".join(map(str, tokens)))
    got = logits(model, path, tiny.vocab)
    right, plain = Coded(tiny).logits(tokens, range(300)), Reference(tiny).logits(tokens, range(300))
    rms = lambda x: float(np.sqrt(np.mean(np.square(x))))  # noqa: E731
    return [Row(job.name, "rms", rms(got - right), RMS * rms(right - plain), note=f"the rounding itself: {rms(right - plain):.1e}")]


def coded(chosen, job):
    """q8 by prefill, by steps and by decoding, the same bits each time."""
    case, model = job.case, chosen.work / job.name.replace(" ", "-")
    build(chosen, case.description, case.folder, "f32", model, "--kv", "q8", "--target", job.levels)
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


def quality(chosen):
    """Mean NLL of the last rows of the text, and KL from the cache in f32: prints a line for each format."""
    exact = None
    for kv in ("f32", "bf16", "q8"):
        model = chosen.work / f"kv-{kv}"
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
        print(f"kv {kv:5} NLL {np.mean(nll):.4f}  KL {np.mean(kl):.6f} (max {np.max(kl):.4f})  "
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
    jobs = [Job(f"{name} kv q8", case=case, work=coded, levels="x86_64" if name == "odd" and best.startswith("x86") else best)
            for name, case in cases.items()]
    chosen.level = best
    jobs += [Job(f"reference, {name}", tiny=tiny, work=reference) for name, tiny in (
        ("windows and all", Tiny("ssf|sf", window=40)), ("keys as values", Tiny("sf|sf", k_eq_v=True, window=24, seed=3)),
        ("heads", Tiny("sf|sf", heads=8, kv_heads=2, window=100, seed=7)))]
    jobs.append(Job("bounded", case=cases["e2b-like"], work=bounded))
    return report("caches of codes, pages of a bounded pool", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
