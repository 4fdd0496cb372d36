#!/usr/bin/env python3
"""Runs the README's quick start, line by line as it stands there, but for tools/test (which runs this)."""
import re
import subprocess
import sys

from common import ROOT, options, skip


def main():
    options(__doc__)
    if not (ROOT / "build/demo/gemma-3-270m.gguf").exists():
        skip("no real weights; tools/install weights fetches them")
    block = re.search(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S).group(1)
    commands = [line.split("  #")[0].strip() for line in block.splitlines()]
    commands = [command for command in commands if command and command != "tools/test"]
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        print(f"$ {command}\n{done.stdout}{done.stderr}", flush=True)
        if done.returncode != 0:
            print(f"ended with {done.returncode}")
            return 1
        words = re.findall(r"[A-Za-z]{2,}", done.stdout)
        if " run " in command and len(words) < 5:
            print("that is no readable text")
            return 1
    print(f"{len(commands)} commands of the quick start work")
    return 0 if len(commands) >= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
