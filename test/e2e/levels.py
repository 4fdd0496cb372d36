#!/usr/bin/env python3
"""Every instruction-set level of one executable gives the golden's logits, with 1, 2 and 3 threads; other CPUs too.

The levels are those `info --json` lists; one that this CPU lacks runs under qemu-user where that has it. qemu64 (SSE3)
and Haswell (AVX2) must pick a level that they have by themselves.
"""
import json
import shutil
import sys

from common import ROOT, Case, Failure, Job, build, each, ending, logits, must, options, report, run, worst_of
from measures import F32_KL, F32_MAX_ABS, compare

QEMU = "qemu-x86_64-static"


def main():
    chosen = options(__doc__, only={"nargs": "*", "default": ["e2b-like", "26b-like"]})

    def work(job):
        case, model = job.case, chosen.work / job.name.replace(" ", "-")
        build(chosen, case.description, case.folder, job.quant, model)
        levels = json.loads(must([model, "info", "--json"]).stdout)["levels"]

        def judged(name, prefix=(), more=()):
            got = logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"], prefix, [*more, *case.blocks])
            difference = compare(case.reference, got)
            if job.quant == "f32":
                quantities = [("max-abs", difference.max_abs, F32_MAX_ABS), ("KL", difference.kl_max, F32_KL)]
            else:
                quantities = [("mean KL", difference.kl_mean, case.meta["transformers_bfloat16"]["kl_mean"])]
            return worst_of(f"{job.name} {name}", quantities, detail=difference.where())

        rows = []
        for level in levels:
            prefix = () if has(model, level) else (QEMU, "-cpu", "max")
            if prefix and not (shutil.which(QEMU) and has(model, level, prefix)):
                print(f"{job.name}: neither this CPU nor qemu has level {level}")
                continue
            rows += [judged(f"{level} {t} threads", prefix, ["--level", level, "--threads", t]) for t in (1, 2, 3)]
        if shutil.which(QEMU):
            rows += [judged(f"on {cpu}", [QEMU, "-cpu", cpu]) for cpu in ("qemu64", "Haswell")]
        model.unlink()
        return rows

    def has(model, level, prefix=()):
        """Whether the CPU has the level; a level it lacks is refused with exit code 1 and the missing feature."""
        done = run([*prefix, model, "info", "--level", level])
        if done.returncode == 0:
            return True
        if done.returncode != 1 or "this CPU lacks" not in done.stderr:
            raise Failure(f"info --level {level}: {ending(done.returncode)}, {done.stderr!r}")
        return False

    found = [Case(ROOT / "test/goldens/text" / name) for name in chosen.only]
    jobs = [Job(f"{case.name} {quant}", case=case, quant=quant) for case in found for quant in ("f32", "bf16")]
    return report("levels and threads", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
