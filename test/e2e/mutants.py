"""Every number and name of a description, and descriptions with one of them changed.

A leaf is a path such as numbers.window.hf[0], layer.steps.attended.window or sizes.e2b.heads. A mutant says which leaf it
changes; `generic` mutants change a name or a number by rule, and that a checkpoint refuses them is as good as a golden that
fails. The others (RULES, LEFT_OUT and the family's changes) compute something else, and must not be refused unless listed.
"""
import copy
import json
import re
import tomllib
from dataclasses import dataclass

# What an attribute becomes; {} is the expression that stands there.
RULES = {
    "scale": ["({}) * 1.05"], "by": ["({}) * 1.05"], "eps": ["({}) * 1.5"], "theta": ["({}) * 1.2"],
    "pairs": ["({}) - 1", "floor(({}) / 2)"], "denominator": ["({}) + 2"], "cap": ["({}) * 1.1"], "top_k": ["({}) - 1", "({}) + 1"],
    "window": ["sliding ? window + 1 : 0", "sliding ? window - 1 : 0", "0", "window"],
    "blocks": ["0", "bidirectional == 'vision' ? image_tokens : 0"],
    "offset": ["(layers - 1 - i) * ple_size"], "activation": ["silu", "gelu_tanh"],
    "group": ["({}) / 2"], "size": ["({}) / 2"], "softcap": ["2"],
    "heads": ["({}) / 2"], "kv_heads": ["({}) * 2"], "head_dim": ["({}) / 2"],
}
RUNTIME = {"empty_thought": "!({})", "top_p": "({}) / 2"}  # the others become one more
LEFT_OUT = {"rms_norm", "rope", "scale", "scale_by", "softcap"}  # operations that keep the width
LISTS_OF_STEPS = ("before", "after", "layer.steps")


@dataclass
class Mutant:
    name: str
    leaves: list        # the paths whose change this is
    text: str           # the whole description
    generic: bool       # may be refused
    table: str          # the first word of the path


def load(path):
    return tomllib.loads(path.read_text())


def inline(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(one) for one in value) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value)


def written(document, path=()):
    """TOML text: tables of tables as sections, a step, a number or a weight on a line."""
    plain, sections = [], []
    for key, value in document.items():
        at = (*path, key)
        name = ".".join(json.dumps(word) for word in at)
        if isinstance(value, dict) and (len(path) == 0 or path[0] == "sizes" or key in ("let", "weights")):
            sections.append(f"[{name}]\n" + written(value, at))
        elif isinstance(value, list) and key in ("checks", "ignored"):
            sections += [f"[[{name}]]\n" + written(one, at) for one in value]
        elif isinstance(value, list) and key in ("before", "after", "steps"):
            plain.append(f"{key} = [\n" + "".join(f"  {inline(one)},\n" for one in value) + "]\n")
        else:
            plain.append(f"{json.dumps(key)} = {inline(value)}\n")
    return "".join(plain + sections)


def leaves(value, path=""):
    """(path, value) of everything that is neither a table nor a list."""
    if isinstance(value, dict):
        for key, one in value.items():
            if not (key == "name" and "op" in value):
                yield from leaves(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, one in enumerate(value):
            step = isinstance(one, dict) and "op" in one
            yield from leaves(one, f"{path}.{one['name']}" if step else f"{path}[{i}]")
    else:
        yield path, value


def place(document, path):
    """(container, key) of a path."""
    at, words = document, path.replace("[", ".[").split(".")
    # Names of sizes have dots in no family here.
    for i, word in enumerate(words):
        if word.startswith("["):
            key = int(word[1:-1])
        elif isinstance(at, list):
            key = next(i for i, one in enumerate(at) if one["name"] == word)
        else:
            key = word
        if i == len(words) - 1:
            return at, key
        at = at[key]


class Mutants:
    """The mutants of one description; `changes` are the family's own: (path, new value). With `sizes` those of [sizes]."""

    def __init__(self, document, changes, sizes):
        self.document, self.changes, self.sizes = document, changes, sizes
        self.paths = [path for path, _ in leaves(document)]

    def with_value(self, path, value, name="", generic=False, also=()):
        """The mutant in which `path` has another value, or is left out (None)."""
        changed = copy.deepcopy(self.document)
        container, key = place(changed, path)
        was = container[key]
        if value is None:
            del container[key]
        else:
            container[key] = value
        if changed == self.document:
            raise SystemExit(f"mutants.py: {path} = {value} changes nothing")
        self.drop_unused(changed)
        shown = f"without {path}" if value is None else f"{path} = {inline(value)}"
        touched = [one for one in self.paths if one == path or one.startswith((path + ".", path + "["))]
        if isinstance(was, list) and isinstance(value, list):
            touched = [one for i, one in enumerate(touched) if i >= len(value) or was[i] != value[i]]
        return Mutant(name or shown, [*touched, *also], written(changed), generic, path.split(".")[0].split("[")[0])

    def drop_unused(self, changed):
        """A weight that only the changed step used goes: that it is left over must not be what stops the mutant."""
        for table, ignored in ((changed["weights"], changed), (changed["layer"]["weights"], changed["layer"])):
            used = {weight for steps in self.steps_of(changed).values() for step in steps for weight in
                    (step.get("weight", []) if isinstance(step.get("weight"), list) else [step.get("weight")])}
            for name in [name for name in table if name not in used]:
                del table[name]
                changed.setdefault("ignored", []).append({"hf": "/*", "gguf": "/*", "why": "left out by a mutant"})

    @staticmethod
    def steps_of(document):
        return {"before": document["before"], "after": document["after"], "layer.steps": document["layer"]["steps"]}

    def all(self):
        for source in (self.of_steps, self.of_operands, self.of_changes, self.of_numbers, self.of_weights, self.of_names,
                       self.of_manifest):
            yield from source()

    def of_steps(self):
        """Attributes by RULES, steps and weights left out, conditions dropped."""
        for where, steps in self.steps_of(self.document).items():
            for step in steps:
                path = f"{where}.{step['name']}"
                for attribute, old in step.items():
                    for rule in RULES.get(attribute, []):
                        if rule.format(old) != old:
                            yield self.with_value(f"{path}.{attribute}", rule.format(old))
                if "when" in step:
                    yield self.with_value(f"{path}.when", "false", generic=True)
                if step["op"] in LEFT_OUT:
                    kept = {key: step[key] for key in ("in", "when") if key in step}
                    yield self.with_value(path, {"name": step["name"], "op": "scale", "by": 1.0, **kept},
                                          f"{path} left out", also=[f"{path}.op"])
                if step["op"] == "rms_norm" and "weight" in step:
                    yield self.with_value(f"{path}.weight", None)

    def of_operands(self):
        """An operand becomes what its own step reads; a weight another one, of its shape if there is one."""
        reads = {step["name"]: step["in"] if isinstance(step["in"], str) else step["in"][0]
                 for steps in self.steps_of(self.document).values() for step in steps}
        for where, steps in self.steps_of(self.document).items():
            for step in steps:
                for path, old in [one for one in leaves(step["in"], f"{where}.{step['name']}.in")]:
                    name, at, layer = old.split("|")[0].partition("@")
                    before = reads.get(name, "embedded" if name == "x" else None)
                    if before:
                        yield self.with_value(path, before.split("|")[0] + at + layer, generic=True)
                for path, old in leaves(step.get("weight", []), f"{where}.{step['name']}.weight"):
                    table = self.document["layer"]["weights"] if where == "layer.steps" else self.document["weights"]
                    others = sorted((name for name in table if name != old),
                                    key=lambda name: table[name]["shape"] != table[old]["shape"])
                    yield self.with_value(path, others[0], generic=True)

    def of_changes(self):
        for path, value in self.changes:
            yield self.with_value(path, value)

    def of_numbers(self):
        """Each key of a number misspelt, each default another, each size's number another."""
        for name, number in self.document["numbers"].items():
            for attribute in ("hf", "gguf"):
                for path, old in leaves(number.get(attribute, []), f"numbers.{name}.{attribute}"):
                    yield self.with_value(path, old + "_x", generic=True)
            for attribute in ("default", "default_hf", "default_gguf"):
                default = number.get(attribute, {})
                for path, old in leaves(default, f"numbers.{name}.{attribute}"):
                    others = [one for one in default if one != old] if isinstance(default, list) else []
                    yield self.with_value(path, (others or [another(old, number["type"])])[0], generic=True)
            if "as_gguf" in number:
                yield self.with_value(f"numbers.{name}.as_gguf", "value ? 'full_attention' : 'sliding_attention'",
                                      generic=True)
        for size, numbers in self.document["sizes"].items() if self.sizes else []:
            for name, value in numbers.items():
                kind = self.document["numbers"][name]["type"]
                yield self.with_value(f"sizes.{size}.{name}", another(value, kind), generic=True)

    def of_weights(self):
        """Each length of a shape one more, each name misspelt, each offset and order left out."""
        for where, table in (("weights", self.document["weights"]), ("layer.weights", self.document["layer"]["weights"])):
            for name, weight in table.items():
                for i, old in enumerate(weight["shape"]):
                    yield self.with_value(f"{where}.{name}.shape[{i}]", f"({old}) + 1", generic=True)
                for attribute in ("hf", "gguf"):
                    for path, old in leaves(weight.get(attribute, []), f"{where}.{name}.{attribute}"):
                        yield self.with_value(path, old + "_x", generic=True)
                for attribute in ("offset_hf", "interleaved_heads_gguf", "when", "tied"):
                    if attribute in weight:
                        yield self.with_value(f"{where}.{name}.{attribute}", None, generic=True)

    def of_names(self):
        """What says which checkpoints are this family's, and which of their tensors are not used."""
        for path, old in leaves(self.document["checkpoint"], "checkpoint"):
            yield self.with_value(path, old + "x.", generic=True)
        for where, tables in (("ignored", self.document.get("ignored", [])),
                              ("layer.ignored", self.document["layer"].get("ignored", []))):
            for i, table in enumerate(tables):
                for attribute in ("hf", "gguf"):
                    for path, old in leaves(table.get(attribute, []), f"{where}[{i}].{attribute}"):
                        yield self.with_value(path, old.replace("/", "/x", 1) if "/" in old else old + "x", generic=True)
                if "when" in table:
                    yield self.with_value(f"{where}[{i}].when", f"!({table['when']})", generic=True)
                if "copy_of" in table:
                    yield self.with_value(f"{where}[{i}].copy_of", None, generic=True)

    def of_manifest(self):
        """What the runtime is told: each number that is written in it, or all of it; floors; words of the layers' kinds."""
        for path, old in leaves(self.document):
            if path.endswith(".floor") and not path.startswith("inputs."):
                yield self.with_value(path, "q6" if old == "q8" else "q8")
        for path, old in leaves(self.document["runtime"], "runtime"):
            written = re.findall(r"\d+", old) if isinstance(old, str) else []
            rule = RUNTIME.get(path.split(".")[-1], "({}) + 1")
            for value in [old.replace(one, one + "1") for one in written] or [rule.format(old)]:
                yield self.with_value(path, value, generic=True)
        for path, old in leaves(self.document.get("inputs", {}), "inputs"):
            yield self.with_value(path, f"!({old})" if path.endswith(".when") else f"({old}) + 1", generic=True)
        kinds = self.document["layer"].get("class", "")
        for word in filter(None, re.findall(r"'([^']*)'", kinds)):
            yield self.with_value("layer.class", kinds.replace(f"'{word}'", f"'{word}_x'"))


def another(value, kind):
    """Another default or number of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value * 2 if value else 2 if kind == "int" else 0.5
    if kind == "bool":
        return f"!({value})" if value != "null" else "true"
    if kind == "string":
        return "'else'" if "'" in value or value == "null" else "else"
    return "7" if value == "null" else f"({value}) + 1"
