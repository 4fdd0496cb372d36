"""IR of every stage given to every `--from`, and damaged in small ways: an error of a few lines, never a crash or a module in the message."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STAGES = ["normalize", "fuse", "quantize", "layout", "tile", "lower"]
MODELS = [("gemma4.toml", "base", "q4"), ("gemma4.toml", "moe-ple-shared", "q8")]


def resume(gemmac, stage, path, target):
    return subprocess.run([gemmac, "build", "--from", stage, "--to", "lower", "--context", "64", "--target", target, path, "-o", "-"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=300)


def judge(what, outcome, may_pass):
    """The faults of one run, as lines."""
    if outcome.returncode == 0:
        return [] if may_pass else [f"{what}: taken"]
    if outcome.returncode != 1:
        return [f"{what}: exit {outcome.returncode}: {outcome.stderr[-300:]}"]
    if len(outcome.stderr) > 5000 or "error: " not in outcome.stderr:
        return [f"{what}: {len(outcome.stderr)} characters of message: {outcome.stderr[:300]}"]
    return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    gemmac = parser.parse_args().bin / "gemmac"
    target, faults, runs = "x86-64-v3", [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for description, golden, quant in MODELS:
            dumps = folder / golden
            subprocess.run([gemmac, "build", ROOT / "models" / description, "--weights", ROOT / "test/goldens/text" / golden, "-q",
                            "--quant", quant, "--context", "64", "--target", target, "--dump-stages", dumps, "-o", folder / "model"],
                           check=True)
            files = sorted(dumps.glob("*.mlir"))
            assert len(files) == 1 + len(STAGES), files
            for number, file in enumerate(files):
                for stage in STAGES:
                    # A stage takes what the one before it left. Some have nothing to do, and their own output will do as well.
                    same = STAGES.index(stage) == number or (stage, number) in (("normalize", 1), ("fuse", 0), ("lower", 6))
                    outcome = resume(gemmac, stage, file, target)
                    runs += 1
                    faults += judge(f"{golden}: {file.name} --from {stage}", outcome, same)
                    if STAGES.index(stage) == number and outcome.returncode:
                        faults.append(f"{golden}: {file.name} --from {stage}: refused: {outcome.stderr[:300]}")
            edits = [("4-layout", "tile", "table 1 ", ""), ("4-layout", "tile", "table 2 ", "table 99 "), ("4-layout", "tile", "kernel.plan = ", "kernel.plane = "),
                     ("4-layout", "tile", "chunk = 128", "chunk = 9223372036854775807"),
                     ("4-layout", "tile", '"packed_i8"', '"packed_f32"'), ("4-layout", "tile", "kernel.cache", "kernel.cash"),
                     ("4-layout", "tile", '"panel"', '"vector"'), ("3-quantize", "layout", 'x "i8"', 'x "f32"')]
            for start, stage, old, new in edits:
                file = next(dumps.glob(start + "*"))
                text = file.read_text()
                if old not in text:
                    continue
                broken = folder / "broken.mlir"
                broken.write_text(text.replace(old, new))
                runs += 1
                faults += judge(f"{golden}: {file.name} with {new} --from {stage}", resume(gemmac, stage, broken, target), False)
    for fault in faults:
        print(fault)
    print(f"{runs} runs, {len(faults)} faults")
    return 1 if faults or runs < 90 else 0


if __name__ == "__main__":
    sys.exit(main())
