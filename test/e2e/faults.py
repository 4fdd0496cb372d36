#!/usr/bin/env python3
"""Fault injection in loops: the n-th system call of a kind fails, for n = 1, 2, ... until a run meets no fault any more.

Five commands: build, replace (a build over an older executable), certify, run, logits. strace makes the faults: opens,
reads, mappings, writes, syncs, renames, threads and memory fail, and SIGKILL comes at every step of the output. Then full
disks of every size. Whatever happens: the old file or the new one, and beside it nothing; exit code 0 with the right result,
or 1 with a message; never a crash, never a wrong answer. Prints how many faults were injected.

The default takes some of the places of each loop, seeded; --all takes every one.
"""
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from common import ROOT, Case, build, ending, native_level, options, skip

# brk is left out: the kernel never fails it with a number, and the C library takes one for an address.
# What fails, how, and how many places of a loop the default takes (of the compiler, of an executable).
FAULTS = {
    "open": ("open,openat", "error=EACCES", 2, 30),
    "descriptors": ("open,openat", "error=EMFILE", 1, 10),
    "read": ("read,pread64,readv", "error=EIO", 1, 30),
    "map": ("mmap", "error=ENOMEM", 2, 60),
    "write": ("write,pwrite64,writev,copy_file_range", "error=ENOSPC", 3, 30),
    "write fails": ("write,pwrite64,writev,copy_file_range", "error=EIO", 1, 10),
    "room": ("fallocate,ftruncate", "error=ENOSPC", 1, 4),
    "sync": ("fsync,fdatasync", "error=EIO", 2, 4),
    "rename": ("rename,renameat,renameat2,link,linkat", "error=EIO", 2, 4),
    "facts": ("stat,lstat,fstat,newfstatat,statx,access,faccessat,faccessat2", "error=EACCES", 1, 10),
    "thread": ("clone,clone3", "error=EAGAIN", 2, 6),
    "killed": ("write,pwrite64,copy_file_range,fallocate,ftruncate,fsync,linkat,renameat,rename", "signal=KILL", 4, 20),
    "ended": ("write,pwrite64,copy_file_range,fallocate,ftruncate,fsync,linkat,renameat,rename", "signal=TERM", 2, 8),
}
OUTPUT = ("write", "room", "sync", "rename", "killed")
# The first call of prepareProcess(): what comes before it is the loader's and the C library's.
FIRST = re.compile(r"fcntl\(0, F_GETFD\)")
CALL = re.compile(r"^(\d+ +)?(\w+)\(")


@dataclass
class Command:
    name: str
    words: list
    folder: Path                       # everything it may write
    output: Path = None                # of the file; None: standard output
    old: bytes = None                  # before; None: nothing is there
    compiler: bool = False
    new: bytes = b""                   # after a clean run
    printed: str = ""
    kept: dict = field(default_factory=dict)  # other files in the folder, which stay as they are

    def reset(self):
        for path in self.folder.iterdir():
            if path != self.output and path.name not in self.kept:
                path.unlink()
        if self.output is None:
            return
        self.output.unlink(missing_ok=True)
        if self.old is not None:
            self.output.write_bytes(self.old)
            self.output.chmod(0o755)

    def problems(self, done, mute=False):
        """What is wrong after a run, as words."""
        wrong = []
        found = self.output.read_bytes() if self.output and self.output.exists() else None
        killed = done.returncode in (-9, -15)
        if done.returncode not in (0, 1) and not killed:
            wrong.append(ending(done.returncode))
        if done.returncode == 1 and not done.stderr.strip() and not mute:
            wrong.append("no message")
        if self.output and found != self.new and (done.returncode == 0 or found != self.old):
            wrong.append("neither the old file nor the new one" if done.returncode else "success without the right file")
        if done.returncode == 0 and done.stdout != self.printed:
            wrong.append("success without the right output")
        for path in self.folder.iterdir():
            if path.name in self.kept:
                if path.read_bytes() != self.kept[path.name]:
                    wrong.append(f"{path.name} was changed")
            elif path != self.output and not (done.returncode == -9 and path.read_bytes() == self.new):
                wrong.append(f"{path.name} is left behind")
        return wrong


class Faults:
    def __init__(self, chosen):
        self.chosen, self.injected, self.failures = chosen, 0, []
        self.random = random.Random(13)

    def strace(self, command, trace, inject=None):
        """Runs the command under strace; the finished process and the trace's lines."""
        command.reset()
        with tempfile.NamedTemporaryFile(prefix="trace-", mode="r", errors="replace") as log:
            words = ["strace", "-f", "-qq", "-o", log.name, "-e", f"trace={trace}", "-e", "signal=none"]
            words += ["-e", f"inject={inject}"] if inject else []
            done = subprocess.run([*words, *map(str, command.words)], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=300)
            return done, log.read().splitlines()

    def clean(self, command):
        command.reset()
        done = subprocess.run([*map(str, command.words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)
        command.new = command.output.read_bytes() if command.output else b""
        command.printed = done.stdout
        if done.returncode != 0:
            raise SystemExit(f"{command.name} fails without a fault: {done.stderr}")

    def places(self, command, calls):
        """(call, its number) of what the main thread does in our own code, in order. strace counts each call by itself."""
        _, lines = self.strace(command, calls + ",fcntl")
        main, begun, found = lines[0].split()[0], False, []
        seen = dict.fromkeys(calls.split(","), 0)
        for line in lines:
            call = CALL.match(line)
            if not call or line.split()[0] != main:
                continue
            if FIRST.search(line):
                begun = True
            elif call[2] in seen:
                seen[call[2]] += 1
                if begun:
                    found.append((call[2], seen[call[2]]))
        return found

    def loop(self, command, name):
        calls, how, compiler, program = FAULTS[name]
        most = compiler if command.compiler else program
        wanted = all_places = self.places(command, calls)
        if not self.chosen.all and len(wanted) > most:  # half of them at the end, where the output gets its name
            late = self.random.sample(wanted[-6:], min(most // 2, 6))
            wanted = [*self.random.sample(wanted[:-6] or wanted, most - len(late)), *late]
        count = 0
        for call, place in wanted:
            done, lines = self.strace(command, calls, f"{call}:{how}:when={place}")
            hit = [line for line in lines if "(INJECTED)" in line]
            if not hit and done.returncode >= 0: # nothing failed, and no signal came
                continue
            count += 1
            mute = any("write(2," in line for line in hit)
            if wrong := command.problems(done, mute):
                at = (hit or lines)[-1]
                self.failures.append(f"{command.name}, {name}, {call} {place}: {', '.join(wrong)}\n"
                                     f"    {at[:160]}\n    {done.stderr.strip()[-300:]}")
        self.injected += count
        print(f"  {command.name:8} {name:12} {count:4} faults, of {len(all_places)} places")

    def limited(self, command, sizes):
        """A file may not grow beyond a size: a disk that is full there, for every process that may say so."""
        for size in sizes:
            command.reset()
            done = subprocess.run([*map(str, command.words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=300, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
            self.injected += 1
            if wrong := command.problems(done):
                self.failures.append(f"{command.name}, files up to {size}: {', '.join(wrong)} {done.stderr[-300:]}")
            elif size < len(command.new) and done.returncode == 0:
                self.failures.append(f"{command.name}, files up to {size}: success with a file of {len(command.new)}")
        print(f"  {command.name:8} {'size limit':12} {len(sizes):4} sizes")

    def full_disk(self, command, sizes):
        """A disk of that size for the command's folder, where we may mount one."""
        tried = 0
        files = {path.name: path.read_bytes() for path in command.folder.iterdir()}
        for size in sizes:
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", command.folder],
                              stderr=subprocess.DEVNULL).returncode != 0:
                print("  no right to mount a small disk: left out")
                return
            try:
                for name in command.kept:
                    (command.folder / name).write_bytes(files[name])
                command.reset()
                done = subprocess.run([*map(str, command.words)], stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, timeout=300)
                tried += 1
                if wrong := command.problems(done):
                    self.failures.append(f"{command.name}, a disk of {size}: {', '.join(wrong)} {done.stderr[-300:]}")
            finally:
                subprocess.run(["umount", command.folder], check=True)
        self.injected += tried
        print(f"  {command.name:8} {'full disk':12} {tried:4} sizes")

    def memory(self, command, places):
        """The n-th malloc of the compiler fails (a library in front of the C library's)."""
        library = self.chosen.work / "failing_malloc.so"
        if not library.exists():
            subprocess.run(["clang-22", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "test/e2e/failing_malloc.c"],
                           check=True)
        for place in places:
            command.reset()
            done = subprocess.run([*map(str, command.words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=300, env=os.environ | {"LD_PRELOAD": str(library), "FAIL_AT": str(place)})
            self.injected += 1
            if wrong := command.problems(done):
                self.failures.append(f"{command.name}, allocation {place}: {', '.join(wrong)} {done.stderr[-300:]}")
        print(f"  {command.name:8} {'allocation':12} {len(places):4} faults")


def steps(size, count):
    """Sizes from 0 to beyond `size`, page ends and a byte beside them among these."""
    sizes = {size // 2, size - 1, size + 1}
    if count > 1:
        sizes |= {0, 1, 4095, 4096, size} | {size * n // count for n in range(count + 1)}
    return sorted(sizes)


def commands(chosen, case):
    """The five, in folders of their own."""
    level = native_level(chosen)
    def folder(name):
        path = chosen.work / name
        path.mkdir(exist_ok=True)
        return path
    base = [chosen.gemmac, "build", ROOT / case.description, "--weights", case.folder, "--target", level, "--threads", 1]
    older = chosen.work / "older"
    build(chosen, case.description, case.folder, "q8", older, "--target", level)
    model = chosen.work / "model"
    build(chosen, case.description, case.folder, "f32", model, "--target", level)
    tokens = "2,5,7,11"
    return [
        Command("build", [*base, "-o", folder("build") / "m"], folder("build"), folder("build") / "m", compiler=True),
        Command("replace", [*base, "-o", folder("replace") / "m"], folder("replace"), folder("replace") / "m",
                older.read_bytes(), compiler=True),
        Command("certify", [chosen.gemmac, "certify", folder("certify") / "m", "--reference", case.folder, "--threads", 1],
                folder("certify"), folder("certify") / "m", model.read_bytes(), compiler=True),
        Command("run", [model, "run", "--tokens", tokens, "--max-tokens", 5, "--ignore-stop", "--temp", 0, "--threads", 2],
                folder("run")),
        Command("logits", [model, "logits", "--tokens", tokens, "--threads", 2, "-o", folder("logits") / "x.f32"],
                folder("logits"), folder("logits") / "x.f32", b"old"),
    ]


def main():
    chosen = options(__doc__, all={"action": "store_true", "help": "every place of every loop"},
                     only={"help": "only this command"})
    if shutil.which("strace") is None or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode != 0:
        skip("strace is not here, or may not trace")
    faults = Faults(chosen)
    for command in commands(chosen, Case(ROOT / "test/goldens/text/odd")):
        if chosen.only not in (None, command.name):
            continue
        faults.clean(command)
        for name in FAULTS:  # what reads and computes is the same where an older file lies at the output
            if chosen.all or command.name != "replace" or name in OUTPUT:
                faults.loop(command, name)
        if command.output:
            fine = 40 if chosen.all or not command.compiler else 1
            room = len(command.new)
            faults.limited(command, steps(room, fine))
            # certify's model lies on the disk already; the copy beside it is what needs room.
            lies = len(command.old or b"")
            faults.full_disk(command, [s + lies + 8192 for s in steps(room, fine) if s > 0])
        if command.compiler and command.name != "certify":
            faults.memory(command, [int(1.9 ** n) for n in range(1, 24 if chosen.all else 0)] if chosen.all else
                          [30, 3000, 300000] if command.name == "build" else [])
    for failure in faults.failures:
        print(f"FAILED {failure}")
    print(f"{faults.injected} faults injected, {len(faults.failures)} broke a promise")
    return 1 if faults.failures or not faults.injected else 0


if __name__ == "__main__":
    sys.exit(main())
