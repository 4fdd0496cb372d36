#!/usr/bin/env python3
"""Every case of goldens/text, compiled from its Hugging Face folder with --quant f32 and bf16, against its logits.

The command lines are those a user would type: the size comes from the checkpoint, the context from the description. Only the
best level of this machine is compiled; matrix.py and levels.py have the others.
"""
import sys

from common import SETS, Job, build, cases, each, logits, native_level, options, report, skip, worst_of
from measures import F32_KL, F32_MAX_ABS, compare


def judge(case, quant, difference):
    """The quantities of goldens/README.md with their bounds."""
    if quant == "f32":
        bound = case.meta.get("tolerance", {"f32": {"max_abs": F32_MAX_ABS}})["f32"]["max_abs"]
        return [("max-abs", difference.max_abs, bound), ("KL", difference.kl_max, F32_KL)]
    return [("mean KL", difference.kl_mean, case.meta["transformers_bfloat16"]["kl_mean"])]


def main():
    chosen = options(__doc__, set={"choices": list(SETS), "default": "small", "help": "which folder of goldens"},
                     only={"nargs": "*", "help": "names of cases"},
                     quant={"nargs": "*", "default": ["f32", "bf16"]})
    folder = SETS[chosen.set]
    if not folder.is_dir():
        skip(f"{folder} is not here; test/goldens/text covers every layer class")
    found = [c for c in cases(folder) if not chosen.only or c.name in chosen.only]
    jobs = [Job(f"{c.name} {q}", case=c, quant=q) for c in found for q in chosen.quant
            if q == "f32" or c.meta["transformers_bfloat16"]]  # `long` is judged in float32 only
    jobs.sort(key=lambda job: -job.case.meta["tokens"])  # the longest first, so that the workers end together

    level = native_level(chosen)

    def work(job):
        case, quant = job.case, job.quant
        model = chosen.work / f"{case.name}-{quant}"
        seconds = build(chosen, case.description, case.folder, quant, model, "--target", level)
        got = logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"], more=case.blocks)
        model.unlink()
        difference = compare(case.reference, got)
        return [worst_of(job.name, judge(case, quant, difference), detail=difference.where(), seconds=seconds,
                         note="; ".join(case.classes))]

    return report(f"text goldens ({chosen.set})", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
