#!/usr/bin/env python3
"""Single bits flipped anywhere in an executable: each is refused, or changes nothing. None may give other logits.

For each flip the file runs `logits`. Refused: a message and exit code 1. Mute: exit code 1 to 3 without the right message, as
the flip is in what prints it. Ended: a signal, or the kernel does not start it; that is a flip in what runs before the file
can check itself. Nothing: exit code 0 with the same bytes. Anything else, other logits above all or a program that does not
end, fails the test. The default is a seeded sample; --flips 10000 is the whole test.
"""
import collections
import random
import subprocess
import sys
import time

from common import ROOT, Case, build, native_level, options
from robust import sections


def outcome(model, out, tokens, expected):
    out.unlink(missing_ok=True)
    try:
        done = subprocess.run([model, "logits", "--tokens", tokens, "--threads", "1", "-o", out], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=40)
    except subprocess.TimeoutExpired:
        return "hangs"
    except OSError:  # the kernel takes it for no program
        return "ended"
    if done.returncode == 0:
        return "nothing" if out.exists() and out.read_bytes() == expected else "OTHER LOGITS"
    if done.returncode < 0 or (done.returncode == 127 and not done.stderr):
        return "ended"
    if done.returncode == 1 and b"it again" in done.stderr:
        return "refused"
    return "mute" if done.returncode in (1, 2, 3) else f"exit code {done.returncode}"


def main():
    chosen = options(__doc__, flips={"type": int, "default": 500, "help": "how many"},
                     seed={"type": int, "default": 1, "help": "of the places"})
    case = Case(ROOT / "test/goldens/text/odd")
    model, out = chosen.work / "flipped", chosen.work / "x.f32"
    build(chosen, case.description, case.folder, "q8", model, "--target", native_level(chosen))
    tokens = "2,5,7,11,13"
    if outcome(model, out, tokens, b"") != "OTHER LOGITS":
        print("FAILED the whole file does not run")
        return 1
    expected, data = out.read_bytes(), model.read_bytes()
    parts = sections(data)
    first = min(offset for _, offset, length in parts if length)
    places = random.Random(chosen.seed).sample(range(8 * len(data)), chosen.flips)
    counts, failures, start = collections.defaultdict(collections.Counter), [], time.monotonic()
    for done, place in enumerate(places):
        byte, bit = divmod(place, 8)
        name = "code" if byte < first else next((n for n, at, size in parts if at <= byte < at + size), "between")
        with open(model, "r+b") as file:
            file.seek(byte)
            file.write(bytes([data[byte] ^ 1 << bit]))
        result = outcome(model, out, tokens, expected)
        with open(model, "r+b") as file:
            file.seek(byte)
            file.write(data[byte:byte + 1])
        counts[name][result] += 1
        if result not in ("refused", "mute", "ended", "nothing"):
            failures.append(f"bit {bit} of byte {byte} ({name}): {result}")
        if done % 2000 == 1999:
            print(f"  {done + 1} flips, {time.monotonic() - start:.0f} s", flush=True)
    total = sum(counts.values(), collections.Counter())
    for name, count in sorted(counts.items()) + [("all", total)]:
        print(f"  {name:12} {sum(count.values()):6} flips: " + ", ".join(f"{n} {what}" for what, n in count.most_common()))
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{chosen.flips} bits of {len(data)} bytes flipped (seed {chosen.seed}), {len(failures)} broke the promise, "
          f"{time.monotonic() - start:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
