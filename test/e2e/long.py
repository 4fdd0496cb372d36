#!/usr/bin/env python3
"""Positions up to 262,143, rings that wrap everywhere, and contexts that are exactly full.

Tiny random decoders (tiny.py) against a float64 reference in numpy. Each case also says which mistakes its reference would show:
"unnoticed" is the bound over what the mistake changes, and a case in which a mistake stays below five times the bound fails.
"""
import json
import sys
from dataclasses import replace

import numpy as np

from common import ROOT, Case, Failure, Job, Row, broken, build, each, logits, must, options, report, run
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
    "windows": (Tiny("sf|sf", k_eq_v=True), FAR, ["angles in float64", "window + 1", "old ring slot", "last key unseen"]),
    "window of 1024": (Tiny("sf|sf", window=1024, seed=3, heads=4, kv_heads=2), 40000, ["window + 1", "window - 1"]),
}
# Chunk, window, slots of the ring: chunks begin at every slot, for the two numbers have no common divisor. Where window + chunk
# is 2 more than a multiple of 32 no slot is to spare.
RINGS = [(37, 29, 96), (37, 30, 128), (33, 1, 64), (7, 59, 96), (5, 28, 64), (1, 33, 64)]


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
    """The command ends with this code and one line that holds the words."""
    done = run(command)
    lines = done.stderr.strip().splitlines()
    ok = done.returncode == code and len(lines) == 1 and all(word in lines[0] for word in words)
    return Row(name, "wrong", float(not ok), 0.5, detail=f"exit code {done.returncode}, {done.stderr!r}", note=lines[0][-90:] if lines else "")


def answer(model, tokens, *more):
    """(tokens, reason of the end) of a greedy run."""
    said = json.loads(must([model, "run", "--tokens", f"@{tokens}", "--temp", 0, "--ignore-stop", "--json", *more]).stdout)
    return said["tokens"], said["stop"]


def far(chosen, job):
    """The last rows of a long sequence: prefilled, and the last one decoded."""
    tiny, count, mistakes = job.facts
    tokens, rows = tiny.tokens(count), range(count - LAST, count)
    right = Reference(tiny).logits(tokens, rows)
    path = listed(chosen, job.name, tokens)
    model, decoding = built(chosen, tiny, job.name), built(chosen, tiny, f"{job.name} 63", "--chunk", 63)
    got, decoded = (logits(each, path, tiny.vocab, LAST) for each in (model, decoding))
    result = [near(f"{job.name}, last {LAST} of {count}", right, got), same(f"{job.name}, last token decoded", got, decoded)]
    result += [noticed(job.name, tiny, tokens, rows, right, mistake) for mistake in mistakes]
    if count == FAR:
        result += full(chosen, job.name, tiny, decoding, tokens, right)
    return result


def full(chosen, name, tiny, model, tokens, right):
    """All of the context but one token, then greedy: two tokens, the second from position 262,143; and one token too many."""
    rows = logits(model, listed(chosen, f"{name} short", tokens[:-1]), tiny.vocab, 1)
    said, stop = answer(model, chosen.work / f"{name.replace(' ', '-')}-short.tokens")
    ended = [*tokens[:-1], said[0]]
    last = logits(model, listed(chosen, f"{name} answered", ended), tiny.vocab, 1)
    wrong = said != [int(right[-2].argmax()), int(last[0].argmax())] or stop != "context"
    over = listed(chosen, f"{name} over", [*tokens, 5])
    result = [near(f"{name}, one short of full", right[-2:-1], rows),
              Row(f"{name}, decoded until full", "wrong", float(wrong), 0.5, detail=f"{said}, stop {stop}", note=f"stop {stop}"),
              near(f"{name}, after the answer", Reference(tiny).logits(np.array(ended), [FAR - 1]), last)]
    for command in (["logits", "--tokens", f"@{over}", "-o", chosen.work / "never"], ["run", "--tokens", f"@{over}"]):
        result.append(refused(f"{name}, one past full: {command[0]}", [model, *command], 1, str(FAR + 1), f"holds {FAR}"))
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
    result.append(noticed(job.name, tiny, tokens, range(count), right, "window + 1"))
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


def turns(chosen, job):
    """A chat's second answer, on top of what the first turn left in the cache, is that of a fresh prefill of both turns."""
    case = Case(ROOT / "test/goldens/text/base")
    model = chosen.work / "chat"
    build(chosen, case.description, case.folder, "f32", model, "--target", chosen.level)
    lines = ["The licence of this work is long enough to cross the window of sixteen.", "And the second one?"]

    def chat(text):
        """What is said, and the prompt tokens of each turn (--verbose): those that were not in the cache."""
        done = run([model, "chat", "--temp", 0, "--max-tokens", 1, "-v"], text="".join(line + "\n" for line in text))
        return done
    raise Failure("to be written")


def main():
    chosen = options(__doc__, only={"nargs": "*", "help": "words of the cases' names"})
    case = Case(ROOT / "test/goldens/text/base")
    build(chosen, case.description, case.folder, "q8", chosen.work / "native")
    chosen.level = json.loads(must([chosen.work / "native", "info", "--json"]).stdout)["level"]
    jobs = [Job(name, facts=facts, work=far) for name, facts in FAR_CASES.items()]
    jobs += [Job(f"ring of {facts[2]}, chunk {facts[0]}, window {facts[1]}", facts=facts, work=ring) for facts in RINGS]
    jobs.append(Job("contexts", work=contexts))
    jobs = [job for job in jobs if not chosen.only or any(word in job.name for word in chosen.only)]
    return report("long positions", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
