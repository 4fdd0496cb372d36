#!/usr/bin/env python3
"""Wrong input to gemmac and to what it builds: a message and exit code 1 or 2; never a crash, a hang or a wrong answer.

Files cut short, a changed byte in each section, an empty root, a CPU without the level's features, prompts longer than
the context, options out of range, weights that are no weights; closed streams, outputs over inputs, planted links, pipes in
place of files, files that shrink, full devices, groups with too little memory.
"""
import os
import resource
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
TRAILER = struct.Struct("<QIIQQ32s32sQ8s")  # runtime/abi/Artifact.h: GmTrailer
SECTION = struct.Struct("<24sQQQ32s")         # GmSection


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
    table, count, _, size, *_, magic = TRAILER.unpack_from(data, len(data) - TRAILER.size)
    assert magic == b"GEMMAC\0\2" and size == len(data), "not an executable of gemmac"
    found = []
    for i in range(count):
        name, offset, length, *_ = SECTION.unpack_from(data, table + i * SECTION.size)
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
    for place in (first - 1, first - 5000):  # the gap before the first section, or the last of the ELF file
        changed = bytearray(data)
        changed[place] ^= 0x40
        checks.refused(f"byte {place} before the sections", [put(work, "changed", changed), *ask, "--trust"], codes=(1,),
                       words=["the code was changed"])
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


def closed_streams(checks, chosen, case, work, model):
    """A standard stream that is closed must not become the output file: its messages would land in there."""
    print("closed standard streams")
    words = ["build", ROOT / case.description, "--weights", case.folder, "--target", "x86-64-v3", "-o"]
    whole, out = work / "whole", work / "closed"
    subprocess.run([chosen.gemmac, *words, whole], check=True, capture_output=True)
    for closed in ("2>&-", "<&- >&- 2>&-"):
        out.unlink(missing_ok=True)
        done = subprocess.run(["bash", "-c", f'"$@" {closed}', "bash", chosen.gemmac, *words, out])
        checks.holds(f"gemmac {closed} builds the same file", done.returncode == 0 and out.read_bytes() == whole.read_bytes(),
                     ending(done.returncode))
    want, got = work / "want.f32", work / "got.f32"
    ask = ["logits", "--tokens", "2,5,7", "-v", "-o"]
    subprocess.run([model, *ask, want], check=True, capture_output=True)
    subprocess.run(["bash", "-c", '"$@" <&- >&- 2>&-', "bash", model, *ask, got])
    checks.holds("logits without streams are the same", got.read_bytes() == want.read_bytes())
    for program, words in ((chosen.gemmac, ["stages"]), (model, ["info"])):
        done = subprocess.run(["bash", "-c", '"$@" >&-', "bash", program, *words], stderr=subprocess.PIPE, text=True)
        checks.holds(f"{words[0]} >&- is an error", done.returncode == 1 and "cannot write" in done.stderr, done)


def outputs_over_inputs(checks, chosen, case, work, model):
    """No output replaces what is read; that and other wrong places are said before any work."""
    print("outputs that would replace inputs, and other wrong places")
    folder, text = work / "own-weights", work / "own.toml"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(case.folder, folder)
    shutil.copy(ROOT / case.description, text)
    (work / "soft").symlink_to(folder / "model.safetensors")
    os.link(folder / "model.safetensors", work / "hard")
    (work / "compiler").symlink_to(chosen.gemmac)
    gguf = work / "own.gguf"
    gguf.write_bytes(b"GGUF" + bytes(5000))  # refused before anybody looks inside

    def held(what, command, *files, words=()):
        before = [file.read_bytes() for file in files]
        checks.refused(what, command, codes=(1, 2), words=words)
        done = run(command)
        checks.holds("    before any work, and nothing is lost", "compiled" not in done.stderr and
                     before == [file.read_bytes() for file in files], done.stderr[-200:])

    def gemmac(out, weights=folder, *more, description=text):
        return [chosen.gemmac, "build", description, "--weights", weights, "--target", "x86-64-v3", "-o", out, *more]

    for name in ("model.safetensors", "config.json"):
        held(f"-o DIR/{name}", gemmac(folder / name), folder / name, words=["would replace weights"])
    held("-o a link to the weights", gemmac(work / "soft"), folder / "model.safetensors", words=["would replace weights"])
    held("-o another name of the weights", gemmac(work / "hard"), folder / "model.safetensors", words=["would replace"])
    held("-o the description", gemmac(text), text, words=["would replace the description"])
    held("-o gemmac", gemmac(work / "compiler"), chosen.gemmac, words=["would replace gemmac"])
    held("--weights F.gguf -o F.gguf", gemmac(gguf, gguf), gguf, words=["would replace weights"])
    kit = chosen.gemmac.parent.parent / "lib/gemmac/x86_64/link.txt"
    held("-o a file of the link kit", gemmac(kit), kit, words=["would replace a file of the link kit"])
    stage = work / "stage.mlir"
    run([*gemmac(stage), "--to", "fuse"])
    held("--from IR -o IR", [chosen.gemmac, "build", stage, "--from", "quantize", "--to", "layout", "-o", stage], stage,
         words=["would replace"])
    held("-o a folder", gemmac(folder), words=["folder"])
    held("-o in a file", gemmac(text / "m"), text, words=["Not a directory"])
    held("-o a device", gemmac("/dev/null"), words=["not an ordinary file"])
    other = work / "template.toml"
    other.write_text(text.read_text().replace(' "gemma4"', ' "gemma5"'))
    held("an unknown template", gemmac(work / "never", description=other), words=["unknown chat template 'gemma5'", "gemma4"])
    if os.geteuid() != 0:
        (work / "closed-folder").mkdir(mode=0o500)
        held("-o in a closed folder", gemmac(work / "closed-folder/m"), words=["cannot create a file here"])
    done = run(gemmac(work / "never"), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999)))
    checks.holds("too little room is said before any work", done.returncode == 1 and "cannot reserve" in done.stderr and
                 "compiled" not in done.stderr, done.stderr)
    copy, tokens = put(work, "own-program", model.read_bytes()), work / "own-tokens"
    tokens.write_text("2,5,7")
    held("MODEL logits -o MODEL", [copy, "logits", "--tokens", "2,5", "-o", copy], copy, words=["would replace this program"])
    held("MODEL logits --hidden MODEL", [copy, "logits", "--tokens", "2,5", "--hidden", copy], copy, words=["would replace"])
    held("--tokens @F -o F", [model, "logits", "--tokens", f"@{tokens}", "-o", tokens], tokens, words=["would replace --tokens"])
    both = work / "both.f32"
    held("logits -o X --hidden X", [model, "logits", "--tokens", "2,5", "-o", both, "--hidden", both], words=["two files"])
    held("logits -o X --hidden ./X", [model, "logits", "--tokens", "2,5", "-o", both, "--hidden", f"{work}/./both.f32"],
         words=["two files"])
    checks.holds("and leaves none", not both.exists())


def temporary_files(checks, model, work):
    """What is half-written has no name that somebody could know, and is gone however the program ends."""
    print("temporary files")
    folder = work / "half"
    folder.mkdir()
    victim, out = work / "victim", folder / "out.f32"
    victim.write_text("precious")
    # exec keeps the number of the process, which the name was made of once.
    plant = 'ln -s "$0" "$1.$$.part"; ln -s "$0" "$(dirname "$1")/.$(basename "$1").$$-0"; shift 0; exec "$2" logits --tokens 2,5 -o "$1"'
    done = subprocess.run(["bash", "-c", plant, victim, out, model], capture_output=True, text=True)
    checks.holds("a planted link is not written through", done.returncode == 0 and victim.read_text() == "precious", done)
    for path in folder.iterdir():
        path.unlink()
    tokens = ",".join(["2"] * 8000)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL, signal.SIGXCPU):
        with subprocess.Popen([model, "logits", "--tokens", tokens, "--chunk", "1", "-o", out], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(0.3)
            alive = process.poll() is None
            process.send_signal(number)
            code = process.wait(timeout=20)
        checks.holds(f"{signal.Signals(number).name} leaves nothing", alive and code == -number and not list(folder.iterdir()),
                     f"{alive}, {ending(code)}, {list(folder.iterdir())}")
    done = run([model, "logits", "--tokens", "2,5,7,9,11", "-o", out],
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
    checks.holds("a size limit is an error and leaves nothing", done.returncode == 1 and "File too large" in done.stderr and
                 not list(folder.iterdir()), done)


def odd_inputs(checks, chosen, case, work):
    """A pipe or a device in place of a file must not be waited for; a file may shrink while it is read."""
    print("pipes in place of files, weights that shrink")
    folder = work / "pipes"

    def gemmac(description=ROOT / case.description):
        return [chosen.gemmac, "build", description, "--weights", folder, "--target", "x86-64-v3", "-o", work / "never"]

    pipe = work / "pipe.toml"
    os.mkfifo(pipe)
    for name in ("description", "IR", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(case.folder, folder)
        if name in ("description", "IR"):
            more = ["--from", "fuse", "--to", "layout"] if name == "IR" else []
            command = [*gemmac(pipe), *more] if name == "description" else [chosen.gemmac, "build", pipe, "-o", "-", *more]
            checks.refused(f"a pipe as {name}", command, codes=(1,))
            continue
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
        if name == "tokenizer_config.json":  # only looked into for a template
            checks.holds(f"a pipe as {name} does not hang", run(gemmac(), timeout=60).returncode in (0, 1))
        else:
            checks.refused(f"a pipe as {name}", gemmac(), codes=(1,))
    shutil.rmtree(folder)
    shutil.copytree(case.folder, folder)
    (work / "never").unlink(missing_ok=True)
    weights = (folder / "model.safetensors").resolve()
    with subprocess.Popen([str(word) for word in gemmac()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        for _ in range(10000):
            if str(weights) in Path(f"/proc/{process.pid}/maps").read_text() or process.poll() is not None:
                break
            time.sleep(0.0005)
        os.truncate(weights, 5000)
        said = process.communicate(timeout=120)[1]
    checks.holds("weights cut while they are packed", process.returncode == 1 and "cut short" in said and
                 "model.safetensors" in said and not (work / "never").exists(), f"{ending(process.returncode)}: {said[-300:]}")


def lost_messages(checks, chosen, case, model):
    print("output errors of both programs")
    check = ["check", ROOT / case.description, "--weights", case.folder, "--print"]
    for program, words in ((chosen.gemmac, ["stages"]), (chosen.gemmac, ["targets"]), (chosen.gemmac, ["doctor"]),
                           (chosen.gemmac, ["--help"]), (chosen.gemmac, ["build", "--help"]), (chosen.gemmac, check),
                           (model, ["--help"]), (model, ["run", "--help"]), (model, ["verify"])):
        with open("/dev/full", "w") as full:
            done = subprocess.run([str(word) for word in (program, *words)], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        checks.holds(f"{program.name} {words[0]} {words[-1] if len(words) > 1 else ''} > /dev/full is an error",
                     done.returncode == 1 and "cannot write" in done.stderr, f"{ending(done.returncode)}, {done.stderr!r}")
    folder = os.open("/", os.O_RDONLY)
    done = subprocess.run([model, "chat"], stdin=folder, capture_output=True, text=True, timeout=60)
    os.close(folder)
    checks.holds("chat </ is an error", done.returncode == 1 and "cannot read" in done.stderr, done)
    with open("/dev/full", "w") as full:
        done = subprocess.run([chosen.gemmac, "stages"], stdin=subprocess.DEVNULL, stderr=full, stdout=subprocess.PIPE)
    checks.holds("gemmac stages 2> /dev/full is none", done.returncode == 0, ending(done.returncode))


def memory_limit(checks, model):
    """A control group that allows less than the stated need, where we may make one."""
    print("a control group with too little memory")
    group = Path("/sys/fs/cgroup/memory/gemmac-robust-%d" % os.getpid())
    two = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    if two:
        group = Path("/sys/fs/cgroup/gemmac-robust-%d" % os.getpid())
    try:
        group.mkdir()
        (group / ("memory.max" if two else "memory.limit_in_bytes")).write_text(str(8 << 20))
    except OSError as error:
        print(f"  no group can be made here ({error}): left out")
        if group.exists():
            group.rmdir()
        return
    try:
        enter = lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
        checks.refused("logits in a group of 8 MiB", [model, "logits", "--tokens", "2,5", "-o", "/dev/null"], codes=(1,),
                       words=["control group", "8.00 MiB", "--context"], preexec_fn=enter)
        done = run([model, "logits", "--tokens", "2,5", "-o", "/dev/null", "--context", 64], preexec_fn=enter)
        checks.holds("a short context fits", done.returncode == 0, done.stderr)
    finally:
        time.sleep(0.2)
        group.rmdir()


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
        closed_streams(checks, chosen, case, work, model)
        outputs_over_inputs(checks, chosen, case, work, model)
        temporary_files(checks, model, work)
        odd_inputs(checks, chosen, case, work)
        lost_messages(checks, chosen, case, model)
        memory_limit(checks, model)
    for failure in checks.failures:
        print(f"FAILED {failure}")
    print(f"{checks.done - len(checks.failures)} of {checks.done} checks hold")
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
