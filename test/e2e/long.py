#!/usr/bin/env python3
"""Positions up to 262,143, windows that move over every slot, and contexts that are exactly full.

Tiny random decoders (tiny.py) against a float64 reference in numpy. Each case also says which mistakes its reference would show:
"unnoticed" is the bound over what the mistake changes, and a case in which a mistake stays below five times the bound fails.
"""
import json
import re
import sys
from dataclasses import replace

import numpy as np

from common import ROOT, Job, Row, build, each, logits, must, native_level, options, report, run
from measures import compare
from tiny import Reference, Tiny

MAX_ABS = 1e-4    # --quant f32 against float64; measured when this was written: up to 2.2e-5
NOTICED = 1 / 5   # a mistake must change some logit by five times the bound
FAR = 262144      # longest published context
LAST = 40         # more rows than one step gives (32), so that the last ones come from several chunks

# name: decoder, tokens, mistakes that it must show. 262144 = 63 * 4161 + 1: with chunks of 63 the last token is decoded.
FAR_CASES = {
    "global": (Tiny("f|f"), FAR, ["first key unseen", "last key unseen"]),
    "all pairs rotated": (Tiny("f|f", global_part=1.0), FAR, ["angles in float64"]),
    "windows": (Tiny("sf|sf", k_eq_v=True), FAR, ["angles in float64"]),
    "window of 1024": (Tiny("sf|sf", window=1024, seed=3, heads=4, kv_heads=2), 8191, ["window + 1"]),
}
# Chunk, window, slots of the ring: chunks begin at every slot, for the two numbers have no common divisor. Where window + chunk
# is 2 more than a multiple of 32 no slot is to spare.
RINGS = [(37, 29, 96), (33, 1, 64), (7, 59, 96), (5, 28, 64), (1, 33, 64)]


def built(chosen, tiny, name, *more, quant="f32"):
    model = chosen.work / name.replace(" ", "-")
    folder = tiny.write(chosen.work / f"{model.name}-weights")
    build(chosen, "models/gemma4.toml", folder, quant, model, "--target", chosen.level, *more)
    return model


def listed(chosen, name, tokens):
    path = chosen.work / f"{name.replace(' ', '-')}.tokens"
    path.write_text(",".join(map(str, tokens)))
    return path


def near(name, reference, got, note=""):
    difference = compare(reference, got)
    return Row(name, "max-abs", difference.max_abs, MAX_ABS, detail=difference.where(), note=note)


def same(name, a, b, note=""):
    differ = int((a.view(np.uint32) != b.view(np.uint32)).sum()) if a.shape == b.shape else max(a.size, b.size)
    return Row(name, "differ", float(differ), 0.5, detail=f"{differ} of {a.size} values", note=note)


def noticed(name, tiny, tokens, rows, right, mistake):
    changed = float(np.abs(Reference(tiny, mistake).logits(tokens, rows) - right).max())
    return Row(f"{name}: {mistake}", "unnoticed", MAX_ABS / max(changed, 1e-30), NOTICED, note=f"changes {changed:.1e}")


def refused(name, command, code, *words):
    """The command ends with this code, and the first line that it says holds the words."""
    done = run(command)
    said = (done.stderr.strip().splitlines() or [""])[0]
    ok = done.returncode == code and all(word in said for word in words)
    return Row(name, "wrong", float(not ok), 0.5, detail=f"exit code {done.returncode}, {done.stderr!r}", note=said[-90:])


def answer(model, tokens, *more):
    """(tokens, reason of the end) of a greedy run."""
    said = json.loads(must([model, "run", "--tokens", f"@{tokens}", "--temp", 0, "--ignore-stop", "--json", *more]).stdout)
    return said["tokens"], said["stop"]


def far(chosen, job):
    """The last rows of a long sequence: prefilled, and the last one decoded. The last token is the greedy answer to the others."""
    tiny, count, mistakes = job.facts
    tokens, rows = tiny.tokens(count), range(count - LAST, count)
    model = built(chosen, tiny, job.name)
    short = listed(chosen, f"{job.name} short", tokens[:-1])
    before = logits(model, short, tiny.vocab, 1)
    tokens[-1] = before.argmax()
    right = Reference(tiny).logits(tokens, rows)
    path = listed(chosen, job.name, tokens)
    got, decoded = (logits(model, path, tiny.vocab, LAST, more=["--chunk", chunk]) for chunk in (128, 63))
    result = [near(f"{job.name}, last {LAST} of {count}", right, got), same(f"{job.name}, last token decoded", got, decoded),
              near(f"{job.name}, one short", right[-2:-1], before)]
    result += [noticed(job.name, tiny, tokens, rows, right, mistake) for mistake in mistakes]
    return result + (full(chosen, job.name, model, tokens, right, short) if job.name in ("global", "windows") else [])


def full(chosen, name, model, tokens, right, short):
    """All of the context but one token, then greedy: two tokens, the second from position 262,143; and one token too many."""
    said, stop = answer(model, short)
    best = right[-2:].argmax(axis=1).tolist()
    over = listed(chosen, f"{name} over", [*tokens, 5])
    result = [Row(f"{name}, decoded until full", "wrong", float(said != best or stop != "context"), 0.5,
                  detail=f"{said} instead of {best}, stop {stop}", note=f"stop {stop}")]
    for command in (["logits", "--tokens", f"@{over}", "-o", chosen.work / "never"], ["run", "--tokens", f"@{over}"]):
        result.append(refused(f"{name}, one past full: {command[0]}", [model, *command], 1, f"{FAR + 1} tokens", f"holds {FAR}"))
    return result


def ring(chosen, job):
    """Every row of a sequence whose chunks begin at every slot of the ring."""
    chunk, window, slots = job.facts
    tiny = Tiny("ssf|sf", window=window, context=32768)
    count = slots * chunk + 1 if chunk > 1 else 5 * slots
    tokens = tiny.tokens(count)
    model = built(chosen, tiny, job.name, "--chunk", chunk)
    right = Reference(tiny).logits(tokens, range(count))
    # Every row wanted: chunks of at most 32 rows, the most that one step gives logits for. So the last row, too.
    path, short = listed(chosen, job.name, tokens), min(32, chunk)
    result = [near(f"{job.name}, all {count} rows in chunks of {short}", right, logits(model, path, tiny.vocab))]
    for length in sorted({count, count - 1, count // 2, slots + 1}):
        got = logits(model, listed(chosen, f"{job.name} {length}", tokens[:length]), tiny.vocab, 1)
        result.append(near(f"{job.name}, row {length - 1}", right[length - 1:length], got))
    if count < 400:
        result += [noticed(job.name, tiny, tokens, range(count), right, mistake) for mistake in ("window + 1", "old ring slot")]
    return result


def contexts(chosen, job):
    """Contexts that are no multiple of anything, a context chosen at the start, and a window longer than the context."""
    tiny, count = Tiny("sf|sf", window=150), 100
    tokens = tiny.tokens(count)
    right = Reference(tiny).logits(tokens, range(count))
    wide, tight, one = (built(chosen, replace(tiny, context=size), f"context {size}") for size in (4096, count, 1))
    path, over = listed(chosen, "full", tokens), listed(chosen, "over", [*tokens, 5])
    got = logits(tight, path, tiny.vocab)
    result = [near(f"context of {count} full, window longer", right, got),
              same("the same in a larger context", got, logits(wide, path, tiny.vocab)),
              same("the same in a larger context cut at the start", got,
                   logits(wide, path, tiny.vocab, more=["--context", count])),
              near("context of 1 full", right[:1], logits(one, tokens[:1], tiny.vocab))]
    for name, model, more in (("compiled", tight, []), ("--context", wide, ["--context", count])):
        for command in (["logits", "--tokens", f"@{over}", "-o", chosen.work / "never"], ["run", "--tokens", f"@{over}"]):
            result.append(refused(f"one past full, {name}: {command[0]}", [model, *command, *more], 1, f"{count + 1} tokens",
                                  f"holds {count}"))
        said, stop = answer(model, path, *more)
        shorter, why = answer(model, listed(chosen, "shorter", tokens[:-3]), *more)
        ok = (len(said), stop, len(shorter), why) == (1, "context", 4, "context") and said[0] == right[-1].argmax()
        result.append(Row(f"until full, {name}", "wrong", float(not ok), 0.5, detail=f"{said} {stop}, {shorter} {why}"))
    result.append(refused("a context longer than compiled", [tight, "info", "--context", count + 1], 2, str(count + 1), str(count)))
    return result


def chat_model(chosen):
    """A chat model whose greedy answers are words that its tokenizer reads back as the same ids (found among a few seeds)."""
    base, control = ROOT / "test/goldens/text/base", ("<|turn>", "<turn|>", "<|think|>")
    folder = Tiny("ssf|sf", window=16, vocab=512 + len(control), context=1024, seed=5).write(chosen.work / "chat-weights")
    tokenizer = json.loads((base / "tokenizer.json").read_text())
    for token, content in enumerate(control, 512):
        tokenizer["added_tokens"].append(tokenizer["added_tokens"][0] | {"id": token, "content": content})
        tokenizer["model"]["vocab"][content] = token
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "chat_template.jinja").write_text("")  # that there is one makes it a chat model
    build(chosen, "models/gemma4.toml", folder, "f32", chosen.work / "chat", "--target", chosen.level)
    return chosen.work / "chat"


def turns(chosen, job):
    """A chat's second answer, on top of what the first turn left in the cache, is that of one prefill of both turns."""
    model, first, second = chat_model(chosen), "Long enough to cross the window of sixteen, twice.", "And again?"
    done = run([model, "chat", "--think", "--temp", 0, "--max-tokens", 3, "-v"], text_input=f"{first}\n{second}\n")
    replies, fed = done.stdout.split("\n"), [int(n) for n in re.findall(r"\[(\d+) prompt tokens", done.stderr)]
    text = (f"<bos><|turn>system\n<|think|>\n<turn|>\n<|turn>user\n{first}<turn|>\n<|turn>model\n{replies[0]}<turn|>\n"
            f"<|turn>user\n{second}<turn|>\n<|turn>model\n")
    tokens = must([model, "tokenize", "--control", text]).stdout.strip()
    said = json.loads(must([model, "run", "--tokens", tokens, "--temp", 0, "--max-tokens", 3, "--json"]).stdout)
    known = fed[0] + 2 if fed else 0  # the prompt, and two of three tokens of the answer: the last one was not fed
    detail = f"{replies} after {fed} tokens; at once {said['text']!r} after {said['prompt_tokens']}"
    return [Row("second turn answers as at once", "wrong", float(replies[1:] != [said["text"], ""]), 0.5, detail=detail, note=detail),
            Row("second turn feeds what is new", "wrong", float(fed[1:] != [said["prompt_tokens"] - known]), 0.5, detail=detail),
            *dropped_thought(model, first, second)]


def dropped_thought(model, first, second):
    """Without --think an empty thought opens each answer and is no part of the conversation later: what stands before it is kept."""
    done = run([model, "chat", "--temp", 0, "--max-tokens", 3, "-v"], text_input=f"{first}\n{second}\n")
    replies, fed = done.stdout.split("\n"), [int(n) for n in re.findall(r"\[(\d+) prompt tokens", done.stderr)]
    empty = "<|channel>thought\n<channel|>"
    text = (f"<bos><|turn>user\n{first}<turn|>\n<|turn>model\n{replies[0]}<turn|>\n<|turn>user\n{second}<turn|>\n<|turn>model\n{empty}")
    tokens = must([model, "tokenize", "--control", text]).stdout.strip()
    opening = len(must([model, "tokenize", "--control", empty]).stdout.split(","))
    said = json.loads(must([model, "run", "--tokens", tokens, "--temp", 0, "--max-tokens", 3, "--json"]).stdout)
    detail = f"{replies} after {fed} tokens; at once {said['text']!r} after {said['prompt_tokens']}"
    kept = said["prompt_tokens"] - fed[1] if len(fed) == 2 else -1
    return [Row("after a dropped thought, as at once", "wrong", float(replies[1:] != [said["text"], ""]), 0.5, detail=detail),
            Row("after a dropped thought, the rest is kept", "wrong", float(not fed[0] - opening - 32 <= kept <= fed[0]), 0.5,
                detail=detail, note=f"{kept} of {fed[0]} tokens kept")]


def main():
    chosen = options(__doc__, only={"nargs": "*", "help": "words of the cases' names"})
    chosen.level = native_level(chosen)
    jobs = [Job(name, facts=facts, work=far) for name, facts in FAR_CASES.items()]
    jobs += [Job(f"ring of {facts[2]}, chunk {facts[0]}, window {facts[1]}", facts=facts, work=ring) for facts in RINGS]
    jobs += [Job("contexts", work=contexts), Job("turns", work=turns)]
    jobs = [job for job in jobs if not chosen.only or any(word in job.name for word in chosen.only)]
    return report("long positions", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
