#!/usr/bin/env python3
"""gemmac certify: what it stores equals what numpy makes of the same rows; and what it must refuse, it refuses.

Goldens with hidden.f32 (transformers' own outputs of each layer), at f32, bf16 and q4; the f32 layers must be the
reference's. A q4 build against its own bf16 build, broken references, and the file around a section that is replaced.
"""
import json
import resource
import shutil
import sys

import numpy as np

import measures
from common import ROOT, Case, Failure, build, must, options, read_logits, run

CASES = ("base", "26b-like", "e2b-like")
QUANTS = ("f32", "bf16", "q4")


class Checks:
    def __init__(self):
        self.done, self.failures = 0, []

    def check(self, what, good, detail=""):
        self.done += 1
        if not good:
            self.failures.append(f"{what}: {detail}")

    def near(self, what, seen, wanted, relative=1e-6, absolute=1e-9):
        good = seen is not None and abs(seen - wanted) <= absolute + relative * abs(wanted)
        self.check(what, good, f"{seen} instead of {wanted}")

    def refused(self, what, command, words, **settings):
        done = run(command, timeout=120, **settings)
        said = done.stderr.strip()
        self.check(what, done.returncode == 1 and all(word in said for word in words) and "Sanitizer" not in said,
                   f"exit code {done.returncode}: {said}")


def stored(model):
    return json.loads(must([model, "info", "--certificate", "--json"]).stdout)


def own_rows(case, model, folder):
    """Logits and layers' outputs of an executable, by its own command."""
    out, hidden = folder / "rows.f32", folder / "hidden.f32"
    must([model, "logits", "--tokens", f"@{case.folder / 'tokens.txt'}", "-o", out, "--hidden", hidden])
    rows, vocab = case.meta["rows"], case.meta["vocab"]
    reference = case.folder / "hidden.f32"
    size = np.fromfile(reference, "<f4").size if reference.exists() else 0
    return read_logits(out, rows, vocab), np.fromfile(hidden, "<f4").reshape(rows, -1), size


def cosines(a, b, layers):
    a, b = (x.astype(np.float64).reshape(len(x), layers, -1) for x in (a, b))
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def compare(checks, name, certificate, reference, ours, theirs_hidden, ours_hidden, tokens, classes):
    """The stored numbers against numpy's."""
    la, lb = (measures.log_softmax(x.astype(np.float64)) for x in (reference, ours))
    kl = (np.exp(la) * (la - lb)).sum(-1)
    checks.near(f"{name} KL mean", certificate["kl_mean"], kl.mean(), 1e-6, 1e-14)
    checks.near(f"{name} KL max", certificate["kl_max"], kl.max(), 1e-6, 1e-14)
    checks.check(f"{name} worst position", certificate["worst_position"] == int(kl.argmax()), certificate)
    checks.near(f"{name} max-abs", certificate["max_abs"], measures.compare(reference, ours).max_abs)
    checks.near(f"{name} top-1", certificate["top1_agreement"], (reference.argmax(-1) == ours.argmax(-1)).mean())
    nll = measures.mean_nll(ours, tokens) - measures.mean_nll(reference, tokens)
    checks.near(f"{name} NLL", certificate["nll_difference"], nll, 1e-6, 1e-12)
    cosine = cosines(theirs_hidden, ours_hidden, len(classes))
    names = list(dict.fromkeys(classes))
    checks.check(f"{name} classes", [c["class"] for c in certificate["classes"]] == names, certificate["classes"])
    for one in certificate["classes"]:
        members = [i for i, c in enumerate(classes) if c == one["class"]]
        checks.check(f"{name} {one['class']} layers", one["layers"] == len(members), one)
        checks.near(f"{name} {one['class']} mean", one["cosine_mean"], cosine[:, members].mean(), 1e-10)
        checks.near(f"{name} {one['class']} min", one["cosine_min"], cosine[:, members].min(), 1e-10)
    return cosine


def golden(checks, chosen, name, quant):
    case, folder = Case(ROOT / "test/goldens/text" / name), chosen.work / f"{name}-{quant}"
    folder.mkdir()
    model = folder / "model"
    build(chosen, case.meta["description"], case.folder, quant, model, "--target", "x86-64-v3")
    must([chosen.gemmac, "certify", model, "--reference", case.folder, "--threads", 1])
    certificate, classes = stored(model), json.loads(must([model, "info", "--json"]).stdout)["layers"]
    ours, hidden, size = own_rows(case, model, folder)
    checks.check(f"{name} {quant} layers' outputs", hidden.size == size, f"{hidden.size} numbers instead of {size}")
    wanted = np.fromfile(case.folder / "hidden.f32", "<f4").reshape(hidden.shape)
    tokens = [int(t) for t in (case.folder / "tokens.txt").read_text().split(",")]
    cosine = compare(checks, f"{name} {quant}", certificate, case.reference, ours, wanted, hidden, tokens, classes)
    print(f"{name:9} {quant:4} KL {certificate['kl_mean']:.1e}, top-1 {certificate['top1_agreement']:.3f}, "
          f"least cosine {cosine.min():.8f}, {len(set(classes))} classes")
    golden_classes = measures.layer_classes(json.loads((case.folder / "config.json").read_text()))
    checks.check(f"{name} number of classes", len(set(classes)) == len(golden_classes), f"{classes}, {golden_classes}")
    if quant == "f32":  # the layers are where the reference's are
        distance = np.abs(hidden - wanted).max() / np.abs(wanted).max()
        checks.check(f"{name} layers", distance < 1e-4, f"largest difference {distance:.1e} of the largest number")
    return case, model


def section_kept(checks, chosen, case, model):
    """The same bytes however often; all before the certificate as it was; a cut file is refused; a failed write undone."""
    once, base = model.read_bytes(), ["--reference", case.folder, "--threads", 1]
    must([chosen.gemmac, "certify", model, *base])
    checks.check("certified twice", model.read_bytes() == once, "the files differ")
    fresh = model.with_name("fresh")
    build(chosen, case.meta["description"], case.folder, "q4", fresh, "--target", "x86-64-v3")
    before = fresh.read_bytes()
    checks.refused("no certificate", [fresh, "info", "--certificate"], ["gemmac certify"])
    must([chosen.gemmac, "certify", fresh, *base])
    checks.check("same build, same bytes", fresh.read_bytes() == once, "the files differ")
    sections = json.loads(must([fresh, "info", "--json"]).stdout)["sections"]
    end = once.rfind(b'{"weights"')
    checks.check("other sections", sections[-1]["name"] == "certificate" and 0 < end and
                 once[:len(before) - 800] == before[:len(before) - 800], sections)
    cut = model.with_name("cut")
    for size in (end, end + 100, len(once) - 200, len(once) - 113, len(once) - 1):
        cut.write_bytes(once[:size])
        cut.chmod(0o755)
        checks.refused(f"cut at {size}", [cut, "info", "--certificate"], ["cut short"])
        checks.refused(f"certify, cut at {size}", [chosen.gemmac, "certify", cut, *base], ["cut short"])
    cut.write_bytes(before)
    run([chosen.gemmac, "certify", cut, *base],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 300, len(before) + 300)))
    checks.check("disk full", cut.read_bytes() == before, "the file is not as it was")
    weights = json.loads((must([model, "info", "--certificate", "--json"])).stdout)["weights"].encode()
    code = json.loads((must([model, "info", "--certificate", "--json"])).stdout)["code"].encode()
    other = model.with_name("other")  # a certificate that was made for something else; --trust: its section's hash is wrong
    for what, key in (("weights", weights), ("code", code)):
        at = once.index(key, end)
        other.write_bytes(once[:at] + b"0123456789abcdef" + once[at + 16:])
        other.chmod(0o755)
        checks.refused(f"other {what}", [other, "info", "--certificate", "--trust"], [f"other {what}"])
        checks.refused(f"changed {what}", [other, "info", "--certificate"], ["'certificate' was changed"])


def broken_references(checks, chosen, case, model):
    before = model.read_bytes()

    def broken(what, words, change):
        folder = chosen.work / "reference"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("tokens.txt", "logits.f32", "hidden.f32", "meta.json"):
            shutil.copy(case.folder / name, folder / name)
        change(folder)
        checks.refused(what, [chosen.gemmac, "certify", model, "--reference", folder], words)

    def put(name, at, value):
        def change(folder):
            data = np.fromfile(folder / name, "<f4")
            data[at] = value
            data.tofile(folder / name)
        return change

    def cut(name, numbers):
        return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-4 * numbers])

    vocab = case.meta["vocab"]
    broken("a NaN", ["logits.f32: row 1, number 5 is nan"], put("logits.f32", vocab + 5, np.nan))
    broken("an infinity", ["logits.f32", "inf"], put("logits.f32", 0, np.inf))
    broken("a NaN in a layer", ["hidden.f32: row 0"], put("hidden.f32", 3, np.nan))
    broken("logits cut", ["logits.f32", "no whole number of rows"], cut("logits.f32", 1))
    broken("a row less", ["meta.json: rows", "hidden.f32"][1:], cut("logits.f32", vocab))
    broken("layers cut", ["hidden.f32"], cut("hidden.f32", 1))
    broken("no logits", ["logits.f32"], lambda folder: (folder / "logits.f32").unlink())
    broken("empty logits", ["logits.f32"], lambda folder: (folder / "logits.f32").write_bytes(b""))
    broken("no tokens", ["tokens.txt"], lambda folder: (folder / "tokens.txt").unlink())
    broken("tokens beyond", ["tokens.txt: token 2", "whole numbers from 0"],
           lambda folder: (folder / "tokens.txt").write_text(f"1,{vocab}"))
    broken("fewer tokens", ["logits.f32", "only 2 tokens"], lambda folder: (folder / "tokens.txt").write_text("1,2"))
    broken("words", ["token 1 is 'one'"], lambda folder: (folder / "tokens.txt").write_text("one two"))
    broken("another vocabulary", ["meta.json: vocab = 7"], lambda folder: (folder / "meta.json").write_text('{"vocab":7}'))
    broken("meta.json broken", ["meta.json"], lambda folder: (folder / "meta.json").write_text("{"))
    checks.refused("no model", [chosen.gemmac, "certify", case.folder / "tokens.txt", "--reference", case.folder],
                   ["no executable of gemmac"])
    checks.check("refused: the model as it was", model.read_bytes() == before, "the file has changed")
    left = [p.name for p in model.parent.iterdir() if p.name.startswith(".")]
    checks.check("nothing left", not left, left)


def own_build(checks, chosen, case, model):
    """Without a reference: against bf16, whose rows are measured here with a bf16 executable built here."""
    tokens = (case.folder / "tokens.txt").read_text().strip()
    must([chosen.gemmac, "certify", model, ROOT / case.meta["description"], "--weights", case.folder, "--tokens", tokens])
    certificate = stored(model)
    twin = chosen.work / "base-bf16" / "model"
    reference, theirs, _ = own_rows(case, twin, twin.parent)
    ours, hidden, _ = own_rows(case, model, model.parent)
    classes = json.loads(must([model, "info", "--json"]).stdout)["layers"]
    checks.check("own bf16 build", certificate["reference"]["kind"] == "own bf16 build", certificate)
    compare(checks, "own", certificate, reference, ours, theirs, hidden, [int(t) for t in tokens.split(",")], classes)
    must([chosen.gemmac, "certify", model, ROOT / case.meta["description"], "--weights", case.folder])
    checks.check("random ids", stored(model)["reference"]["tokens"] == 256, stored(model))
    text = chosen.work / "text.txt"
    text.write_text("Licensed under the Apache License")
    must([chosen.gemmac, "certify", model, ROOT / case.meta["description"], "--weights", case.folder, "--text", text])
    checks.check("text", stored(model)["reference"]["tokens"] > 5, stored(model))
    left = [p.name for p in model.parent.iterdir() if p.name.startswith(".")]
    checks.check("nothing left", not left, left)


def main():
    chosen = options(__doc__)
    checks = Checks()
    try:
        made = {(name, quant): golden(checks, chosen, name, quant) for name in CASES for quant in QUANTS}
        case, model = made["base", "q4"]
        section_kept(checks, chosen, case, model)
        broken_references(checks, chosen, case, model)
        own_build(checks, chosen, case, model)
    except Failure as error:
        checks.check("a command that must succeed", False, error)
    for failure in checks.failures:
        print(f"FAILED {failure}")
    print(f"{checks.done} checks, {len(checks.failures)} failed")
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
