#!/usr/bin/env python3
"""One factor of a description changed must make a golden fail: the goldens see every number of models/gemma4.toml.

Each mutant is the TOML with one thing changed: an attribute of a step (RULES), a step that does nothing (a norm, a
rotation, a factor left out), a norm's weight left out, a step that reads another value or a derived value that is
another (CHANGES), a number whose key in config.json is not read. The reference interpreter runs the mutant's
imported IR on the goldens until one is outside its --quant f32 tolerance. What does not compile any more (REFUSED)
must be refused; what no golden can see (UNSEEN) is listed with its reason, and is an error once one sees it. Not
judged here: [sizes] and defaults, which no golden uses; the GGUF keys (gguf_goldens.py, real_gemma3.py); floors and
[runtime], which do not enter the logits.
"""
import re
import sys
from dataclasses import dataclass

from common import ROOT, Job, Row, broken, build, cases, each, ending, must, options, read_logits, report, run
from measures import F32_KL, F32_MAX_ABS, compare

DESCRIPTION = "models/gemma4.toml"
FIRST = "epsilon"  # the case that holds nearly every step and no default: most mutants end there

# What an attribute becomes; {} is the expression that stands there.
RULES = {
    "scale": ["({}) * 1.05"], "by": ["({}) * 1.05"], "eps": ["({}) * 1.5"], "theta": ["({}) * 1.2"],
    "pairs": ["({}) - 1"], "denominator": ["({}) + 2"], "cap": ["({}) * 1.1"], "top_k": ["({}) - 1", "({}) + 1"],
    "window": ["sliding ? window + 1 : 0", "sliding ? window - 1 : 0", "0", "window"],
    "blocks": ["0", "bidirectional == 'vision' ? image_tokens : 0"],
    "offset": ["(layers - 1 - i) * ple_size"], "activation": ["silu"],
    "group": ["({}) / 2"], "size": ["({}) / 2"],
    "heads": ["({}) / 2"], "kv_heads": ["({}) * 2"], "head_dim": ["({}) / 2"],
}
LEFT_OUT = {"rms_norm", "rope", "scale", "scale_by", "softcap"}  # operations that keep the width

# (step or derived value, attribute, what it becomes)
CHANGES = [
    ("sliding", "", "layer_types[i] != 'sliding_attention'"),
    ("owns_kv", "", "i < layers - shared_layers + 1"),
    ("kv_source", "", "owns_kv ? i : (sliding ? 0 : 1)"),
    ("v_from_k", "", "!sliding && owns_kv"),
    ("v_from_k", "", "false"),
    ("head", "", "head_dim"),
    ("kv", "", "kv_heads"),
    ("theta", "", "sliding ? rope_theta * 1.2 : global_rope_theta"),
    ("theta", "", "sliding ? rope_theta : global_rope_theta * 1.2"),
    ("theta", "", "rope_theta"),
    ("theta", "", "global_rope_theta"),
    ("pairs", "", "sliding ? floor(head / 2) - 1 : floor(global_rope_part * head / 2)"),
    ("pairs", "", "sliding ? floor(head / 2) : floor(global_rope_part * head / 2) - 1"),
    ("pairs", "", "floor(head / 2)"),
    ("ffn", "", "ffn_size"),
    ("ple", "", "false"),
    ("moe", "", "false"),
    ("q", "in", "q_raw"),
    ("k", "in", "k_raw"),
    ("v", "in", "v_raw|k_normed"),
    ("v", "in", "v_raw|k"),
    ("r", "in", ["embedded", "attn_normed"]),
    ("ffn_in", "in", "x"),
    ("inner", "in", ["up", "gate"]),
    ("route_normed", "in", "ffn_in"),
    ("expert_in", "in", "ffn_in"),
    ("ffn_sum", "in", ["dense_normed", "dense"]),
    ("y", "in", ["x", "ffn_normed"]),
    ("ple_gate", "in", "r"),
    ("y_ple", "in", ["r", "ple_normed"]),
    ("scaled", "in", "y"),
    ("ple_sum", "in", ["ple_context", "ple_context"]),
]
# What does not compile: widths that do not fit each other or the checkpoint's tensors, tensors missing or left over.
REFUSED = {
    "attended.heads = (heads) / 2", "attended.kv_heads = (kv) * 2", "attended.head_dim = (head) / 2",
    "q.head_dim = (head) / 2", "k.head_dim = (head) / 2", "q_normed.group = (head) / 2", "k_normed.group = (head) / 2",
    "ple_context.group = (ple_size) / 2", "ple_slice.size = (ple_size) / 2",
    "sliding = layer_types[i] != 'sliding_attention'", "v_from_k = !sliding && owns_kv", "v_from_k = false",
    "head = head_dim", "kv = kv_heads", "ffn = ffn_size", "ple = false", "moe = false",
    *(f"number {name} not read" for name in (
        "vocab", "max_position", "hidden_size", "layers", "layer_types", "window", "heads", "kv_heads",
        "global_kv_heads", "head_dim", "global_head_dim", "shared_layers", "k_eq_v", "ffn_size", "double_wide",
        "experts", "top_k_experts", "expert_size", "ple_size")),
}
CHECKED = "only compared with the one value that the family has, by a check"
LISTED = "no golden's config.json lists it layer by layer; test/compiler/config/SizesTest.cpp reads it"
UNSEEN = {
    "number bos_id not read": "does not enter the logits",
    "number eos_ids not read": "does not enter the logits",
    "number attention_bias not read": CHECKED,
    "number image_tokens not read": "says what a step must hold, not what is computed",
    "number rope_type not read": CHECKED,
    "number global_rope_type not read": CHECKED,
    "number activation not read": CHECKED,
    "number kv_heads_listed not read": LISTED,
    "number head_dim_listed not read": LISTED,
    "number moe_block not read": "says in every golden what the number of experts says",
    "number ple_vocab not read": "is the vocabulary in every golden",
    "number tied_head not read": "true in every golden of this family; text/llama has a head of its own",
}


@dataclass
class Mutant:
    name: str
    text: str


STEP = re.compile(r'^\s*\{ name = "(\w+)",\s+op = "(\w+)",.*\},?\s*(#.*)?$')
VALUE = r'("[^"]*"|\[[^\]]*\]|[-+.\w]+)'


def toml(value):
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return f'"{value}"'


def of_steps(lines):
    """(line, attribute or "", new line) for the attributes that RULES knows, and for steps and weights left out."""
    for at, line in enumerate(lines):
        found = STEP.match(line)
        if not found:
            continue
        name, op = found.groups()[:2]
        for attribute, old in re.findall(r"(\w+) = " + VALUE, line):
            for template in RULES.get(attribute, []):
                value = template.format(old.strip('"'))
                new = line.replace(f"{attribute} = {old}", f"{attribute} = {toml(value)}")
                yield at, f"{name}.{attribute} = {value}", new
        if op in LEFT_OUT:
            kept = [f"{key} = {old}" for key, old in re.findall(r"(\w+) = " + VALUE, line) if key in ("in", "when")]
            yield at, f"{name} left out", f'  {{ name = "{name}", op = "scale", by = 1.0, {", ".join(kept)} }},'
        if op == "rms_norm" and "weight = " in line:
            yield at, f"{name} without its weight", re.sub(r'weight = "\w+", ', "", line)


def of_changes(lines):
    for name, attribute, value in CHANGES:
        step = re.compile(rf'^\s*\{{ name = "{name}",') if attribute else re.compile(rf'^{name}\s*= "')
        places = [at for at, line in enumerate(lines) if step.match(line)]
        if len(places) != 1:
            raise SystemExit(f"mutation.py: {name} stands in {len(places)} lines; CHANGES is out of date")
        line = lines[places[0]]
        if attribute:
            new = re.sub(rf"\b{attribute} = {VALUE}", lambda _: f"{attribute} = {toml(value)}", line, count=1)
        else:
            new = f"{name} = {toml(value)}"
        yield places[0], f"{name}{'.' if attribute else ''}{attribute} = {value}", new


def of_numbers(lines):
    """A number whose key in config.json is not read: its default stands, or nothing does."""
    start = lines.index("[numbers]")
    for at in range(start + 1, len(lines)):
        if lines[at].startswith("["):
            return
        found = re.match(r"^(\w+)\s*= \{.*?\bhf = " + VALUE + ",", lines[at])
        if found:
            yield at, f"number {found.group(1)} not read", lines[at].replace(f" hf = {found.group(2)},", "", 1)


def without_unused(lines, step):
    """`lines` without the weight that `step` alone used: that it is left over must not be what stops the mutant."""
    weight = re.search(r'weight = "(\w+)"', step)
    if not STEP.match(step) or not weight or any(f'weight = "{weight.group(1)}"' in line for line in lines):
        return lines
    kept = [line for line in lines if not re.match(rf"{weight.group(1)}\s*= {{ shape", line)]
    return kept + ["[[ignored]]", 'hf = "/*"', 'why = "left out by a mutant"']


def mutants(description):
    lines = (ROOT / description).read_text().splitlines()
    for source in (of_steps, of_changes, of_numbers):
        for at, name, new in source(lines):
            if new == lines[at]:
                raise SystemExit(f"mutation.py: {name} changes nothing in {lines[at]}")
            changed = lines[:at] + [new] + lines[at + 1:]
            yield Mutant(name, "\n".join(without_unused(changed, lines[at])) + "\n")


class Goldens:
    """The cases, their IR as the description has it, and what a changed description's logits differ by."""

    def __init__(self, chosen):
        self.chosen = chosen
        self.cases = [c for c in cases(ROOT / "test/goldens/text") if c.description == DESCRIPTION]
        self.cases.sort(key=lambda case: (case.name != FIRST, case.name))
        self.ir = {}

    def judge(self, case, description, ir):
        """(what bound / reached is: below 1 the golden fails, and the largest difference)."""
        out = ir.with_suffix(".f32")
        must([self.chosen.bin / "gemma-run", ir, "--tokens", f"@{case.folder / 'tokens.txt'}",
              "--last", case.meta["rows"], "--checkpoint", case.folder, "--description", ROOT / description, "-o", out,
              *case.blocks])
        difference = compare(case.reference, read_logits(out, case.meta["rows"], case.meta["vocab"]))
        out.unlink()
        measured = [(F32_MAX_ABS, difference.max_abs), (F32_KL, difference.kl_max)]
        return min(bound / value if value > 0 else float("inf") for bound, value in measured), difference.max_abs

    def unchanged(self, case):
        """The row of the description itself, which must be inside the tolerance."""
        ir = self.chosen.work / f"{case.name}.mlir"
        build(self.chosen, DESCRIPTION, case.folder, "f32", ir, "--to", "import")
        self.ir[case.name] = ir.read_text()
        ratio, most = self.judge(case, DESCRIPTION, ir)
        return [Row(f"{case.name} unchanged", "diff/bound", 1 / ratio, 1.0, note=f"max-abs {most:.1e}")]

    def mutant(self, job):
        """The row of a mutant: bound / difference of the golden that sees it, which must be below 1."""
        path = self.chosen.work / f"{job.number}.toml"
        path.write_text(job.mutant.text)
        least, note = float("inf"), "no golden holds it"
        for case in self.cases:
            ir = self.chosen.work / f"{job.number}-{case.name}.mlir"
            done = run([self.chosen.gemmac, "build", path, "--weights", case.folder, "--quant", "f32",
                        "--to", "import", "-o", ir])
            if done.returncode == 1:
                why = re.sub(r"^\S+:\d+: (error: )?", "", done.stderr.strip().splitlines()[0])
                if job.mutant.name in REFUSED:
                    return [Row(job.name, "refused", 0.0, 1.0, note=f"{case.name}: {why}")]
                return [broken(job.name, f"refused by {case.name}, and not in REFUSED: {why}")]
            if done.returncode != 0:
                return [broken(job.name, f"{ending(done.returncode)}: {done.stderr}")]
            text = ir.read_text()
            if text != self.ir[case.name]:
                ratio, most = self.judge(case, path, ir)
                if ratio < least:
                    least, note = ratio, f"{case.name}: max-abs {most:.1e}"
            ir.unlink()
            if least < 1:
                break
        path.unlink()
        reason = UNSEEN.get(job.mutant.name)
        if reason and least >= 1:
            return [Row(job.name, "unseen", 0.0, 1.0, note=reason)]
        if reason or job.mutant.name in REFUSED:
            return [broken(job.name, f"UNSEEN or REFUSED lists it, but it is seen: {note}")]
        return [Row(job.name, "bound/diff", least, 1.0, note=note, detail="no golden fails; one is missing")]


def main():
    chosen = options(__doc__, only={"help": "a regular expression for the mutants' names"})
    if not (chosen.bin / "gemma-run").exists():
        raise SystemExit(f"{chosen.bin / 'gemma-run'} is not there; build it with tools/build release gemma-run")
    goldens = Goldens(chosen)
    rows = each(chosen, [Job(case.name, case=case) for case in goldens.cases], lambda job: goldens.unchanged(job.case))
    if any(not row.ok for row in rows):
        return report("before any change", rows)
    found = list(mutants(DESCRIPTION))
    names = [mutant.name for mutant in found]
    for listed in [*REFUSED, *UNSEEN]:
        if listed not in names:
            raise SystemExit(f"mutation.py: no mutant is called '{listed}'; REFUSED or UNSEEN is out of date")
    jobs = [Job(mutant.name, mutant=mutant, number=i) for i, mutant in enumerate(found)
            if not chosen.only or re.search(chosen.only, mutant.name)]
    return report(f"one factor of {DESCRIPTION} changed", rows + each(chosen, jobs, goldens.mutant))


if __name__ == "__main__":
    sys.exit(main())
