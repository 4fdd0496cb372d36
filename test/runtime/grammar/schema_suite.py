#!/usr/bin/env python3
"""The official JSON-Schema test suite against the grammars.

    schema_suite.py --pipe grammar_pipe [--suite FOLDER] [--verbose]

A group counts as accepted if its schema compiles. Then no invalid instance may be let through, in any order of keys, tight or
indented; and each valid one must be, in one order of keys and the shortest spelling of its numbers, tight and indented. What
formats narrow is counted apart: the standard lets them be annotations, here they are enforced. The suite lies in the source
distribution of PyPI's jsonschema (tools/install test). Exit code 77: it is not installed.
"""
import argparse
import collections
import itertools
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
DRAFTS = {"draft7": "http://json-schema.org/draft-07/schema#", "draft2019-09": None, "draft2020-12": None}


class Pipe:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:  # between the answers: what GoogleTest has to say
            if line.startswith("= "):
                return json.loads(line[2:])
            print(line, end="")
        sys.exit(f"{what['source']}: the pipe ended with {self.process.wait()}")


def orders(value, most=720):
    """The value with the keys of its objects in every order, as far as that is not too many."""
    if isinstance(value, dict):
        names = list(value)
        inner = [list(itertools.islice(orders(value[name]), 24)) for name in names]
        made = ({names[i]: parts[i] for i in order}
                for order in itertools.permutations(range(len(names))) for parts in itertools.product(*inner))
        yield from itertools.islice(made, most)
    elif isinstance(value, list):
        for parts in itertools.islice(itertools.product(*[list(itertools.islice(orders(v), 24)) for v in value]), most):
            yield list(parts)
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        yield int(value)
    else:
        yield value


def spellings(value):
    made = list(orders(value))
    return ([json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in made],
            [json.dumps(v, ensure_ascii=False, indent=2) for v in made])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pipe", required=True)
    parser.add_argument("--suite", default=str(ROOT / "build/venv/json-schema-suite"))
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    suite = pathlib.Path(chosen.suite) / "tests"
    if not suite.is_dir():
        print("the JSON-Schema test suite is not installed (tools/install test)")
        return 77
    pipe, wrong, reasons = Pipe(chosen.pipe), [], collections.Counter()
    print(f"{'draft':14}{'groups':>8}{'accepted':>10}{'refused':>9}{'tests':>8}{'accepted':>10}{'narrowed':>10}{'wrong':>7}")
    for draft, name in DRAFTS.items():
        groups = accepted = tests = judged = narrowed = 0
        before = len(wrong)
        for path in sorted((suite / draft).glob("*.json")):
            for group in json.loads(path.read_text()):
                groups += 1
                tests += len(group["tests"])
                schema = group["schema"]
                if name and isinstance(schema, dict) and "$schema" not in schema:
                    schema = {"$schema": name, **schema}
                texts = [spellings(test["data"]) for test in group["tests"]]
                flat = [text for tight, wide in texts for text in tight + wide]
                said = pipe.ask(kind="schema", source=json.dumps(schema), texts=flat)
                where = f"{draft}/{path.stem}: {group['description']}"
                if "code" in said:
                    reasons[said["keyword"] or said["code"]] += 1
                    if said["code"] == "unsatisfiable_schema":  # right only if nothing is valid
                        accepted += 1
                        judged += len(group["tests"])
                        wrong += [f"{where}: unsatisfiable" for test in group["tests"] if test["valid"]]
                    elif chosen.verbose:
                        print(f"refused {where}: {said}")
                    continue
                accepted += 1
                judged += len(group["tests"])
                at = 0
                for test, (tight, wide) in zip(group["tests"], texts):
                    first = said["accepted"][at:at + len(tight)]
                    second = said["accepted"][at + len(tight):at + len(tight) + len(wide)]
                    at += len(tight) + len(wide)
                    if not test["valid"] and any(first + second):
                        wrong.append(f"{where}: {test['description']}: let through: {tight[0]}")
                    elif test["valid"] and not (any(first) and any(second)):
                        if path.stem == "format":
                            narrowed += 1
                        else:
                            wrong.append(f"{where}: {test['description']}: refused: {tight[0]}")
        print(f"{draft:14}{groups:8}{accepted:10}{groups - accepted:9}{tests:8}{judged:10}{narrowed:10}{len(wrong) - before:7}")
        if draft != "draft2019-09" and accepted < 0.6 * groups:
            wrong.append(f"{draft}: fewer than 60 % of the groups are accepted")
    print("refused because of: " + ", ".join(f"{word} {count}" for word, count in reasons.most_common()))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
