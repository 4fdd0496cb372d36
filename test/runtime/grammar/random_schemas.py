#!/usr/bin/env python3
"""Random schemas and random answers under their grammars: every answer validates by PyPI's jsonschema, and every mask on the
way equals what trying each token gives (GrammarFixture.h). Exit code 77: jsonschema is not installed.

    random_schemas.py --pipe grammar_pipe [--count N] [--seed S]
"""
import argparse
import json
import random
import sys

from schema_suite import Pipe

try:
    import jsonschema
except ImportError:
    print("PyPI's jsonschema is not installed (tools/install test)")
    sys.exit(77)

NAMES = ["a", "b", "ab", "key", "x y", "é", 'q"']
# Patterns that ECMAScript and Python read alike.
PATTERNS = ["^a", "b$", "^[ab]{1,3}$", "[0-9]+", "^(foo|bar)", "a.*b", "^[^a]*$", "é", "^x-"]


class Schemas:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, chance):
        return self.random.random() < chance

    def value(self, depth=0):
        pick = self.random.randrange(8 if depth < 2 else 6)
        if pick == 0:
            return None
        if pick == 1:
            return self.some(0.5)
        if pick == 2:
            return self.random.choice([0, 1, -1, 7, 12, 100, 1.5, -0.25, 1e3])
        if pick < 6:
            return self.random.choice(["", "a", "ab", "foo", "12", "é", 'q"\n'])
        if pick == 6:
            return [self.value(depth + 1) for _ in range(self.random.randrange(3))]
        return {name: self.value(depth + 1) for name in self.random.sample(NAMES, self.random.randrange(3))}

    def schema(self, depth=0):
        r = self.random
        if depth > 3 or self.some(0.1):
            return r.choice([True, {"type": "integer"}, {"type": "string"}, {"type": "boolean"}, {"const": 1}])
        made = {}
        kind = r.randrange(9)
        if kind == 0:
            made["enum"] = [self.value() for _ in range(r.randrange(1, 4))]
        elif kind == 1:
            made["type"] = r.choice(["number", "integer", ["number", "null"]])
            if self.some(0.5):
                made[r.choice(["minimum", "exclusiveMinimum"])] = r.choice([-5, 0, 1, 2.5, 10, 99])
            if self.some(0.5):
                made[r.choice(["maximum", "exclusiveMaximum"])] = r.choice([3, 12, 100.5, 1000, 0.01])
            if self.some(0.3):
                made["multipleOf"] = r.choice([2, 3, 5, 10, 0.5, 0.25, 7])
        elif kind in (2, 3):
            made["type"] = "string"
            if self.some(0.4):
                made["minLength"] = r.randrange(4)
            if self.some(0.4):
                made["maxLength"] = r.randrange(8)
            if self.some(0.3):
                made["pattern"] = r.choice(PATTERNS)
        elif kind in (4, 5):
            made["type"] = "array"
            if self.some(0.7):
                made["items"] = self.schema(depth + 1)
            if self.some(0.3):
                made["prefixItems"] = [self.schema(depth + 1) for _ in range(r.randrange(1, 3))]
            if self.some(0.4):
                made["minItems"] = r.randrange(4)
            if self.some(0.4):
                made["maxItems"] = r.randrange(5)
        elif kind in (6, 7):
            made["type"] = "object"
            self.object(made, depth)
        if kind == 8 or self.some(0.2):
            made[r.choice(["anyOf", "allOf", "anyOf", "oneOf"])] = [self.schema(depth + 1) for _ in range(r.randrange(1, 3))]
        if self.some(0.1):
            made["not"] = r.choice([{"type": "string"}, {"const": "a"}, {"minimum": 3}, {"required": ["a"]}, {"pattern": "^a"}])
        if self.some(0.05):
            made.update({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": self.schema(depth + 1)})
        return made

    def object(self, made, depth):
        r = self.random
        if self.some(0.8):
            made["properties"] = {name: self.schema(depth + 1) for name in r.sample(NAMES, r.randrange(1, 4))}
        if self.some(0.5):
            made["required"] = r.sample(NAMES, r.randrange(3))
        if self.some(0.5):
            made["additionalProperties"] = r.choice([False, False, True, self.schema(depth + 1)])
        if self.some(0.25):
            made["patternProperties"] = {r.choice(PATTERNS): self.schema(depth + 1) for _ in range(r.randrange(1, 3))}
        if self.some(0.2):
            made["minProperties"] = r.randrange(4)
        if self.some(0.2):
            made["maxProperties"] = r.randrange(4)
        if self.some(0.15):
            made["propertyNames"] = r.choice([{"maxLength": 3}, {"pattern": "^[a-c]"}, {"enum": ["a", "b", "c"]}])
        if self.some(0.1):
            made["dependentRequired"] = {r.choice(NAMES): [r.choice(NAMES)]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pipe", required=True)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    schemas, pipe = Schemas(chosen.seed), Pipe(chosen.pipe)
    compiled = refused = answers = 0
    wrong = []
    for _ in range(chosen.count):
        schema = schemas.schema()
        said = pipe.ask(kind="schema", source=json.dumps(schema), walks=4, seed=schemas.random.randrange(1 << 30))
        if "code" in said:
            refused += 1
            continue
        compiled += 1
        if said["failures"]:
            wrong.append(f"{json.dumps(schema)}: a mask is wrong (above)")
            break
        for text in said["walks"]:
            answers += 1
            try:
                value = json.loads(text)
                jsonschema.Draft202012Validator(schema).validate(value)
            except (ValueError, jsonschema.ValidationError) as error:
                wrong.append(f"{json.dumps(schema)}: {text}: {str(error).splitlines()[0]}")
    print(f"{chosen.count} random schemas: {compiled} compiled, {refused} refused, {answers} answers, {len(wrong)} wrong")
    for line in wrong[:20]:
        print(line)
    return 1 if wrong or answers < chosen.count else 0


if __name__ == "__main__":
    sys.exit(main())
