#!/usr/bin/env python3
"""The IR excerpts of docs/architecture.md, from a real build of a small model.

    architecture.py [--gemmac PATH]            writes them into the page
    architecture.py --check [--gemmac PATH]    exit code 1 if the page shows something else
An excerpt stands between `<!-- ir: NAME -->` and `<!-- end -->`; NAME is a row of EXCERPTS below. Each row follows the same
piece of the model, layer 0 from its attention to its gate, through one more stage.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs/architecture.md'
BUILD = ['models/gemma4.toml', '--weights', 'test/goldens/text/base', '--quant', 'q4', '--context', '64',
         '--target', 'x86-64-v3', '-q', '--to', 'asm']
WIDTH = 118


def run_of(start, count, after=None):
    """`count` lines from the first that matches `start`, looked for behind the first that matches `after`."""
    def pick(lines):
        begin = next(i for i, line in enumerate(lines) if re.search(after, line)) if after else 0
        begin = next(i for i in range(begin, len(lines)) if re.search(start, lines[i]))
        return lines[begin:begin + count]
    return pick


def ops_of(start, closings, after=None):
    """From the first line that matches `start` to the `closings`-th closing brace of its depth."""
    def pick(lines):
        rest = run_of(start, len(lines), after)(lines)
        brace = re.match(' *', rest[0]).group() + '}'
        ends = [i for i, line in enumerate(rest) if line == brace]
        return rest[:ends[closings - 1] + 1]
    return pick


def matching(pattern, count, after=''):
    def pick(lines):
        return [line for line in run_of(after, len(lines))(lines) if re.search(pattern, line)][:count]
    return pick


def blank_registers(pick):
    """Names of values and registers change with every LLVM; instructions do not."""
    return lambda lines: [re.sub(r'%(ymm)?[\w.]+', lambda name: f'%{name[1] or ""}_', line) for line in pick(lines)]


EXCERPTS = {
    'import': ('0-import.mlir', run_of(r'gemma\.attention', 8)),
    'normalize': ('1-normalize.mlir', run_of(r'gemma\.last_rows', 6)),
    'fuse': ('2-fuse.mlir', ops_of(r'gemma\.phase rows', 2, after=r'gemma\.phase attention')),
    'quantize-weights': ('3-quantize.mlir', run_of(r'gemma\.weight "embed"', 3)),
    'quantize': ('3-quantize.mlir', ops_of(r'gemma\.phase rows', 2, after=r'gemma\.phase attention')),
    'layout-weights': ('4-layout.mlir', matching(r'kernel\.(weight "(embed|layers\.0\.(attn_norm|q_proj))|cache at)', 5)),
    'layout': ('4-layout.mlir', ops_of(r'kernel\.rows', 2, after=r'kernel\.attention')),
    'tile-entry': ('5-tile.x86-64-v3.mlir', run_of(r'call @\w+_decode_attention', 10)),
    'tile-dot': ('5-tile.x86-64-v3.mlir', matching(r'load .* vector<|andi|shrui|broadcast %\w+ : i32|kernel\.dot', 12,
                                                    after=r'func private @dot_q4_i8_1')),
    'lower': ('6-lower.x86-64-v3.mlir', matching(r'llvm\.call_intrinsic', 2)),
    'llvm': ('7-llvm.x86-64-v3.ll', blank_registers(matching(r'= .*call .*pmadd', 2))),
    'asm': ('8-asm.x86-64-v3.s', blank_registers(matching(r'vpmadd', 2))),
}


def tidy(lines):
    """Common indentation off, tabs out, long lines cut."""
    lines = [line.expandtabs(4) for line in lines]
    depth = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    lines = [line[depth:] for line in lines]
    return '\n'.join(line if len(line) <= WIDTH else line[:WIDTH - 4].rstrip() + ' ...' for line in lines)


def excerpts(gemmac):
    with tempfile.TemporaryDirectory() as folder:
        # The page says what the build does with paths relative to the repository, so run there.
        subprocess.run([gemmac, 'build', *BUILD, '--dump-stages', folder, '-o', f'{folder}/out.s'], cwd=ROOT, check=True)
        for name, (file, pick) in EXCERPTS.items():
            lines = (pathlib.Path(folder) / file).read_text().splitlines()
            try:
                found = pick(lines)
            except (StopIteration, IndexError):
                found = []
            if not found:
                sys.exit(f'tools/docs/architecture.py: nothing in {file} fits the row {name}; mend the row')
            yield name, tidy(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='compare only')
    parser.add_argument('--gemmac', default=str(ROOT / 'build/release/bin/gemmac'))
    arguments = parser.parse_args()
    before = PAGE.read_text()
    after = before
    for name, text in excerpts(arguments.gemmac):
        kind = {'llvm': 'llvm', 'asm': 'asm'}.get(name, 'mlir')
        place = re.compile(rf'(<!-- ir: {name} -->\n).*?(<!-- end -->)', re.S)
        after, count = place.subn(lambda match: f'{match[1]}```{kind}\n{text}\n```\n{match[2]}', after)
        if count != 1:
            sys.exit(f'docs/architecture.md: {count} places for the excerpt "{name}", not one')
    unknown = set(re.findall(r'<!-- ir: ([\w-]+) -->', before)) - set(EXCERPTS)
    if unknown:
        sys.exit(f'docs/architecture.md: no such excerpt: {", ".join(sorted(unknown))}')
    if before == after:
        print('docs/architecture.md shows the IR as it is')
        return 0
    if arguments.check:
        print('docs/architecture.md does not show the IR as it is; run tools/docs/architecture.py')
        return 1
    PAGE.write_text(after)
    print('docs/architecture.md: excerpts rewritten')
    return 0


if __name__ == '__main__':
    sys.exit(main())
