#!/usr/bin/env python3
"""Every number and name of models/gemma*.toml and test/families/llama.toml, changed one at a time, must be noticed.

mutants.py makes the mutants: a step's attribute, operand, weight or condition another, a step that does nothing, a key or a
tensor's name misspelt (config.json, safetensors, GGUF), a default, a published size. Who notices (mutation_judges.py): a
golden's logits through the reference interpreter, from its folder or from the GGUF that packed.py makes of it; numbers of
such files, written down in mutation_families.py, against `gemmac check --print` and against an executable's manifest. A
mutant that does not compile is noticed too, but one that should compute must be listed, and a listed one must not compile.
One that nothing notices is a failure: a golden is missing. At the end every leaf of the description stands with its judge,
or with the reason why it is judged elsewhere.
"""
import fnmatch
import re
import sys

from common import ROOT, Case, Job, Row, broken, cases, each, options, report
from mutants import Mutants, leaves, load
from mutation_families import FAMILIES
from mutation_judges import Golden


def matching(patterns, name):
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)), None)


class Trial:
    """One description, who judges it, and what became of its mutants."""

    def __init__(self, chosen, family):
        self.chosen, self.family, self.path = chosen, family, ROOT / family.description
        self.document = load(self.path)
        text = ROOT / "test/goldens/text"
        found = [case for case in cases(text) if case.description == family.description]
        found.sort(key=lambda case: (case.name != family.first, case.name))
        self.goldens = [Golden(chosen, case) for case in found]
        self.packed = [Golden(chosen, Case(text / name), settings) for name, settings in family.packed]
        self.numbers = [one.prepare(chosen) for one in family.numbers]
        self.built = [one.prepare(chosen) for one in family.built]
        self.judged = {}     # leaf -> what noticed its first mutant
        self.used = set()    # patterns of `refused` that a mutant met

    def unchanged(self):
        jobs = [Job(judge.name, judge=judge) for judge in [*self.goldens, *self.packed, *self.numbers, *self.built]]
        return each(self.chosen, jobs, lambda job: [job.judge.unchanged(self.path)])

    def judges(self, mutant):
        """Those who may notice, the quickest first."""
        goldens = [*self.goldens, *self.packed]
        in_gguf = [one for one in self.numbers if one.gguf is not None]
        in_folder = [one for one in self.numbers if one.gguf is None and not one.size]
        if any(re.search(r"^runtime\.|^inputs\.|^layer\.class$|\.floor$", leaf) for leaf in mutant.leaves):
            return self.built
        if mutant.table == "sizes":
            return [one for one in self.numbers if one.size]
        if any(re.search(r"\bgguf|_gguf", leaf) for leaf in mutant.leaves):
            return [*self.packed, *in_gguf] if "weights" in mutant.name else [*in_gguf, *self.packed]
        if mutant.table in ("numbers", "checkpoint"):
            return [*in_folder, *in_gguf, *goldens]
        return [*goldens, *self.numbers] if mutant.table in ("weights", "ignored") else goldens

    def mutant(self, job):
        mutant = job.mutant
        path = self.chosen.work / f"{job.number}.toml"
        path.write_text(mutant.text)
        noticed, names = None, "weight" in mutant.name
        for judge in self.judges(mutant):
            noticed = judge.notices(path, job.number, names)
            if noticed:
                break
        path.unlink()
        if noticed is None:
            return [broken(job.name, "nothing notices; a golden is missing")]
        for leaf in mutant.leaves:
            self.judged.setdefault(leaf, noticed.how)
        refused = None if mutant.generic else matching(self.family.refused, mutant.name)
        self.used.add(refused)
        if not mutant.generic and noticed.refused != bool(refused):
            return [broken(job.name, f"{'not ' if noticed.refused else ''}listed as refused: {noticed.how}")]
        return [Row(job.name, "noticed", 0.0, 1.0, note=noticed.how)]

    def account(self):
        """A row for each leaf that nobody judges and for each list entry that is out of date; prints the whole account."""
        rows, met = [], set(self.used)
        print(f"{self.family.description}: who notices each number and name")
        for leaf, value in leaves(self.document):
            how, pattern = self.judged.get(leaf), matching(self.family.elsewhere, leaf)
            if how is None and pattern:
                met.add(pattern)
                how = "not here: " + self.family.elsewhere[pattern]
            if how is None:
                rows.append(broken(f"{self.family.description} {leaf}", "nobody judges it, and it is not listed"))
            print(f"  {leaf} = {value!r:.60}: {how or 'NOBODY'}")
        stale = [one for one in (*self.family.refused, *self.family.elsewhere) if one not in met]
        rows += [broken(f"{self.family.description} '{one}'", "listed, but nothing like it was met") for one in stale]
        return rows or [Row(f"{self.family.description}: all {len(list(leaves(self.document)))} accounted for",
                            "missing", 0.0, 1.0)]

    def run(self):
        rows = self.unchanged()
        if any(not row.ok for row in rows):
            return rows
        found = list(Mutants(self.document, self.family.changes, any(one.size for one in self.numbers)).all())
        jobs = [Job(mutant.name, mutant=mutant, number=i) for i, mutant in enumerate(found)
                if not self.chosen.only or re.search(self.chosen.only, mutant.name)]
        rows += each(self.chosen, jobs, self.mutant)
        return rows if self.chosen.only else rows + self.account()


def main():
    chosen = options(__doc__, only={"help": "a regular expression for the mutants' names"},
                     family={"help": "one description", "choices": [family.description for family in FAMILIES]})
    if not (chosen.bin / "gemma-run").exists():
        raise SystemExit(f"{chosen.bin / 'gemma-run'} is not there; build it with tools/build release gemma-run")
    rows = []
    for family in FAMILIES:
        if chosen.family in (None, family.description):
            trial = Trial(chosen, family)
            rows += trial.run()
            for path in chosen.work.glob("numbers-*"):
                path.rename(chosen.work / f"done-{family.first}-{path.name}")
    return report("one number or name of a description changed", rows)


if __name__ == "__main__":
    sys.exit(main())
