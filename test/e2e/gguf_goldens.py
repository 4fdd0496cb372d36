#!/usr/bin/env python3
"""Every file of goldens/gguf: with --quant f32 (dequantised) and --quant keep (the file's own bits)."""
import json
import sys

from common import SHARED, Job, build, each, logits, native_level, options, read_logits, report, skip, worst_of
from measures import F32_MAX_ABS, KEEP_FACTOR, compare


def main():
    chosen = options(__doc__, only={"nargs": "*", "help": "names such as e2b/q4_0"},
                     quant={"nargs": "*", "default": ["f32", "keep"]})
    if not (SHARED / "gguf").is_dir():
        skip(f"{SHARED / 'gguf'} is not here; the readers of every GGUF type have their own tests")
    jobs = []
    for meta_file in sorted((SHARED / "gguf").glob("*/meta.json")):
        meta = json.loads(meta_file.read_text())
        for file, facts in meta["files"].items():
            path = meta_file.parent / file
            name = f"{meta_file.parent.name}/{path.stem}"
            if not path.exists() or (chosen.only and name not in chosen.only):
                continue  # meta.json also tells of files that were made and not kept
            jobs += [Job(f"{name} {quant}", path=path, quant=quant, meta=meta, facts=facts) for quant in chosen.quant]

    level = native_level(chosen)

    def work(job):
        model = chosen.work / job.name.replace("/", "-").replace(" ", "-")
        seconds = build(chosen, "models/gemma4.toml", job.path, job.quant, model, "--target", level)
        got = logits(model, job.path.parent / "tokens.txt", job.meta["vocab"], job.meta["tokens"])
        model.unlink()
        reference = read_logits(job.path.with_suffix(".logits.f32"), job.meta["tokens"], job.meta["vocab"])
        difference = compare(reference, got)
        if job.quant == "f32":
            quantities = [("max-abs", difference.max_abs, F32_MAX_ABS)]
        else:
            quantities = [("mean KL", difference.kl_mean, KEEP_FACTOR * job.facts["llama_cpp_kl"]["mean"])]
        types = ", ".join(f"{count} {name}" for name, count in job.facts["tensors"].items())
        return [worst_of(job.name, quantities, detail=difference.where(), note=types, seconds=seconds)]

    return report("GGUF goldens", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
