#!/usr/bin/env python3
"""The same logits, bit for bit, whatever the way to them: threads, steps of any length, decoding, rows that are wanted.

The first result is one thread that decodes token by token; all others must equal it. It holds in every format and at every level,
because each output is computed by one thread, in one order that depends neither on the step nor on its neighbours in a tile, not
even where those are rows of other sequences; it needs no mode and costs nothing. It does not hold between levels, whose vectors sum in other orders: levels.py has bounds for that.
"""
import json
import sys

import numpy as np

from common import ROOT, SHARED, Case, Job, Row, build, each, logits, must, native_level, options, report, run

QUANTS = ("f32", "bf16", "q8", "q4")
TOKENS = 150                                    # more than the longest step
STEPS = (2, 5, 31, 32, 33, 128)                 # tokens at once; tiles are of 3 or 6, blocks of the cache of 32
WANTED = (1, 2, 31, 33, TOKENS)                 # rows; one step gives up to 32
THREADS = (1, 2, 3, 7)
BESIDE = (1, 3, 15, 40)                         # other sequences in the same steps; one step holds up to 32


def ways(vocab):
    """(name, rows, options): every step length with all threads for the last row, and every number of rows."""
    for threads in THREADS:
        yield f"decode, {threads} threads", TOKENS, ["--chunk", 1, "--threads", threads]
        for step in STEPS:
            yield f"steps of {step}, {threads} threads", 1, ["--chunk", step, "--threads", threads]
    for others in BESIDE:
        yield f"beside {others} sequences", TOKENS, ["--beside", others, "--threads", 2]
    for wanted in WANTED:
        for step in (5, 33, 128):
            yield f"steps of {step}, last {wanted}", wanted, ["--chunk", step, "--threads", 2]


def differing(first, got):
    same = got.shape == first[-len(got):].shape
    return int((got.view(np.uint32) != first[-len(got):].view(np.uint32)).sum()) if same else got.size


def work(chosen, job):
    model, quant = chosen.work / job.name.replace(" ", "-"), job.quant
    build(chosen, "models/gemma4.toml", job.weights, quant, model, "--target", job.levels)
    facts = json.loads(must([model, "info", "--json"]).stdout)
    rng, vocab = np.random.default_rng(4), facts["vocab"]
    tokens = chosen.work / f"{model.name}.tokens"
    tokens.write_text(",".join(map(str, rng.integers(3, vocab, TOKENS))))
    rows = []
    for level in facts["levels"]:
        if run([model, "info", "--level", level]).returncode != 0:
            continue  # not on this CPU
        first = logits(model, tokens, vocab, more=["--chunk", 1, "--threads", 1, "--level", level])
        wrong, count = [], 0
        for name, wanted, more in ways(vocab):
            got = logits(model, tokens, vocab, wanted, more=[*more, "--level", level])
            count += 1
            if differ := differing(first, got):
                wrong.append(f"{name}: {differ} of {got.size} values differ, by up to {np.abs(got - first[-len(got):]).max():.1e}")
        rows.append(Row(f"{job.name} {level}", "differ", float(len(wrong)), 0.5, detail="\n".join(wrong),
                        note=f"{count} ways, logits up to {np.abs(first).max():.1f}"))
    model.unlink()
    return rows


def main():
    chosen = options(__doc__, only={"nargs": "*", "default": ["odd", "e2b-like", "26b-like"]})
    best = native_level(chosen)
    others = [line.split()[0] for line in must([chosen.gemmac, "targets"]).stdout.splitlines() if line.startswith("  ")]
    others = [level for level in others if level.split("-")[0] == best.split("-")[0] and level != best]
    found = [Case(ROOT / "test/goldens/text" / name) for name in chosen.only]
    jobs = [Job(f"{case.name} {quant}", weights=case.folder, quant=quant, levels=best) for case in found for quant in QUANTS]
    if others:
        jobs += [Job(f"{found[0].name} {quant}, other levels", weights=found[0].folder, quant=quant, levels=",".join(others))
                 for quant in ("bf16", "q4")]
    kept = SHARED / "gguf/e2b/q4_k_m.gguf"
    if kept.exists():
        jobs.append(Job("e2b q4_k_m.gguf keep", weights=kept, quant="keep", levels=best))
    jobs.sort(key=lambda job: -len(job.levels))
    return report("same bits by every way", each(chosen, jobs, lambda job: work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
