#!/usr/bin/env python3
"""The reference interpreter against the goldens: every case of goldens/text after every stage that yields gemma IR.

The IR is what `gemmac build --to STAGE` prints, the weights are the case's own files, the bounds those of goldens/README.md for
--quant f32: so neither the import nor a pass up to quantize changes a number, and the interpreter deserves to judge the rest.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from common import ROOT, SETS, Job, build, cases, each, must, options, read_logits, report, skip, worst_of  # noqa: E402
from measures import F32_KL, F32_MAX_ABS, compare  # noqa: E402

STAGES = ["import", "normalize", "fuse", "quantize"]
LONG = 4096  # tokens: plain loops over all pairs take minutes beyond it; --long runs those cases too


def main():
    chosen = options(__doc__, set={"choices": list(SETS), "default": "small", "help": "which folder of goldens"},
                     only={"nargs": "*", "help": "names of cases"},
                     stages={"nargs": "*", "default": STAGES},
                     long={"action": "store_true", "help": f"cases of more than {LONG} tokens, too"})
    folder = SETS[chosen.set]
    if not folder.is_dir():
        skip(f"{folder} is not here; test/goldens/text covers every layer class")
    found = [c for c in cases(folder) if not chosen.only or c.name in chosen.only]
    left_out = [c.name for c in found if c.meta["tokens"] > LONG and not chosen.long]
    if left_out:
        print(f"left out without --long: {', '.join(left_out)}")
    jobs = [Job(f"{c.name} {stage}", case=c, stage=stage) for c in found for stage in chosen.stages
            if c.name not in left_out]

    def work(job):
        case, ir, out = job.case, chosen.work / f"{job.name}.mlir", chosen.work / f"{job.name}.f32"
        build(chosen, case.description, case.folder, "f32", ir, "--to", job.stage)
        must([chosen.bin / "gemma-run", ir, "--tokens", f"@{case.folder / 'tokens.txt'}", "--last", case.meta["rows"],
              "--checkpoint", case.folder, "--description", ROOT / case.description, "-o", out, *case.blocks],
             timeout=3600 if chosen.long else 300)
        difference = compare(case.reference, read_logits(out, case.meta["rows"], case.meta["vocab"]))
        return [worst_of(job.name, [("max-abs", difference.max_abs, F32_MAX_ABS), ("KL", difference.kl_max, F32_KL)],
                         detail=difference.where(), note="; ".join(case.classes))]

    return report(f"reference interpreter ({chosen.set})", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
