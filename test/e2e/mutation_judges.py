"""What notices that a description was changed: logits of goldens, numbers read from a file, what an executable says.

A judge runs the description as it is (it must be right), and later each mutant: it says None, or how it noticed.
"""
import json
import re
from dataclasses import dataclass, field

import numpy as np

import packed
from common import ROOT, Row, broken, build, ending, must, native_level, read_logits, run
from measures import F32_KL, F32_MAX_ABS, compare


@dataclass
class Noticed:
    how: str
    refused: bool = False


def refusal(done):
    """Why gemmac refused, without the place; anything but exit code 1 is a failure of the compiler."""
    if done.returncode != 1:
        raise ValueError(f"{ending(done.returncode)}: {done.stderr}")
    return re.sub(r"^\S+:\d+: (error: )?", "", done.stderr.strip().splitlines()[0])


class Golden:
    """A golden's logits through import and the reference interpreter, from its folder or from the GGUF packed of it."""

    def __init__(self, chosen, case, gguf=None):
        self.chosen, self.case = chosen, case
        self.name, self.weights, self.ir = case.name, case.folder, None
        if gguf is not None:
            self.name = f"{case.name} as GGUF{' with split experts' if gguf.get('split_experts') else ''}"
            self.weights = packed.pack(case.folder, chosen.work / f"{self.name.replace(' ', '-')}.gguf", **gguf)

    def difference(self, description, ir):
        out = ir.with_suffix(".f32")
        must([self.chosen.bin / "gemma-run", ir, "--tokens", f"@{self.case.folder / 'tokens.txt'}",
              "--last", self.case.meta["rows"], "--checkpoint", self.weights, "--description", description, "-o", out,
              *self.case.blocks])
        found = compare(self.case.reference, read_logits(out, self.case.meta["rows"], self.case.meta["vocab"]))
        out.unlink()
        return found

    def unchanged(self, description):
        ir = self.chosen.work / f"{self.name.replace(' ', '-')}.mlir"
        build(self.chosen, description, self.weights, "f32", ir, "--to", "import")
        self.ir = ir.read_text()
        found = self.difference(description, ir)
        reached = max(found.max_abs / F32_MAX_ABS, found.kl_max / F32_KL)
        return Row(f"{self.name} unchanged", "diff/bound", reached, 1.0, note=f"max-abs {found.max_abs:.1e}")

    def notices(self, path, number, names):
        """`names`: the mutant may read other tensors, which the IR does not show."""
        ir = self.chosen.work / f"{number}-{self.name.replace(' ', '-')}.mlir"
        done = run([self.chosen.gemmac, "build", path, "--weights", self.weights, "--quant", "f32", "--to", "import",
                    "-o", ir])
        if done.returncode != 0:
            return Noticed(f"{self.name}: refused: {refusal(done)}", refused=True)
        if not names and ir.read_text() == self.ir:
            return ir.unlink()
        found = self.difference(path, ir)
        ir.unlink()
        if found.max_abs > F32_MAX_ABS or found.kl_max > F32_KL:
            return Noticed(f"golden {self.name}: max-abs {found.max_abs:.1e}")
        return None


@dataclass
class Numbers:
    """What `gemmac check --print` says of a file or of a published size: numbers written down here, or a refusal."""
    name: str
    golden: str = ""                              # whose tensors; "" with a size
    size: str = ""
    config: dict = field(default_factory=dict)    # keys of config.json that are other; None leaves them out
    text: dict = field(default_factory=dict)      # the same in text_config
    gguf: dict = None                             # the same keys of a GGUF file
    nested: bool = False                          # config.json gets a text_config, as with images
    processor: dict = None                        # processor_config.json
    prefix: str = "model."                        # of the tensors' names
    extra: dict = field(default_factory=dict)     # tensors besides: name -> shape, of zeros, or the name whose copy it is
    dropped: tuple = ()                           # tensors that are left out
    expected: dict = field(default_factory=dict)
    refused: str = ""                             # what the message must match

    def prepare(self, chosen):
        self.chosen = chosen
        if self.size:
            self.options = ["--size", self.size]
            return self
        folder = ROOT / "test/goldens/text" / self.golden
        place = chosen.work / ("numbers-" + re.sub(r"\W+", "-", self.name))
        config = json.loads((folder / "config.json").read_text())
        if self.gguf is not None:
            weights = packed.converted(folder, config, False)
            weights |= self.besides(weights)
            keys = {key: value for key, value in (packed.header(config) | self.gguf).items() if value is not None}
            place = packed.write(place.with_suffix(".gguf"), keys, weights)
        else:
            config = {"model_type": config["model_type"].removesuffix("_text"), "text_config": config} \
                if self.nested else config
            change(config, self.config)
            change(packed.text_of(config), self.text)
            found = packed.tensors(folder)
            weights = {re.sub(r"^model\.", self.prefix, name): value for name, value in found.items()
                       if name not in self.dropped}
            place.mkdir()
            (place / "config.json").write_text(json.dumps(config))
            if self.processor is not None:
                (place / "processor_config.json").write_text(json.dumps(self.processor))
            packed.write_safetensors(place / "model.safetensors",
                                     weights | self.besides(found))
        self.options = ["--weights", place]
        return self

    def besides(self, found):
        return {name: found[what] if isinstance(what, str) else np.zeros(what) for name, what in self.extra.items()}

    def wrong(self, description):
        """None if everything is as written down; else the first thing that is not."""
        done = run([self.chosen.gemmac, "check", description, "--print", *self.options])
        if self.refused:
            if done.returncode == 0:
                return Noticed(f"{self.name}: must be refused, and is not")
            why = refusal(done)
            return None if re.search(self.refused, done.stderr) else Noticed(f"{self.name}: refused otherwise: {why}")
        if done.returncode != 0:
            return Noticed(f"{self.name}: refused: {refusal(done)}", refused=True)
        said = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
        for number, value in self.expected.items():
            if not same(said.get(number, "nothing"), value):
                return Noticed(f"{self.name}: {number} = {said.get(number)} for {value}")
        return None

    def unchanged(self, description):
        found = self.wrong(description)
        name = f"numbers of {self.name}"
        return broken(name, found.how) if found else Row(name, "wrong", 0.0, 1.0, note=self.refused or "all as written")

    def notices(self, path, number, names):
        return self.wrong(path)


class Built(Numbers):
    """The manifest of a --quant q4 executable: what enters no float32 logits. What its runtime is told, the kinds of its
    layers, and how many weights have which format, which the floors decide."""

    def prepare(self, chosen):
        super().prepare(chosen)
        if self.gguf is None:
            (self.options[1] / "chat_template.jinja").write_text("x")  # without one, a base model: it gets no template
        native_level(chosen)
        return self

    def wrong(self, description):
        model = self.options[1].with_name(f"{self.options[1].name}-{description.stem}")
        done = run([self.chosen.gemmac, "build", description, *self.options, "--quant", "q4", "--target",
                    native_level(self.chosen), "-q", "-o", model])
        if done.returncode != 0:
            return Noticed(f"{self.name}: refused: {refusal(done)}", refused=True)
        data = model.read_bytes()
        model.unlink()
        said, _ = json.JSONDecoder().raw_decode(data[data.rindex(b'{\n "model": "'):].decode(errors="replace"))
        for key, value in self.expected.items():
            if said.get(key) != value:
                return Noticed(f"{self.name}: {key} = {said.get(key)} for {value}")
        return None


def change(table, changes):
    for key, value in changes.items():
        at = table
        *way, last = key.split(".")
        for word in way:
            at = at[word]
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value


def same(said, value):
    """A printed number against one written in Python; GGUF's floats have 24 bits."""
    if isinstance(value, float):
        try:
            return bool(np.isclose(float(said), value, rtol=1e-6, atol=0))
        except ValueError:
            return False
    if isinstance(value, list):
        return said == "[" + ", ".join(shown(one) for one in value) + "]"
    return said == shown(value)


def shown(value):
    return {True: "true", False: "false", None: "null"}[value] if isinstance(value, bool | None) else \
        f"'{value}'" if isinstance(value, str) else str(value)
