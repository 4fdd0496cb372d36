#!/usr/bin/env python3
"""Executables of --sanitize on the small goldens: every access of generated code and runtime is checked while they are right.

Each level of each recipe, two threads, the prompt at once, in steps of 7 and token by token; f32 and bf16 against the golden, q8
and q4 against the interpreter on the same packed weights. Then greedy text and the tokenizer. An error found ends the executable
with a report, which this prints. Other drivers do the same with --sanitize.
"""
import json
import sys
from pathlib import Path

from common import ROOT, Case, Failure, Job, Row, build, each, logits, must, options, report, run, skip, worst_of
from measures import compare
from quants import KERNEL_UNITS, interpreted
from text_goldens import judge

FEW = ["odd f32", "odd q4", "base q8", "26b-like bf16", "26b-like q4", "e2b-like q8"]
STEPS = (128, 7, 1)


def judged(chosen, case, quant, level, model):
    """The worst of all cuts of the prompt, on one level."""
    packed = interpreted(chosen, case, quant) if quant in ("q8", "q4") else None
    quantities, where = [], ""
    for step in STEPS:
        got = logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"],
                     more=["--level", level, "--threads", 2, "--chunk", step])
        difference = compare(case.reference if packed is None else packed, got)
        unit = case.meta["transformers_bfloat16"]["kl_mean"]
        quantities += judge(case, quant, difference) if packed is None else \
            [("kernels KL", difference.kl_mean, KERNEL_UNITS * unit)]
        where += f"steps of {step}: {difference.where()}\n"
    return worst_of(f"{case.name} {quant} {level}", quantities, detail=where, note="; ".join(case.classes))


def greedy(model, case, name):
    """The first tokens of a greedy answer follow from the logits of the prompt and of the answer."""
    tokens = [int(t) for t in (case.folder / "tokens.txt").read_text().replace(",", " ").split()]
    said = json.loads(must([model, "run", "--tokens", ",".join(map(str, tokens)), "--temp", 0, "--max-tokens", 8, "--ignore-stop",
                            "--json"]).stdout)["tokens"]
    best = logits(model, tokens + said[:-1], case.meta["vocab"], len(said)).argmax(axis=-1).tolist()
    return Row(f"{name} greedy", "differ", float(best != said), 0.5, detail=f"decoded {said}\nprefill {best}")


def text(chosen, case, level, model, name):
    """The tokenizer says of each text of its goldens what that of an ordinary executable says."""
    plain = model.with_name(model.name + "-plain")
    must([chosen.gemmac, "build", ROOT / case.description, "--weights", case.folder, "--target", level, "-o", plain])
    texts = [json.loads(line)["text"] for line in (ROOT / "test/goldens/tokenizer/words-bytes.jsonl").open()]
    lines = "".join(json.dumps(text) + "\n" for text in texts)

    def said(which):
        ids = must([which, "tokenize", "--lines"], text_input=lines).stdout
        return ids.splitlines() + must([which, "detokenize", "--lines"], text_input=ids).stdout.split("\n")

    got, wanted = said(model), said(plain)
    wrong = [pair for pair in zip(got, wanted) if pair[0] != pair[1]]
    plain.unlink()
    return Row(f"{name} tokenizer", "wrong", float(len(wrong) + abs(len(got) - len(wanted))), 0.5, detail=str(wrong[:5]),
               note=f"{len(texts)} texts")


def main():
    chosen = options(__doc__, only={"nargs": "*", "default": FEW, "help": "cases and recipes, as in 'odd q4'"})
    chosen.sanitize = True
    if not list(Path(chosen.bin).resolve().parent.glob("lib/gemmac/*-sanitized")):
        skip("gemmac was built without the sanitized kit (libclang-rt-22-dev is missing)")

    def work(job):
        case, quant = job.case, job.quant
        model = chosen.work / job.name.replace(" ", "-")
        build(chosen, case.description, case.folder, quant, model)
        if "__asan" not in model.read_bytes().decode("latin-1"):
            raise Failure("the executable has no AddressSanitizer in it")
        levels = [level for level in json.loads(must([model, "info", "--json"]).stdout)["levels"]
                  if run([model, "info", "--level", level]).returncode == 0]  # levels.py has the rest under emulation
        rows = [judged(chosen, case, quant, level, model) for level in levels] + [greedy(model, case, job.name)]
        if (case.folder / "tokenizer.json").exists():
            rows.append(text(chosen, case, levels[0], model, job.name))
        model.unlink()
        return rows

    jobs = []
    for words in chosen.only:
        name, quant = words.split()
        jobs.append(Job(words, case=Case(ROOT / "test/goldens/text" / name), quant=quant))
    return report("sanitized code", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
