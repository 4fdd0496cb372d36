#!/usr/bin/env python3
"""Every layer class, in every format, at every level, by every way through a prompt: compiled code against the interpreter.

    {sliding, global} x {own, shared K/V} x {K and V, K = V} x {dense, double-wide, experts} x {with, without per-layer embeddings}
    x {prompt in one step, in steps that cut the window, token by token} x {f32, bf16, q8, q4}

A model has four layers (sliding own, global own, sliding shared, global shared), so twelve models hold the 48 classes, each with
shapes of its own, odd ones among them; more models have what is left: one layer, one head, other counts of experts. The
description is models/gemma4.toml with its three limits taken off (only global layers may have K = V, only sharing ones be
double-wide, the last one must be global). Weights are random:SEED. The interpreter runs the quantize stage's IR on the packed
weights and rounds activations as it says, so that only the order of sums and, in bf16, the cache's format are left to differ.
Which golden of transformers holds a class stands beside it: the interpreter is judged by those (test/reference/goldens.py).

Each build has one level in turn, so that every level meets every format and nearly every class (code of a level takes seconds);
--all gives all levels to all builds.
"""
import itertools
import json
import shutil
import sys

import numpy as np

from common import ROOT, SHARED, Failure, Job, Row, build, cases, each, logits, must, options, report, run

QUANTS = ("f32", "bf16", "q8", "q4")
TOKENS = 48
STEPS = (TOKENS, 5, 1)
QEMU = ("qemu-x86_64-static", "-cpu", "max")

# What is allowed: the root mean square of a row's error over that of the reference's logits. K is the longest sum.
#   every format  float32 sums in another order: each is off by about sqrt(K) * 2^-24, and some 30 follow one another
#   q8, q4        now and then such a difference falls on the edge of a rounding and moves an activation by one code (2^-7 of the
#                 largest of 32). The row, and all that attend to it, then round much else otherwise: they carry the noise of
#                 8 bits. Measured: rows off by 1e-7 up to the first moved code, by 1e-2 from there, at all levels alike. So the
#                 best rows are held to float32's order and some, most and the worst to that noise.
#   bf16          the cache is bfloat16 here and float32 in the interpreter: each key and value is off by up to 2^-9
#   experts       a moved activation can change which expert comes last; its whole share then differs, in the rows that it hits
ROUNDINGS = 30
QUANTILES = {"best rows": 0.05, "most rows": 0.75, "worst row": 1.0}


def allowed(quant, longest, experts):
    """The bounds of these quantiles of the rows' relative errors."""
    order = ROUNDINGS * longest ** 0.5 * 2 ** -24
    bounds = {"f32": (order, order, 2 * order), "bf16": (2 ** -6, 2 ** -6, 2 ** -2)}.get(quant, (2 ** -9, 2 ** -5, 2 ** -2))
    return dict(zip(QUANTILES, (*bounds[:2], 0.5 if experts and quant != "f32" else bounds[2])))


def model(pattern="sfsf", **numbers):
    """The numbers of a model as [sizes.NAME] states them; what is left out is the same in all."""
    size = {"vocab": 97, "max_position": 64, "hidden_size": 64, "window": 7, "norm_eps": 1e-6, "heads": 4, "kv_heads": 2,
            "head_dim": 16, "global_head_dim": 32, "shared_layers": 2, "k_eq_v": False, "ffn_size": 96, "double_wide": False,
            "experts": 0, "ple_size": 0, "final_softcap": 30.0, "rope_theta": 10000.0, "global_rope_theta": 1000000.0,
            "global_rope_part": 0.25} | numbers
    size["layers"] = len(pattern)
    size["layer_types"] = [{"s": "sliding_attention", "f": "full_attention"}[c] for c in pattern]
    return size


EXPERTS = {"experts": 6, "top_k_experts": 1, "expert_size": 20}
MODELS = {
    # The twelve. No width below is the same twice where that can be helped; many are no multiple of 32 or of a vector.
    "plain": model(hidden_size=36, ffn_size=52, heads=3, kv_heads=1, vocab=61),
    "wide": model(double_wide=True, hidden_size=40, ffn_size=33, heads=6, kv_heads=2, head_dim=10, window=16),
    "moe": model(**EXPERTS | {"top_k_experts": 2}, window=1, heads=1, kv_heads=1, head_dim=34, global_head_dim=66),
    "ple": model(ple_size=12, hidden_size=72, final_softcap=0.0, rope_theta=100.0, global_rope_part=1.0, norm_eps=0.01),
    "wide-ple": model(ple_size=32, double_wide=True, kv_heads=4, window=32, global_rope_part=0.5, ffn_size=64),
    "moe-ple": model(ple_size=20, **EXPERTS, window=63, hidden_size=100, heads=5, kv_heads=5, vocab=131),
    "keqv": model(k_eq_v=True, global_kv_heads=1, window=64, hidden_size=33, ffn_size=31, vocab=33),
    "keqv-wide": model(k_eq_v=True, double_wide=True, window=31, heads=8, kv_heads=2, head_dim=8, global_head_dim=64),
    "keqv-moe": model(k_eq_v=True, experts=128, top_k_experts=8, expert_size=32, hidden_size=96, global_kv_heads=4),
    "keqv-ple": model(k_eq_v=True, ple_size=8, window=5, heads=7, kv_heads=7, global_rope_theta=50.0, final_softcap=5.0),
    "keqv-wide-ple": model(k_eq_v=True, ple_size=33, double_wide=True, head_dim=96, global_head_dim=128, heads=2, kv_heads=1),
    "keqv-moe-ple": model(k_eq_v=True, ple_size=16, experts=8, top_k_experts=2, expert_size=36, window=2, hidden_size=68),
    # And what else a description may say.
    "one-sliding": model("s", shared_layers=0, heads=1, kv_heads=1, hidden_size=16, head_dim=2, ffn_size=1, vocab=5),
    "one-global": model("f", shared_layers=0, heads=1, kv_heads=1, hidden_size=32, global_head_dim=2, global_rope_part=1.0),
    "all-experts": model("sf", shared_layers=0, experts=3, top_k_experts=3, expert_size=1, ffn_size=160, hidden_size=132),
    "two-sources": model("sfsfsf", hidden_size=44, heads=3, kv_heads=3),  # a sharing layer must read the later of two
}
UNLIMITED = {  # a line of models/gemma4.toml -> the same without its limit
    'v_from_k  = "!sliding && owns_kv && (k_eq_v ?? !has(\'blk.{i}.attn_v.weight\'))"': 'v_from_k = "owns_kv && k_eq_v"',
    'ffn       = "ffn_listed[i] ?? ffn_size * (double_wide && !owns_kv ? 2 : 1)"': 'ffn = "ffn_size * (double_wide ? 2 : 1)"',
    "that = \"layer_types[layers - 1] == 'full_attention'\"": 'that = "true"',
}


def description(chosen):
    """models/gemma4.toml without those limits, and with the models above as sizes."""
    text = (ROOT / "models/gemma4.toml").read_text()
    for line, other in UNLIMITED.items():
        if text.count(line) != 1:
            raise Failure(f"models/gemma4.toml has {text.count(line)} times the line {line}; expected once")
        text = text.replace(line, other)
    sizes = "".join(f"[sizes.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in size.items()) + "\n"
                    for name, size in MODELS.items())
    path = chosen.work / "matrix.toml"
    path.write_text(text.replace("[let]\n", sizes + "[let]\n", 1))
    return path


def classes(size):
    """The layer classes of a model, in the words of measures.layer_classes."""
    for i, kind in enumerate(size["layer_types"]):
        shared = i >= size["layers"] - size["shared_layers"]
        ffn = ["moe"] if size["experts"] else []
        ffn = ["double-wide", *ffn] if size["double_wide"] else ffn or ["dense"]
        yield " ".join([kind.split("_")[0].replace("full", "global"), "shared" if shared else "own"] + ["k=v"] * size["k_eq_v"]
                       + ffn + ["ple"] * bool(size["ple_size"]))


def longest_sum(size):
    wide = size["ffn_size"] * (2 if size["double_wide"] else 1)
    heads = size["heads"] * max(size["head_dim"], size["global_head_dim"])
    return max(size["hidden_size"], wide, heads, TOKENS, size["ple_size"])


def row_errors(reference, got):
    """The error of each row, relative to the whole reference; infinite where a value is not finite."""
    error = np.sqrt(np.square(got.astype(np.float64) - reference).mean(axis=1)) / np.sqrt(np.square(reference).mean())
    return np.where(np.isfinite(got).all(axis=1), error, np.inf)


def levels_of(chosen, turn):
    """The levels that this build gets: all, or one in turn."""
    return chosen.levels if chosen.all else [chosen.levels[turn % len(chosen.levels)]]


def work(chosen, job):
    size, quant, stem = job.size, job.quant, chosen.work / f"{job.model}-{job.quant}"
    tokens = np.random.default_rng(11).integers(0, size["vocab"], TOKENS).tolist()
    # A float32 cache leaves only the order of the sums to differ; bf16 is where the bfloat16 cache is judged.
    common = ["--size", job.model, "--kv", "bf16" if quant == "bf16" else "f32"]
    build(chosen, chosen.toml, "random:3", quant, f"{stem}.mlir", *common, "--to", "quantize")
    must([chosen.bin / "gemma-run", f"{stem}.mlir", "--checkpoint", "random:3", "--description", chosen.toml, "--size", job.model,
          "--packed", "--tokens", ",".join(map(str, tokens)), "-o", f"{stem}.f32"])
    reference = np.fromfile(f"{stem}.f32", dtype="<f4").reshape(TOKENS, size["vocab"]).astype(np.float64)
    levels = levels_of(chosen, job.turn)
    build(chosen, chosen.toml, "random:3", quant, stem, *common, "--target", ",".join(levels))
    bounds = allowed(quant, longest_sum(size), size["experts"] > 0)
    rows = []
    for level, step in itertools.product(levels, STEPS):
        prefix = () if run([stem, "info", "--level", level]).returncode == 0 else QEMU
        if prefix and (not shutil.which(QEMU[0]) or run([*QEMU, stem, "info", "--level", level]).returncode != 0):
            print(f"{job.name}: neither this CPU nor qemu has level {level}")
            continue
        got = logits(stem, tokens, size["vocab"], TOKENS, prefix, ["--level", level, "--chunk", step, "--threads", 2])
        errors = row_errors(reference, got)
        where = f"row {int(errors.argmax())} of {TOKENS}, logits up to {np.abs(reference).max():.1f}"
        rows += [Row(f"{job.name} {level}, steps of {step}", what, float(np.quantile(errors, QUANTILES[what])), bound, detail=where)
                 for what, bound in bounds.items()]
    stem.unlink()
    for row in rows:
        row.classes = list(classes(size))
    return rows


def goldens_by_class():
    held = {}
    for folder in (ROOT / "test/goldens/text", SHARED / "text"):
        for case in cases(folder):
            for name in case.classes:
                held.setdefault(name, []).append(case.name)
    return held


def expressible(name):
    """Whether a published configuration can have this class: transformers' Gemma 4 has the limits that UNLIMITED lifts."""
    words = name.split()
    return not ("sliding" in words and "k=v" in words) and not ("own" in words and "double-wide" in words)


def by_class(rows):
    """One row for each class: the worst of the models that hold it. A class without a golden that could have one misses."""
    held, found = goldens_by_class(), []
    for name in sorted({name for row in rows for name in getattr(row, "classes", [])}):
        row = max((row for row in rows if name in getattr(row, "classes", [])), key=lambda row: row.ratio)
        golden = ", ".join(sorted(set(held.get(name, [])))[:3]) or "none: no published configuration has this class"
        found.append(Row(name, row.what, row.reached, row.allowed, detail=f"{row.name}: {row.detail}",
                         note=f"{row.name}; goldens: {golden}"))
        if name not in held and expressible(name):
            found.append(Row(name, "goldens", 0.0, -1.0, detail="no golden holds this class: add one to tools/goldens/make_text.py"))
    return found


def main():
    chosen = options(__doc__.split("\n")[0], all={"action": "store_true", "help": "all levels in every build"},
                     only={"nargs": "*", "default": list(MODELS), "help": "models"})
    chosen.toml = description(chosen)
    listing = must([chosen.gemmac, "targets"]).stdout.split("x86_64 ", 1)[-1].splitlines()[1:]
    chosen.levels = [line.split()[0] for line in listing if line.split() and line.split()[0].startswith("x86-64")]
    jobs = [Job(f"{name} {quant}", model=name, size=MODELS[name], quant=quant, turn=i + j)
            for i, name in enumerate(chosen.only) for j, quant in enumerate(QUANTS)]
    rows = each(chosen, jobs, lambda job: work(chosen, job))
    seen = {name for row in rows for name in getattr(row, "classes", [])}
    broken = [row for row in rows if not hasattr(row, "classes")]  # a build or a run that failed
    print(f"{len(rows)} comparisons of {len(jobs)} builds, {len(seen)} layer classes, levels {', '.join(chosen.levels)}")
    return report("layer classes, the worst of each", by_class(rows) + broken)


if __name__ == "__main__":
    sys.exit(main())
