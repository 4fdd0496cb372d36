#!/usr/bin/env python3
"""Blocks of tokens that see each other (images on the sliding layers): no step length, number of threads or ring changes a bit.

text_goldens.py compares text/blocks with transformers. Here the same executable takes its prompt in steps that would cut
every block, in f32, q8 and q4; a ring that wraps many times is compared with the interpreter; what cannot be is refused.
"""
import json
import random
import sys

from common import (ROOT, Case, Job, Row, build, each, logits, must, native_level, options, read_logits, report, run, same_bits,
                    worst_of)
from measures import F32_KL, F32_MAX_ABS, compare
from quants import KERNEL_UNITS, interpreted

STEPS = (1, 13, 37, 41, 160)  # compiled for 160; the longest block has 37 tokens
LONGEST = 37


def compiled(chosen, case, quant, *more):
    name = f"{case.name}-{quant}-{'-'.join(map(str, more))}"
    build(chosen, case.description, case.folder, quant, chosen.work / name, "--target", native_level(chosen), *more)
    return chosen.work / name


def said(job, model, words, status, text):
    """A row that misses unless the command ends with `status` and says `text`."""
    done = run([model, "logits", "--nll", *words])
    right = done.returncode == status and text in done.stderr
    return Row(f"{job.name}: {text[:40]}...", "wrong", float(not right), 0.5, detail=f"{done.returncode}: {done.stderr}")


def steps(chosen, job):
    """One executable: the same bits for all step lengths and threads, and other ones without blocks."""
    case, quant = job.case, job.quant
    model, tokens, rows = compiled(chosen, case, quant), case.folder / "tokens.txt", case.meta["rows"]
    chunk = json.loads(must([model, "info", "--json"]).stdout)["max_chunk_tokens"]
    first = logits(model, tokens, case.meta["vocab"], rows, more=case.blocks)
    found = [Row(f"{job.name} step", "differ", abs(chunk - STEPS[-1]), 0.5, note="as long as the description's images")]
    for step in STEPS:
        for threads, last in ((1, 8), (2, 8), (3, 8), (2, rows)):  # where all rows are wanted, steps are short by themselves
            got = logits(model, tokens, case.meta["vocab"], last, more=[*case.blocks, "--chunk", step, "--threads", threads])
            found.append(same_bits(f"{job.name} steps of {step}, {threads} threads, {last} rows", "", first[-last:], got))
    causal = logits(model, tokens, case.meta["vocab"], rows)
    zeros = logits(model, tokens, case.meta["vocab"], rows, more=["--blocks", ",".join("0" * rows)])
    begin = (case.folder / "blocks.txt").read_text().split(",").index("1")
    found.append(same_bits(f"{job.name} no blocks", "all numbers 0", causal, zeros))
    found.append(same_bits(f"{job.name} before the first block", "causal", first[:begin], causal[:begin]))
    seen = compare(first[begin:begin + 1], causal[begin:begin + 1]).max_abs
    found.append(Row(f"{job.name} the first block's first row", "bound/diff", F32_MAX_ABS / max(seen, 1e-30), 1.0,
                     note=f"causal differs by {seen:.1e}"))
    if quant != "f32":
        unit = case.meta["transformers_bfloat16"]["kl_mean"]
        difference = compare(interpreted(chosen, case, quant), first)
        found.append(worst_of(f"{job.name} interpreter", [("mean KL", difference.kl_mean, KERNEL_UNITS * unit)],
                              detail=difference.where()))
    return found


def ring(chosen, job):
    """As short a ring as the longest block allows, wrapped many times, against the interpreter."""
    case, rows, vocab = job.case, 60, job.case.meta["vocab"]
    draw = random.Random(7)
    tokens, blocks = [2], [0]
    while len(tokens) < 500:
        text, block = draw.choice((0, 1, 5, 40)), draw.choice((1, 2, 12, 31, 32, 33, LONGEST))
        blocks += [0] * text + [len(blocks)] * block
        tokens += [draw.randrange(4, vocab) for _ in range(text + block)]
    words = [",".join(map(str, values)) for values in (tokens, blocks)]
    ir, out = chosen.work / "ring.mlir", chosen.work / "ring.f32"
    build(chosen, case.description, case.folder, "f32", ir, "--to", "import")
    must([chosen.bin / "gemma-run", ir, "--checkpoint", case.folder, "--description", ROOT / case.description,
          "--tokens", words[0], "--blocks", words[1], "--last", rows, "-o", out])
    model = compiled(chosen, case, "f32", "--chunk", LONGEST)
    got = logits(model, tokens, vocab, rows, more=["--blocks", words[1]])
    difference = compare(read_logits(out, rows, vocab), got)
    longer = ["--tokens", ",".join("2" * 40), "--blocks", ",".join("0" + "1" * (LONGEST + 1) + "0")]
    return [worst_of(f"{job.name} {len(tokens)} tokens", detail=difference.where(),
                     quantities=[("max-abs", difference.max_abs, F32_MAX_ABS), ("KL", difference.kl_max, F32_KL)]),
            said(job, model, longer, 1, "tokens 2 to 39 are a block of 38, which one step must hold; this model was "
                                        "compiled for steps of 37: build it with --chunk 38"),
            said(job, model, ["--tokens", "2,3,4", "--blocks", "0,1"], 1, "2 block numbers for 3 tokens")]


def shared(chosen, job):
    """Blocks where a sliding layer that shares its keys runs for the wanted rows only: no published size, but one mask."""
    case, rows = job.case, 40
    folder = chosen.work / "shared-blocks"
    folder.mkdir()
    for path in case.folder.iterdir():
        (folder / path.name).symlink_to(path)
    config = json.loads((folder / "config.json").read_text()) | {"use_bidirectional_attention": "vision"}
    (folder / "config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config))
    numbers = ",".join(["0"] * 5 + ["1"] * 13 + ["0"] * 2 + ["2"] * 40 + ["3"] * 4)
    ir, out, model = (chosen.work / f"shared-blocks.{suffix}" for suffix in ("mlir", "f32", "x"))
    build(chosen, case.description, folder, "f32", ir, "--to", "import")
    words = ["--tokens", f"@{case.folder / 'tokens.txt'}", "--blocks", numbers]
    must([chosen.bin / "gemma-run", ir, "--checkpoint", folder, "--description", ROOT / case.description, *words,
          "--last", rows, "-o", out])
    build(chosen, case.description, folder, "f32", model, "--target", native_level(chosen))
    got = logits(model, case.folder / "tokens.txt", case.meta["vocab"], rows, more=words[2:])
    difference = compare(read_logits(out, rows, case.meta["vocab"]), got)
    causal = logits(model, case.folder / "tokens.txt", case.meta["vocab"], rows)
    return [worst_of(job.name, [("max-abs", difference.max_abs, F32_MAX_ABS), ("KL", difference.kl_max, F32_KL)],
                     detail=difference.where(), note=f"causal differs by {compare(got, causal).max_abs:.1e}")]


def causal(chosen, job):
    """The small sizes have no blocks, not even when told so."""
    model = compiled(chosen, job.case, "q8")
    return [said(job, model, ["--tokens", "2,3,4", "--blocks", "0,1,1"], 1, "this model's mask is causal")]


def main():
    chosen = options(__doc__)
    case, small, sharing = (Case(ROOT / "test/goldens/text" / name) for name in ("blocks", "e2b-like", "keqv-shared"))
    native_level(chosen)
    jobs = [Job(f"blocks {quant}", case=case, quant=quant, work=steps) for quant in ("f32", "q8", "q4")]
    jobs += [Job("short ring", case=case, work=ring), Job("e2b-like", case=small, work=causal),
             Job("shared keys", case=sharing, work=shared)]
    return report("blocks", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
