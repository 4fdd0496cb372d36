#!/usr/bin/env python3
"""The aarch64 target: whole executables of the small goldens, run under qemu-user, with the same tolerance as x86-64.

q8 and q4 are judged against this machine's executable of the same recipe: the same packed weights, sums in another order. Also a CPU without the features that the level needs: a message and exit code 1, not an illegal instruction.
"""
import shutil
import sys

from common import ROOT, Failure, Job, build, cases, each, ending, logits, options, report, run, skip, worst_of
from measures import F32_KL, F32_MAX_ABS, compare

QEMU = "qemu-aarch64-static"


def main():
    chosen = options(__doc__, only={"nargs": "*", "default": ["e2b-like", "26b-like"], "help": "cases of goldens/text"})
    if shutil.which(QEMU) is None:
        skip(f"{QEMU} is not here; tools/install test fetches it")
    found = [c for c in cases(ROOT / "test/goldens/text") if c.name in chosen.only]

    def work(job):
        case = job.case
        model = chosen.work / f"{case.name}-{job.quant}-aarch64"
        seconds = build(chosen, case.description, case.folder, job.quant, model, "--target", "aarch64")
        got = logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"],
                     prefix=[QEMU, "-cpu", "max"], more=case.blocks)
        reference = native(case, job.quant) if job.quant in ("q8", "q4") else case.reference
        difference = compare(reference, got)
        if job.quant == "f32":
            quantities = [("max-abs", difference.max_abs, F32_MAX_ABS), ("KL", difference.kl_max, F32_KL)]
        else:
            quantities = [("mean KL", difference.kl_mean, case.meta["transformers_bfloat16"]["kl_mean"])]
        rows = [worst_of(job.name, quantities, detail=difference.where(), note="; ".join(case.classes),
                         seconds=seconds)]
        if job.quant == "f32":
            refuses(model, case)
        model.unlink()
        return rows

    def native(case, quant):
        model = chosen.work / f"{case.name}-{quant}-native"
        build(chosen, case.description, case.folder, quant, model)
        got = logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"], more=case.blocks)
        model.unlink()
        return got

    def refuses(model, case):
        """cortex-a57 is armv8.0, without dot products: the program itself must say so."""
        done = run([QEMU, "-cpu", "cortex-a57", model, "logits", "--tokens", f"@{case.folder / 'tokens.txt'}",
                    "-o", "/dev/null"])
        if done.returncode != 1 or "this CPU lacks" not in done.stderr:
            raise Failure(f"on an armv8.0 CPU: {ending(done.returncode)}, {done.stderr!r}")

    jobs = [Job(f"{case.name} {quant}", case=case, quant=quant) for case in found for quant in ("f32", "bf16", "q8", "q4")]
    return report("aarch64 under qemu", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
