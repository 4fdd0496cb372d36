#!/usr/bin/env python3
"""Experts: which are chosen, with what weights, and whose bytes are read.

Models of test/families/experts.toml whose logit e is expert e's weight in the sum, made here, so that the choice and the
weights can be read off. The gate stands here a third time (reference interpreter, generated code), in numpy. Embeddings and
router are on grids where every score is exact in float32: ties are ties everywhere, and would not be if a recipe rounded the
router's weights or the rows that it reads.
"""
import json
import re
import struct
import subprocess
import sys

import numpy as np

from common import ROOT, Failure, Job, Row, build, each, logits, must, options, report, same_bits, shown, worst_of

FAMILY = "test/families/experts.toml"
LEVEL = "x86-64-v3"                 # one is enough: levels.py and quants.py run experts on all of them
GATE = 4.0                          # of every expert, before the activation
OUTPUT = GATE / (1 + np.exp(-GATE))
# Of a chosen expert's weight. Scores are exact and experts hold one number, so only the rounding of that number is left: of
# float32 sums and exponentials; of a bfloat16 (2^-9) for the gate, the row and the product; of codes and their float16 scales.
WEIGHT_TOLERANCE = {"f32": 2e-6, "keep": 2e-6, "bf16": 1.2e-2, "q8": 1.2e-2, "q4": 1.2e-2}
NOISE_TOLERANCE = 2e-5              # added where there is noise: its logarithm, cosine and softplus are float32 polynomials


def mix(z):
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def normal(seed, positions, experts):
    """n of gemma.route (dialects/gemma/GemmaOps.td), [positions, experts]."""
    with np.errstate(over="ignore"):
        rows = mix(np.array([seed], np.uint64)) + np.arange(positions, dtype=np.uint64)
        bits = mix(mix(rows)[:, None] + np.arange(experts, dtype=np.uint64)[None, :])
    u = ((bits >> np.uint64(40)).astype(np.float64) + 1) * 2.0**-24
    v = (bits >> np.uint64(16) & np.uint64(0xFFFFFF)).astype(np.float64) * 2.0**-24
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)


class Model:
    """Weights of the family, and what its gate must do with them."""

    def __init__(self, experts, top_k, seed=0, spread=False, ties="", width=160, expert_size=32, vocab=192):
        random = np.random.default_rng(experts * 1000 + top_k + seed)
        self.experts, self.top_k, self.seed, self.spread = experts, top_k, seed, spread
        grid = lambda shape, step: random.integers(-round(1 / step), round(1 / step) + 1, shape).astype(np.float64) * step
        embed, router = grid((vocab, width), 2.0**-10), grid((experts, width), 2.0**-3)
        embed[:, 0] = 1  # what the experts read
        if ties == "thirds":  # three of a kind, far apart: the k-th place falls between equals in most rows
            router = router[np.arange(experts) % ((experts + 2) // 3)]
        if ties == "all":
            router[:] = 0
        gate_up, down = np.zeros((experts, 2 * expert_size, width)), np.zeros((experts, width, expert_size))
        gate_up[:, :expert_size, 0], gate_up[:, expert_size:, 0] = GATE, 1
        down[np.arange(experts), np.arange(experts), :] = 1 / expert_size
        self.weights = {"embed": embed, "router": router, "expert_scale": random.uniform(0.5, 2, experts),
                        "noise_router": grid((experts, width), 2.0**-5), "gate_up": gate_up, "down": down,
                        "q": grid((32, width), 2.0**-3), "k": grid((32, width), 2.0**-3), "v": grid((32, width), 2.0**-3),
                        "o": np.zeros((width, 32)), "head": np.eye(vocab, width)}
        if not spread:
            del self.weights["noise_router"]
        self.config = {"model_type": "experts", "vocab_size": vocab, "hidden_size": width, "num_experts": experts,
                       "top_k": top_k, "expert_size": expert_size, "noise": seed, "noise_weight": spread}

    def write(self, folder, **more):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(self.config | more))
        header, blobs, offset = {}, [], 0
        for name, values in self.weights.items():
            blob = values.astype("<f4").tobytes()
            dtype = "F32"
            if name.endswith("router"):  # on a grid that bfloat16 holds: --quant keep must not round the rows for that
                dtype, blob = "BF16", (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
            header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [offset, offset + len(blob)]}
            offset += len(blob)
            blobs.append(blob)
        text = json.dumps(header).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
        return folder

    def scores(self, tokens):
        x = self.weights["embed"][tokens]
        exact = x @ self.weights["router"].T
        assert (exact == exact.astype(np.float32)).all()
        if not self.seed:
            return exact
        spread = np.log1p(np.exp(x @ self.weights["noise_router"].T)) if self.spread else 1
        return exact + normal(self.seed, len(tokens), self.experts) * spread

    def routing(self, tokens):
        """Weight of each expert in each row's sum, [rows, experts]; 0 where it is not chosen."""
        scores = self.scores(tokens)
        order = np.argsort(-scores, axis=1, kind="stable")  # stable: of equal ones the lower index first
        if self.seed:
            ranked = np.take_along_axis(scores, order, 1)
            if self.top_k < self.experts and (ranked[:, self.top_k - 1] - ranked[:, self.top_k]).min() < 1e-5:
                raise Failure("the noise makes a choice too close to be judged: take another seed")
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)  # over all experts, then again over the kept: gemma.route says it is the same
        kept = np.zeros_like(p)
        np.put_along_axis(kept, order[:, :self.top_k], 1, 1)
        p *= kept
        return p / p.sum(axis=1, keepdims=True) * self.weights["expert_scale"].astype(np.float32)


def prompt(model):
    """Rows in which anything may happen: all the same, all different, and back to the first."""
    vocab = model.config["vocab_size"]
    return [5] * 40 + list(np.random.default_rng(1).permutation(vocab)) + [5] * 3


def judge(name, model, tokens, got, quant):
    """Exactly the experts that should be there, and their weights."""
    want = model.routing(tokens)
    seen = got[:, :model.experts] / OUTPUT
    wrong = int(((seen != 0) != (want != 0)).any(axis=1).sum()) + int((got[:, model.experts:] != 0).any(axis=1).sum())
    chosen = want != 0
    error = float(np.abs(seen[chosen] / want[chosen] - 1).max())
    allowed = WEIGHT_TOLERANCE[quant] + (NOISE_TOLERANCE if model.seed else 0)
    rows = [("rows wrong", float(wrong), 0.5), ("weight", error, allowed)]
    uses = chosen.sum(axis=0)
    return worst_of(name, rows, note=f"{len(tokens)} rows, an expert has {uses.min()} to {uses.max()} of them")


def interpreted(chosen, folder, quant, tokens, vocab, stem):
    ir, out = (chosen.work / f"{stem}.{suffix}" for suffix in ("mlir", "reference.f32"))
    build(chosen, FAMILY, folder, quant, ir, "--to", "quantize")
    must([chosen.bin / "gemma-run", ir, "--checkpoint", folder, "--description", ROOT / FAMILY, "--packed",
          "--tokens", f"@{tokens}", "-o", out])
    return ir.read_text(), np.fromfile(out, dtype="<f4").reshape(-1, vocab)


def choice(chosen, job):
    """One model under each of its recipes: executable and interpreter against numpy, and the bits of other chunks and threads."""
    model, rows = job.model, []
    stem = job.name.replace(" ", "-").replace(",", "")
    folder, tokens, vocab = model.write(chosen.work / stem), prompt(model), model.config["vocab_size"]
    listed = folder / "tokens.txt"
    listed.write_text(",".join(map(str, tokens)))
    for quant in job.quants:
        name, path = f"{job.name} {quant}", chosen.work / f"{stem}-{quant}"
        build(chosen, FAMILY, folder, quant, path, "--target", LEVEL)
        got = logits(path, listed, vocab, len(tokens))
        rows.append(judge(name, model, tokens, got, quant))
        ir, reference = interpreted(chosen, folder, quant, listed, vocab, f"{stem}-{quant}")
        rows.append(judge(f"{name} interpreter", model, tokens, reference, quant))
        rows.append(router_format(f"{name} router", ir))
        for chunk in job.chunks:
            other = chosen.work / f"{stem}-{quant}-{chunk}"
            build(chosen, FAMILY, folder, quant, other, "--target", LEVEL, "--chunk", chunk)
            rows.append(same_bits(f"{name} chunk {chunk}", "", got, logits(other, listed, vocab, len(tokens), more=["--threads", 3])))
    return rows


def router_format(name, ir):
    """f32 weights, and rows that are not rounded for them."""
    routers = re.findall(r'(%\w+) = gemma.weight "[^"]*router" index \d+ floor f32(?: kept \w+)? format (\w+)', ir)
    reads = [kind for weight, _ in routers for kind in re.findall(rf'gemma.project %[\w#]+, {weight} : !gemma.packed<\d+ x (\w+)', ir)]
    wrong = not routers or {f for _, f in routers} != {"f32"} or len(reads) != len(routers) or set(reads) != {"f32"}
    return Row(name, "differ", float(wrong), 0.5, detail=f"formats {routers}, rows {reads}", note="f32 weights, f32 rows")


# Whose bytes.

def weight_places(chosen, folder, quant, stem):
    """Offset in the section, members and bytes of a member for each weight, from the plan."""
    plan = chosen.work / f"{stem}.plan.mlir"
    build(chosen, FAMILY, folder, quant, plan, "--to", "layout")
    found = re.findall(r'kernel.weight "([^"]+)" index \d+ at (\d+) : <(\w+), (\w+), (\d+) x (\d+) x (\d+)>', plan.read_text())
    places = {}
    for (name, at, form, layout, members, rows, columns), following in zip(found, found[1:] + [None]):
        places[name] = (int(at), int(members), int(following[1]) - int(at) if following else None)
    return places


def section_offset(path, wanted):
    """runtime/abi/Artifact.h: the trailer, then the table."""
    with open(path, "rb") as file:
        file.seek(-112, 2)
        table, count = struct.unpack("<QI", file.read(12))
        file.seek(table)
        for _ in range(count):
            name, offset, size = struct.unpack("<24sQQ40x", file.read(80))
            if name.rstrip(b"\0").decode() == wanted:
                return offset, size
    raise Failure(f"{path} has no section {wanted}")


def pages_read(model, tokens, offset, size):
    """For each page of a section: is it in the process's page table after one step over `tokens`? The logits go to a pipe that is
    too small for them: once a byte of them is there, the step is over and the process waits."""
    command = [str(model), "logits", "--trust", "--threads", "2", "--last", "1", "--tokens", ",".join(map(str, tokens)), "-o", "-"]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                             pipesize=4096)
    try:
        if not child.stdout.read(1):
            raise Failure(f"{shown(command)}\n  said: {child.stderr.read().decode()}")
        for line in open(f"/proc/{child.pid}/maps"):
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            from_file = int(line.split()[2], 16)
            if line.rstrip().endswith(str(model)) and from_file <= offset and offset + size <= from_file + end - begin:
                with open(f"/proc/{child.pid}/pagemap", "rb") as table:
                    table.seek((begin + offset - from_file) // 4096 * 8)
                    return np.frombuffer(table.read((size + 4095) // 4096 * 8), dtype="<u8") >> np.uint64(63) != 0
        raise Failure(f"no mapping of {model} holds its weights")
    finally:
        child.kill()
        child.communicate()


AROUND = 15  # pages: a fault maps its neighbours in an aligned run of 64 KiB, if they are cached


def touched(name, places, present, chosen_experts, experts):
    """Every page of the chosen experts, and none of the others but for neighbours of something else."""
    expected = np.zeros(len(present), bool)
    mine = np.zeros(len(present), bool)
    for weight, (at, members, size) in places.items():
        stack = weight.split(".")[-1] in ("gate_up", "down")
        for expert in range(experts if stack else 1):
            begin, end = at + size * expert // (experts if stack else 1), at + size * (expert + 1) // (experts if stack else 1)
            if not stack or expert in chosen_experts:
                expected[begin // 4096:-(-end // 4096)] = True
                if stack:
                    mine[-(-begin // 4096):end // 4096] = True
    near = np.convolve(expected, np.ones(2 * AROUND + 1), "same") > 0
    missing, foreign = int((mine & ~present).sum()), int((present & ~near).sum())
    note = f"experts {[int(e) for e in sorted(chosen_experts)]}: {int(mine.sum())} pages; {int((~near).sum())} pages that must not be there"
    if (~near).sum() < 1000 and len(chosen_experts) < experts:
        raise Failure("this layout leaves too few pages that must stay away")
    return Row(name, "pages", float(missing + foreign), 0.5, detail=f"{missing} not read, {foreign} read needlessly", note=note)


def bytes_read(chosen, job):
    """Decode and prefill map the pages of chosen experts only, and the counted bytes are those."""
    model = Model(8, 2, width=1024, expert_size=1024, vocab=4096)
    folder = model.write(chosen.work / "large")
    rows = []
    path = chosen.work / "large-q8"
    build(chosen, FAMILY, folder, "q8", path, "--target", LEVEL)
    places = weight_places(chosen, folder, "q8", "large")
    offset, size = section_offset(path, "weights")
    last = max(places, key=lambda name: places[name][0])
    places = {name: (at, members, bytes_ or size - at) for name, (at, members, bytes_) in places.items()}
    embed = places.pop("embed")  # one row each: anywhere in the table
    tokens = np.arange(model.config["vocab_size"])
    picks = [frozenset(np.flatnonzero(row)) for row in model.routing(tokens)]
    first = picks[0]
    away = next(t for t in tokens if not picks[t] & first)
    same = [int(t) for t in tokens if picks[t] == first][:20]
    cases = {"decode": [0], "decode, no expert of that": [int(away)], "20 rows, the same two": same,
             "rows with no common expert": [0, int(away)]}
    for what, prompt_tokens in cases.items():
        present = pages_read(path, prompt_tokens, offset, size)
        present[max(embed[0] // 4096 - AROUND, 0):-(-(embed[0] + embed[2]) // 4096) + AROUND] = False
        union = frozenset().union(*(picks[t] for t in prompt_tokens))
        rows.append(touched(what, places, present, union, model.experts))
    return rows + counted(path, places, embed, model, chosen, last)


def counted(path, places, embed, model, chosen, last):
    """What info and bench say that a step reads: all weights, of each stack k of its experts, one row of the table, and at a depth
    the blocks of 32 keys and values that hold it."""
    info = json.loads(must([path, "info", "--json"]).stdout)
    want = embed[2] // model.config["vocab_size"]
    for name, (at, members, size) in places.items():
        want += size * model.top_k // model.experts if name.split(".")[-1] in ("gate_up", "down") else size
    off = abs(info["decode_bytes"] - want)
    rows = [Row("info: bytes of a step", "differ", float(off), 64.0 * len(places), note=f"{want} of {info['memory']['weights']}",
                detail=f"info says {info['decode_bytes']}")]
    bench = json.loads(must([path, "bench", "--json", "-p", 8, "-n", 1, "-d", "0,31,32,100", "-r", 1]).stdout)
    for rate in bench["decode"]:
        blocks = rate["depth"] // 32 + 1
        cache = blocks * 32 * 2 * 32 * 2  # keys and values, 32 columns of bfloat16
        rows.append(Row(f"bench: bytes at depth {rate['depth']}", "differ", float(abs(rate["bytes_per_token"] - info["decode_bytes"] - cache)),
                        0.5, detail=f"bench says {rate['bytes_per_token']}", note=f"{blocks} blocks of 32 positions"))
    return rows


def refused(chosen, job):
    """What a description may not ask for, in one line."""
    folder = chosen.work / "refused"
    Model(6, 1).write(folder, noise=-1)
    rows = []
    for more, words in (({"noise": -1}, "noise"), ({"top_k": 7}, "top_k = 7")):
        (folder / "config.json").write_text(json.dumps(Model(6, 1).config | more))
        done = subprocess.run([chosen.gemmac, "build", ROOT / FAMILY, "--weights", folder, "-o", chosen.work / "none"],
                              capture_output=True, text=True)
        good = done.returncode == 1 and words in done.stderr
        rows.append(Row(f"refused: {more}", "differ", float(not good), 0.5, detail=done.stderr[-500:]))
    return rows


def main():
    chosen = options(__doc__, only={"nargs": "*", "help": "jobs by their first word"})
    every = ["f32", "bf16", "q8", "q4", "keep"]
    jobs = [Job("bytes", work=bytes_read), Job("refused", work=refused)]
    for name, model, quants, chunks in (
            ("8 of 128", Model(128, 8), every, ()),
            ("8 of 128, ties", Model(128, 8, ties="thirds"), ["f32", "q4"], (7,)),
            ("8 of 128, all equal", Model(128, 8, ties="all"), ["q8"], ()),
            ("2 of 8", Model(8, 2), ["f32", "q4"], (1,)),
            ("1 of 6", Model(6, 1), ["bf16", "q4"], ()),
            ("5 of 5", Model(5, 5), ["f32", "q8"], ()),
            ("8 of 128, noise", Model(128, 8, seed=7), ["f32"], ()),
            ("8 of 128, learned noise", Model(128, 8, seed=9, spread=True), ["f32", "q4"], (1, 7)),
            ("2 of 8, learned noise off", Model(8, 2, seed=0, spread=True), ["q8"], ())):
        jobs.append(Job(name, model=model, quants=quants, chunks=chunks, work=choice))
    jobs = [job for job in jobs if not chosen.only or job.name in chosen.only]
    return report("experts", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
