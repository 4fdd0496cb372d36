#!/usr/bin/env python3
"""Every ```mlir example in the description of an operation must parse and verify.

An example is wrapped into a function whose arguments are the values that it uses and does not define; their types are read
off the operation's own type list (operands in order, as every operation of ours prints them).
    doc_examples.py GEMMA_OPT FILE.td...
"""
import pathlib
import re
import subprocess
import sys

TYPE = re.compile(r'(tensor|vector)<[^<>]*>|![a-z_.]+<[^<>]*>')
OPERAND = re.compile(r'%[a-z_0-9]+')


def examples(path):
    """(line, text) of each example of a .td file."""
    text = path.read_text()
    for match in re.finditer(r'```mlir\n(.*?)```', text, re.S):
        yield text.count('\n', 0, match.start()) + 2, match.group(1)


def wrapped(example):
    """The example in a function; arguments stand for the values it uses but does not define."""
    defined = set(re.findall(r'^\s*(%[a-z_0-9]+)(?::\d+)? =', example, re.M))
    needed = {}
    joined = re.sub(r'\n\s*(?=:|into )', ' ', example)  # an operation whose types stand on the next line
    for line in joined.splitlines():
        body = line.split('=', 1)[-1] if re.match(r'\s*%', line) else line
        split = re.split(r'\s:\s', body, maxsplit=1)
        if len(split) != 2:
            continue
        types = [match.group(0) for match in TYPE.finditer(split[1])]
        for operand, type_ in zip(OPERAND.findall(split[0]), types):
            if operand not in defined:
                needed.setdefault(operand, type_)
    arguments = ', '.join(f'{name}: {type_}' for name, type_ in needed.items())
    return f'func.func @example({arguments}) {{\n{example}return\n}}\n'


def main():
    opt, files = sys.argv[1], [pathlib.Path(name) for name in sys.argv[2:]]
    failed = total = 0
    for path in files:
        for line, example in examples(path):
            total += 1
            source = wrapped(example)
            result = subprocess.run([opt], input=source, capture_output=True, text=True)
            if result.returncode != 0:
                failed += 1
                print(f'{path}:{line}: the example does not parse\n{source}{result.stderr}')
    print(f'{total - failed} of {total} examples parse')
    # Operations without an example are fine; files without any mean that this script reads the wrong ones.
    return 1 if failed or total == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
