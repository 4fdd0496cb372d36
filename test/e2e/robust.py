#!/usr/bin/env python3
"""Wrong input to gemmac and to what it builds: a message and exit code 1 or 2; never a crash, a hang or a wrong answer.

Files cut short, a changed byte in each section, an empty root, a CPU without the level's features, prompts longer than
the context, options out of range, weights that are no weights.
"""
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from common import ROOT, Case, Failure, build, ending, logits, options, run

QEMU = "qemu-x86_64-static"
TRAILER = struct.Struct("<QIIQQ8s")  # runtime/abi/Artifact.h: GmTrailer
SECTION = struct.Struct("<24sQQQ")   # GmSection


class Checks:
    """Runs commands that must fail well, and keeps count."""

    def __init__(self):
        self.done, self.failures = 0, []

    def refused(self, what, command, codes=(1, 2), words=(), **settings):
        self.done += 1
        try:
            done = run(command, timeout=120, **settings)
        except Failure as error:
            self.failures.append(f"{what}: {error}")
            return
        said = done.stderr.strip()
        problems = []
        if done.returncode not in codes:
            problems.append(f"{ending(done.returncode)} instead of {' or '.join(map(str, codes))}")
        if not said:
            problems.append("no message")
        if "terminate called" in said or "Sanitizer" in said or "LLVM ERROR" in said or "Stack dump" in said:
            problems.append("a crash")
        problems += [f"the message lacks '{word}'" for word in words if word not in said]
        if problems:
            self.failures.append(f"{what}: {'; '.join(problems)}\n    {said[:600]}")
        else:
            print(f"  {what}: {said.splitlines()[0][:150]}")

    def holds(self, what, condition, detail=""):
        self.done += 1
        if condition:
            print(f"  {what}: yes")
        else:
            self.failures.append(f"{what}: no {detail}")


def sections(data):
    """(name, offset, bytes) of each section, the table and the trailer of an executable's bytes."""
    table, count, _, _, size, magic = TRAILER.unpack_from(data, len(data) - TRAILER.size)
    assert magic == b"GEMMAC\0\1" and size == len(data), "not an executable of gemmac"
    found = []
    for i in range(count):
        name, offset, length, _ = SECTION.unpack_from(data, table + i * SECTION.size)
        found.append((name.rstrip(b"\0").decode(), offset, length))
    return found + [("table", table, count * SECTION.size), ("trailer", len(data) - TRAILER.size, TRAILER.size)]


def put(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    path.chmod(0o755)
    return path


def damaged_files(checks, model, work, ask):
    data = model.read_bytes()
    parts = sections(data)
    first = min(offset for name, offset, length in parts if length and name not in ("table", "trailer"))
    print("cut short")
    for what, size in (("one byte", len(data) - 1), ("the trailer", len(data) - TRAILER.size), ("a sector", len(data) - 512),
                       ("half of the sections", (first + len(data)) // 2), ("all sections", first)):
        checks.refused(f"without {what}", [put(work, "cut", data[:size]), *ask], codes=(1,))
    # In the middle of the code the kernel itself ends the process: there is nobody who could say why.
    done = run([put(work, "cut", data[:first // 2]), *ask])
    checks.holds("without half of the code it fails", done.returncode != 0)
    checks.refused("with bytes after its end", [put(work, "long", data + b"\0" * 100), *ask], codes=(1,))
    print("one byte changed")
    for name, offset, length in parts:
        for place in sorted({0, length // 2, length - 1}):
            if length == 0:
                continue
            changed = bytearray(data)
            changed[offset + place] ^= 0x40
            words = [name] if name not in ("table", "trailer") else []
            checks.refused(f"byte {place} of {name}", [put(work, "changed", changed), *ask], codes=(1,), words=words)


def empty_root(checks, model, work, case, expected):
    """In a directory with nothing but the executable as root: no /proc, no /dev, no libraries."""
    print("an empty root")
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    shutil.copy(model, root / "m")
    tokens = (case.folder / "tokens.txt").read_text().strip()
    command = ["/m", "logits", "--tokens", tokens, "-o", "/out.f32"]
    if os.geteuid() == 0:
        def enter():
            os.chroot(root)
            os.chdir("/")
        done = subprocess.run(command, preexec_fn=enter, capture_output=True, text=True, env={}, timeout=120)
    else:
        done = subprocess.run(["unshare", "--map-root-user", "--root", root, *command], capture_output=True, text=True,
                              timeout=120)
        if "unshare failed" in done.stderr:
            print("  not root, and no user namespaces: left out")
            return
    checks.holds("it runs", done.returncode == 0, f"{ending(done.returncode)}: {done.stderr}")
    if done.returncode == 0:
        got = np.fromfile(root / "out.f32", dtype="<f4")
        checks.holds("with the same answer", np.array_equal(got, expected.ravel()))


def wrong_cpu(checks, chosen, case, work, ask):
    print("a CPU without the features")
    if shutil.which(QEMU) is None:
        print(f"  {QEMU} is not here: left out")
        return
    model = work / "v4"
    build(chosen, case.description, case.folder, "f32", model, "--target", "x86-64-v4")
    checks.refused("x86-64-v4 on qemu64", [QEMU, "-cpu", "qemu64", model, *ask], codes=(1,),
                   words=["this CPU lacks", "AVX2", "x86-64-v4"])
    checks.refused("x86-64-v4 on Haswell", [QEMU, "-cpu", "Haswell", model, *ask], codes=(1,), words=["this CPU lacks"])


def long_prompts(checks, chosen, case, work):
    print("a prompt longer than the context")
    model = work / "short"
    build(chosen, case.description, case.folder, "f32", model, "--context", 16)
    tokens = f"@{case.folder / 'tokens.txt'}"
    checks.refused("logits of 64 tokens in 16", [model, "logits", "--tokens", tokens, "-o", "/dev/null"], words=["16"])
    checks.refused("run with 64 tokens in 16", [model, "run", "--tokens", tokens, "--max-tokens", 1], words=["16"])
    checks.refused("--context above the compiled one", [model, "info", "--context", 17], codes=(2,), words=["17", "16"])
    got = logits(model, [2, 5, 7], case.meta["vocab"], 3)
    checks.holds("a short one still works", np.isfinite(got).all())


def wrong_options(checks, model, ask):
    print("options of the executable")
    base = [model, "run", "--tokens", "2,5,7"]
    for option in ("--max-tokens", "--threads", "--context"):
        for value in ("0", "-1", "1e3", "99999999999999999999", "", "x"):
            checks.refused(f"{option} '{value}'", [*base, option, value], codes=(2,))
    for option, value in (("--temp", "-1"), ("--temp", "nan"), ("--top-p", "-0.1"), ("--top-p", "2"), ("--top-k", "-3"),
                          ("--min-p", "-1"), ("--seed", "-1"), ("--target", "cudaa"), ("--level", "none"),
                          ("--no-such-option", "1")):
        checks.refused(f"{option} {value}", [*base, option, value], codes=(2,))
    checks.refused("--target cuda", [*base, "--target", "cuda"], codes=(1, 2), words=["cuda"])
    for what, tokens in (("an id past the vocabulary", "2,999999"), ("a negative id", "2,-5"), ("no id", ""),
                         ("words", "2,five"), ("a file that is not there", "@/nowhere/tokens"),
                         ("a number past 64 bits", "2,99999999999999999999999")):
        checks.refused(f"--tokens: {what}", [model, "logits", "--tokens", tokens, "-o", "/dev/null"])
    checks.refused("--last 0", [model, *ask, "--last", "0"], codes=(2,))
    checks.refused("logits without -o", [model, "logits", "--tokens", "2,5"], codes=(2,))
    checks.refused("-o in no folder", [model, "logits", "--tokens", "2,5", "-o", "/nowhere/out.f32"], codes=(1,))
    checks.refused("an unknown command", [model, "rnu", "hello"], codes=(2,), words=["run"])
    checks.refused("an option without its value", [*base, "--temp"], codes=(2,))
    checks.refused("bench -p 0", [model, "bench", "-p", "0"], codes=(2,))


def lost_output(checks, model):
    """A full disk, a reader that went away, Ctrl-C: the program ends, and does not say that all is well."""
    print("output that goes nowhere, and Ctrl-C")
    full = Path("/dev/full")
    for words in (["run", "--tokens", "2,5,7", "--max-tokens", 5, "--ignore-stop"], ["info"], ["info", "--json"],
                  ["logits", "--nll", "--tokens", "2,5,7"]):
        with full.open("w") as stdout:
            done = subprocess.run([model, *map(str, words)], stdin=subprocess.DEVNULL, stdout=stdout, timeout=60,
                                  stderr=subprocess.PIPE, text=True)
        checks.holds(f"{' '.join(map(str, words))} > /dev/full is an error",
                     done.returncode == 1 and "cannot write" in done.stderr, f"{ending(done.returncode)}, {done.stderr!r}")
    checks.refused("-o /dev/full", [model, "logits", "--tokens", "2,5,7", "-o", full], codes=(1,), words=["/dev/full"])
    checks.refused("--tokens from a folder", [model, "logits", "--tokens", "@/tmp", "-o", "/dev/null"], codes=(1,))
    checks.refused("-o a folder", [model, "logits", "--tokens", "2,5,7", "-o", "/tmp"], codes=(1,))
    endless = [model, "bench", "-p", "64", "-n", "1000", "-r", "1000"]
    run_long = [model, "run", "--tokens", "2,5,7", "--max-tokens", "8000", "--ignore-stop"]
    with subprocess.Popen(run_long, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.read(1)
        process.stdout.close()
        code = process.wait(timeout=60)
    checks.holds("a reader that goes away ends it", code in (1, -signal.SIGPIPE), ending(code))
    with subprocess.Popen(endless, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.5)
        alive = process.poll() is None
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=10)
    checks.holds("Ctrl-C ends it", alive and code in (130, -signal.SIGINT), f"{alive}, {ending(code)}")


def wrong_builds(checks, chosen, case, work):
    print("gemmac build")
    gemmac, description = chosen.gemmac, ROOT / case.description
    out = work / "never"

    def build_with(weights, *more, description=description):
        return [gemmac, "build", description, "--weights", weights, "-o", out, *more]

    checks.refused("no command", [gemmac, "biuld"], codes=(2,), words=["build"])
    checks.refused("no weights there", build_with("/nowhere"), codes=(1,), words=["/nowhere"])
    checks.refused("no description there", build_with(case.folder, description="/nowhere.toml"), codes=(1,),
                   words=["nowhere"])
    for option, value in (("--quant", "q3"), ("--quant", ""), ("--target", "x86-64-v9"), ("--size", "e3b"),
                          ("--context", "0"), ("--context", "-1"), ("--context", "99999999999999999999"),
                          ("--kv", "q1"), ("--no-such-option", "1")):
        checks.refused(f"{option} '{value}'", build_with(case.folder, option, value))
    checks.refused("-o in no folder", [gemmac, "build", description, "--weights", case.folder, "-o", "/nowhere/m"])
    folder = work / "weights"

    def with_weights(change):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(case.folder, folder)
        change(folder / "model.safetensors")
        return build_with(folder)

    def cut(size):
        return lambda path: path.write_bytes(path.read_bytes()[:size])

    checks.refused("an empty weight file", with_weights(cut(0)), codes=(1,))
    checks.refused("a weight file cut in its header", with_weights(cut(100)), codes=(1,))
    checks.refused("a weight file cut in its data", with_weights(cut(-1)), codes=(1,))
    checks.refused("no weight file", with_weights(Path.unlink), codes=(1,))
    huge = struct.pack("<Q", 1 << 63) + b"{}"
    checks.refused("a header length of 2^63", with_weights(lambda path: path.write_bytes(huge)), codes=(1,))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(case.folder, folder)
    (folder / "config.json").write_text('{"model_type": "gemma4_text", "hidden_size": ')
    checks.refused("a config.json cut short", build_with(folder), codes=(1,), words=["config.json"])
    checks.holds("no executable is left behind", not out.exists())


def main():
    chosen = options(__doc__)
    case = Case(ROOT / "test/goldens/text/base")
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="gemmac-robust-") as folder:
        work = Path(folder)
        model = work / "model"
        build(chosen, case.description, case.folder, "f32", model)
        expected = logits(model, case.folder / "tokens.txt", case.meta["vocab"], case.meta["rows"])
        ask = ["logits", "--tokens", "2,5,7", "-o", "/dev/null"]
        damaged_files(checks, model, work, ask)
        empty_root(checks, model, work, case, expected)
        wrong_cpu(checks, chosen, case, work, ask)
        long_prompts(checks, chosen, case, work)
        wrong_options(checks, model, ask)
        lost_output(checks, model)
        wrong_builds(checks, chosen, case, work)
    for failure in checks.failures:
        print(f"FAILED {failure}")
    print(f"{checks.done - len(checks.failures)} of {checks.done} checks hold")
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
