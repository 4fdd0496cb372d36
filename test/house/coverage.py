#!/usr/bin/env python3
"""Every operation has a round trip and a negative test, every numbered constraint a test of its own, every pass a test file.

    coverage.py [REPOSITORY]        exit code 1 and one line for each thing that is missing
What it asks for:
  test/dialects/<dialect>/roundtrip.mlir   each operation of dialects/<dialect>/*Ops.td
  test/dialects/<dialect>/invalid.mlir     each operation in a function of its own, @<operation>_...; each "(C<n>)" of its
                                           description as @<operation>_c<n>
  test/passes/<stage>/<pass>.mlir          each pass "gemma-<pass>" (or "kernel-<pass>") of passes/<stage>/Passes.td, and its
                                           RUN line names the pass
"""
import pathlib
import re
import sys


def definitions(text, kind):
    """(name in quotes, body) of each `def X : ...kind<"name", ...> {...}` or `...;` of a .td file."""
    starts = list(re.finditer(r'^def \w+ ?: ?(\w+)<"([\w-]+)"', text, re.M))
    for start, following in zip(starts, starts[1:] + [None]):
        if re.fullmatch(kind, start.group(1)):
            yield start.group(2), text[start.start():following.start() if following else len(text)]


def check_dialect(root, dialect):
    ops = [op for path in sorted((root / 'dialects' / dialect).glob('*Ops.td'))
           for op in definitions(path.read_text(), r'\w+Op')]
    if not ops:
        yield f'dialects/{dialect}: no operation found in its *Ops.td; is this script reading the right files?'
    folder = root / 'test/dialects' / dialect
    texts = {}
    for name in ('roundtrip.mlir', 'invalid.mlir'):
        path = folder / name
        texts[name] = path.read_text() if path.exists() else ''
    for op, body in ops:
        printed = rf'{dialect}\.{op}\b'
        if not re.search(rf'CHECK.*{printed}', texts['roundtrip.mlir']):
            yield f'test/dialects/{dialect}/roundtrip.mlir: no CHECK of {dialect}.{op}'
        cases = {match.group(1): match.group(2) for match in
                 re.finditer(r'^func\.func @(\w+)\((.*?)(?=^func\.func |\Z)', texts['invalid.mlir'], re.M | re.S)}
        mine = {name: text for name, text in cases.items() if name.startswith(op + '_') and re.search(printed, text)}
        if not any('expected-error' in text for text in mine.values()):
            yield f'test/dialects/{dialect}/invalid.mlir: no negative test @{op}_... of {dialect}.{op}'
        for number in sorted(set(re.findall(r'\(C(\d+)\)', body)), key=int):
            if 'expected-error' not in mine.get(f'{op}_c{number}', ''):
                yield f'test/dialects/{dialect}/invalid.mlir: no @{op}_c{number} for constraint C{number} of {dialect}.{op}'


def check_passes(root):
    files = sorted(root.glob('passes/**/Passes.td'))
    if not files:
        yield 'passes: no Passes.td found; is this script reading the right folder?'
    for path in files:
        stage = path.parent.relative_to(root / 'passes')
        for flag, _ in definitions(path.read_text(), r'Pass'):
            test = root / 'test/passes' / stage / (re.sub(r'^(gemma|kernel)-', '', flag) + '.mlir')
            if not test.exists():
                yield f'{test.relative_to(root)}: missing; it should test the pass {flag}'
            elif not re.search(rf'RUN:.*\b{flag}\b', test.read_text()):
                yield f'{test.relative_to(root)}: no RUN line names the pass {flag}'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    missing = [line for dialect in ('gemma', 'kernel') for line in check_dialect(root, dialect)]
    missing += check_passes(root)
    print('\n'.join(missing) if missing else 'every operation, constraint and pass has its test')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
