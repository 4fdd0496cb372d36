"""What the end-to-end drivers share: options, running gemmac and what it built, goldens, the table of results.

A driver exits 0 when every case meets its tolerance, 1 when one misses, 77 when it has nothing to run (ctest: skipped).
"""
import argparse
import concurrent.futures
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import types
from dataclasses import dataclass, field
from pathlib import Path

# One thread for each process: these drivers run several, and OpenBLAS's own would wait for each other's CPUs.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

import measures  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("GEMMAC_GOLDENS", ROOT.parent / "shared" / "goldens"))
SKIPPED = 77
# Folders of goldens by the name that --set takes.
SETS = {"small": ROOT / "test/goldens/text", "families": ROOT / "test/goldens/families", "shared": SHARED / "text"}


class Failure(Exception):
    """A program did not do what it should; the text says which, and what it said."""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def options(description, **more):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin", help="folder of gemmac")
    parser.add_argument("--work", type=Path, help="keep built executables here (default: a temporary folder)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="builds at the same time")
    parser.add_argument("--sanitize", action="store_true", help="executables that check their own memory accesses")
    for name, settings in more.items():
        parser.add_argument("--" + name, **settings)
    chosen = parser.parse_args()
    chosen.gemmac = chosen.bin.resolve() / "gemmac"
    if not chosen.gemmac.exists():
        parser.error(f"{chosen.gemmac} is not there; build it with tools/build release gemmac")
    if chosen.work is None:
        chosen.keeper = tempfile.TemporaryDirectory(prefix="gemmac-e2e-")  # removed when the driver ends
        chosen.work = Path(chosen.keeper.name)
    chosen.work = chosen.work.resolve()
    chosen.work.mkdir(parents=True, exist_ok=True)
    return chosen


def run(command, timeout=300, text_input="", **settings):
    """Runs a command with this on standard input; returns the finished process with text output. A timeout is a Failure."""
    command = [str(word) for word in command]
    try:
        return subprocess.run(command, input=text_input, capture_output=True, text=True, errors="replace", timeout=timeout,
                              **settings)
    except subprocess.TimeoutExpired:
        raise Failure(f"{shown(command)}\n  did not end in {timeout} s") from None


def shown(command):
    text = " ".join(str(word) for word in command)
    return text if len(text) < 400 else text[:400] + "..."


def must(command, **settings):
    """run(), and a Failure with the program's own words unless it exits 0."""
    done = run(command, **settings)
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        report = [n for n, line in enumerate(lines) if "ERROR: AddressSanitizer" in line or "runtime error:" in line]
        said = "\n".join(lines[report[0]:][:25] if report else lines[-15:])
        raise Failure(f"{shown(command)}\n  ended with {ending(done.returncode)}:\n{said}")
    return done


def ending(code):
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def build(chosen, description, weights, quant, out, *more, timeout=550):
    """Compiles an executable; returns the seconds it took."""
    start = time.monotonic()
    more = [*more, "--sanitize"] if chosen.sanitize else more
    must([chosen.gemmac, "build", ROOT / description, "--weights", weights, "--quant", quant, "-o", out, *more],
         timeout=timeout)
    return time.monotonic() - start


def logits(model, tokens, vocab, rows=None, prefix=(), more=(), timeout=300):
    """The float32 logits [rows, vocab] of an executable for `tokens` (a path, or a list of ids)."""
    words = f"@{tokens}" if isinstance(tokens, (str, Path)) else ",".join(str(t) for t in tokens)
    with tempfile.NamedTemporaryFile(prefix="logits-", suffix=".f32") as out:
        command = [*prefix, model, "logits", "--tokens", words, "-o", out.name, *more]
        if rows is not None:
            command += ["--last", rows]
        must(command, timeout=timeout)
        data = np.fromfile(out.name, dtype="<f4")
    if data.size == 0 or data.size % vocab or (rows is not None and data.size != rows * vocab):
        raise Failure(f"{shown(command)}\n  wrote {data.size} values instead of {rows or 'some'} rows of {vocab}")
    return data.reshape(-1, vocab)


def native_level(chosen):
    """The best instruction-set level of this machine, found without compiling the others; call it once before parallel work."""
    if hasattr(chosen, "level"):
        return chosen.level
    listing = must([chosen.gemmac, "targets"]).stdout.split(platform.machine() + " ", 1)[-1].splitlines()[1:]
    model, weights = chosen.work / "native", ROOT / "test/goldens/text/odd"
    for line in listing:
        level = line.split()[0]
        build(chosen, "models/gemma4.toml", weights, "q8", model, "--target", level)
        if run([model, "info", "--level", level]).returncode == 0:
            model.unlink()
            chosen.level = level
            return level
    raise Failure(f"gemmac targets: no level of {platform.machine()} runs on this machine")


@dataclass
class Case:
    """One folder of goldens/text."""
    folder: Path
    name: str = ""
    meta: dict = field(default_factory=dict)
    classes: list = field(default_factory=list)

    def __post_init__(self):
        self.meta = json.loads((self.folder / "meta.json").read_text())
        self.classes = measures.layer_classes(json.loads((self.folder / "config.json").read_text()))
        self.name = self.name or self.folder.name

    @property
    def description(self):
        return self.meta.get("description", "models/gemma4.toml")

    @property
    def blocks(self):
        """The option that says which tokens see each other, where the case has blocks."""
        path = self.folder / "blocks.txt"
        return ["--blocks", f"@{path}"] if path.exists() else []

    @property
    def reference(self):
        return read_logits(self.folder / "logits.f32", self.meta["rows"], self.meta["vocab"])


def read_logits(path, rows, vocab):
    data = np.fromfile(path, dtype="<f4")
    if data.size != rows * vocab:
        raise Failure(f"{path} holds {data.size} values instead of {rows} x {vocab}: a broken golden")
    return data.reshape(rows, vocab)


def cases(folder):
    found = sorted(p.parent for p in folder.glob("*/meta.json"))
    return [Case(p) for p in found]


@dataclass
class Row:
    """A line of the table: `reached` / `allowed` is what the table is sorted by."""
    name: str
    what: str                 # the quantity that came nearest to its bound, or missed it most
    reached: float
    allowed: float
    detail: str = ""          # shown when it misses
    note: str = ""            # always shown: layer classes, tensor types
    seconds: float = 0.0

    @property
    def ratio(self):
        if not np.isfinite(self.reached):
            return np.inf
        return self.reached / self.allowed if self.allowed else np.inf

    @property
    def ok(self):
        return bool(self.reached <= self.allowed)


def worst_of(name, quantities, **settings):
    """The Row of the quantity (what, reached, allowed) nearest to its bound."""
    rows = [Row(name, what, reached, allowed, **settings) for what, reached, allowed in quantities]
    return max(rows, key=lambda row: row.ratio)


def same_bits(name, what, a, b):
    """A row that misses if one value differs in one bit."""
    differ = int((a.view(np.uint32) != b.view(np.uint32)).sum()) if a.shape == b.shape else a.size
    return Row(name, "differ", float(differ), 0.5, detail=f"{differ} of {a.size} values of {a.shape}", note=what)


def broken(name, error, note=""):
    return Row(name, "no result", float("inf"), 0.0, detail=str(error), note=note)


class Job(types.SimpleNamespace):
    """One piece of work and its name, for each()."""

    def __init__(self, name, **facts):
        super().__init__(name=name, **facts)


def each(chosen, jobs, work):
    """Runs work(job) for every job, `--jobs` at a time; returns the rows. A Failure becomes a row that misses."""
    def one(job):
        try:
            return work(job)
        except Failure as error:
            return [broken(job.name, error)]
        except (OSError, ValueError, KeyError) as error:
            return [broken(job.name, f"{type(error).__name__}: {error}")]
    with concurrent.futures.ThreadPoolExecutor(max(1, chosen.jobs)) as pool:
        return [row for rows in pool.map(one, jobs) for row in rows]


def report(title, rows):
    """Prints the table, worst first, and returns the exit status."""
    rows = sorted(rows, key=lambda row: (-row.ratio, row.name))
    width = max([len(row.name) for row in rows] + [4])
    print(f"{title}: worst first")
    print(f"{'case':{width}}  {'measure':>10}  {'reached':>9}  {'allowed':>9}  {'ratio':>7}   of what")
    for row in rows:
        mark = " " if row.ok else "*"
        numbers = f"{row.what:>10}  {row.reached:9.2e}  {row.allowed:9.2e}  {row.ratio:7.3f}"
        print(f"{row.name:{width}}  {numbers} {mark} {row.note}")
        if not row.ok:
            print("".join(f"    {line}\n" for line in row.detail.splitlines()), end="")
    missed = [row for row in rows if not row.ok]
    tail = f", {len(missed)} missed (*)" if missed else ""
    print(f"{len(rows) - len(missed)} of {len(rows)} within tolerance{tail}")
    return 1 if missed or not rows else 0
