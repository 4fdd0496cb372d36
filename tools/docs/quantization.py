#!/usr/bin/env python3
"""The table of docs/quantization.md: what each recipe costs on real weights, measured now.

    quantization.py                  builds every model of MODELS at every recipe, measures, writes the table into the page
    quantization.py --check          measures mean NLL alone and compares; exit code 1 if the page shows other numbers
    quantization.py --only SmolLM2   one model (its title has the word); the rows of the others stay as they are
    quantization.py --target x86-64-v3   at another instruction-set level than this machine's best
The text is the long one of test/goldens/real; a model whose weights are not here keeps its rows, and is left out by --check,
which exits 77 when there is none at all. NLL is `logits --nll`; KL and the most likely token compare the logits of every
fourth position with those of the f32 build. About 1.7 GB of temporary files for each of two builds.
"""
import argparse
import json
import pathlib
import re
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'test/e2e'))
from common import Failure, must  # noqa: E402
from measures import log_softmax  # noqa: E402
import second_family  # noqa: E402

PAGE = ROOT / 'docs/quantization.md'
PLACE = re.compile(r'(<!-- table: quality -->\n).*?(<!-- end -->)', re.S)
RECIPES = ['f32', 'bf16', 'q8', 'q4', 'keep']
HEAD = ['| model | recipe | file, MB | mean NLL | KL mean | KL max | same first token |', '|---|---|---|---|---|---|---|']
# Another instruction-set level sums in another order and another CPU may round differently.
CHECKED = {'f32': 2e-4, 'bf16': 2e-3}
CHECKED_INTEGER = 4e-3
STEP = 4    # every which position's logits are compared


class Model:
    def __init__(self, title, description, weights, golden):
        self.title, self.description, self.weights = title, description, weights
        self.golden = ROOT / 'test/goldens/real' / golden / 'prompts.json'

    def long_text(self):
        """The ids of the longest text, and the size of the vocabulary."""
        golden = json.loads(self.golden.read_text())
        return max((prompt['ids'] for prompt in golden['prompts']), key=len), golden['vocab']


MODELS = [
    Model('Gemma 3 270M', 'models/gemma3.toml', ROOT / 'build/demo/gemma-3-270m.gguf', 'gemma3-270m'),
    Model('SmolLM2 135M', 'test/families/llama.toml', second_family.weights(), 'smollm2'),
]


class Bench:
    """Builds of one model, measured one after another; f32 comes first when KL is wanted."""

    def __init__(self, build, folder, model, with_kl):
        self.build, self.folder, self.model, self.with_kl = build, pathlib.Path(folder), model, with_kl
        self.ids, self.vocab = model.long_text()
        self.tokens = self.folder / 'tokens.txt'
        self.tokens.write_text(','.join(map(str, self.ids)))

    def measure(self, recipe):
        """The cells of a row behind the recipe: megabytes, NLL, then mean KL, largest KL, agreement or dashes."""
        built = self.folder / f'model-{recipe}'
        must([*self.build, ROOT / self.model.description, '--weights', self.model.weights, '--quant', recipe,
              '-o', built, '-q'], timeout=1200)
        size = built.stat().st_size / 1e6
        command = [built, 'logits', '--tokens', f'@{self.tokens}', '--nll']
        logits = self.folder / f'{recipe}.f32'
        said = must(command + (['-o', logits] if self.with_kl else []), timeout=1200).stdout
        built.unlink()
        cells = [f'{size:.0f}', f'{float(said):.4f}', '-', '-', '-']
        if self.with_kl and recipe != 'f32':
            mean, most, agreed = self.against_f32(logits)
            cells[2:] = [f'{mean:.4f}', f'{most:.3f}', f'{agreed:.1%}']
            logits.unlink()
        return cells

    def against_f32(self, path):
        ours = [np.memmap(p, dtype='<f4', mode='r').reshape(-1, self.vocab) for p in (self.folder / 'f32.f32', path)]
        if any(len(rows) != len(self.ids) for rows in ours):
            sys.exit(f'{path}: {len(ours[1])} rows of logits for {len(self.ids)} tokens')
        kl, agreed = [], 0
        for at in range(0, len(self.ids), STEP):
            a, b = (log_softmax(rows[at].astype(np.float64)) for rows in ours)
            kl.append(float(np.exp(a) @ (a - b)))
            agreed += int(a.argmax() == b.argmax())
        return float(np.mean(kl)), max(kl), agreed / len(kl)


def rows(build, models, recipes, with_kl):
    for model in models:
        with tempfile.TemporaryDirectory(prefix='quantization-') as folder:
            bench = Bench(build, folder, model, with_kl)
            for recipe in recipes:
                line = f'| {model.title} | {recipe} | ' + ' | '.join(bench.measure(recipe)) + ' |'
                print(line, flush=True)
                yield line


def cells(line):
    return [cell.strip() for cell in line.strip('|').split('|')]


def shown():
    """The rows of the page: (model, recipe) to the line."""
    place = PLACE.search(PAGE.read_text())
    if not place:
        sys.exit('docs/quantization.md has no place for the table')
    lines = [line for line in place[0].splitlines() if line.startswith('| ')]
    return {tuple(cells(line)[:2]): line for line in lines if cells(line)[1] in RECIPES}


def check(build, models):
    """1 if a mean NLL of the page is not the build's own."""
    page, wrong = shown(), 0
    for line in rows(build, models, RECIPES, with_kl=False):
        title, recipe, _, nll = cells(line)[:4]
        allowed = CHECKED.get(recipe, CHECKED_INTEGER)
        want = page.get((title, recipe))
        if want is None or not abs(float(nll) - float(cells(want)[3])) <= allowed:
            print(f'  the page shows {want}; allowed is a difference of {allowed}')
            wrong += 1
    print('docs/quantization.md ' + (f'is wrong in {wrong} rows; run tools/docs/quantization.py' if wrong
                                     else 'shows the likelihoods as they are'))
    return 1 if wrong else 0


def write(build, models):
    """Measures the models and puts their rows into the page's table, in the order of MODELS and RECIPES."""
    table = shown()
    table.update((tuple(cells(line)[:2]), line) for line in rows(build, models, RECIPES, with_kl=True))
    ordered = [table[key] for model in MODELS for recipe in RECIPES if (key := (model.title, recipe)) in table]
    text = '\n'.join(HEAD + ordered)
    PAGE.write_text(PLACE.sub(lambda match: f'{match[1]}{text}\n{match[2]}', PAGE.read_text()))
    print('docs/quantization.md: table rewritten')
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='compare mean NLL only')
    parser.add_argument('--only', default='', help='a word of the title of the model to measure')
    parser.add_argument('--gemmac', default=str(ROOT / 'build/release/bin/gemmac'))
    parser.add_argument('--target', help='the level to measure at (default: the best of this machine)')
    arguments = parser.parse_args()
    models = [model for model in MODELS if arguments.only in model.title and model.weights and model.weights.exists()]
    if not models:
        print('skipped: no real weights here; tools/install weights and tools/install test fetch them')
        return 77
    build = [arguments.gemmac, 'build', *(['--target', arguments.target] if arguments.target else [])]
    return (check if arguments.check else write)(build, models)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(str(failure))
