"""What others wrote, read by whole programs: keys that nobody reads, names that are no UTF-8, and what a terminal would obey."""
import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LLAMA = ROOT / "test/families/llama.toml"
GOLDEN = ROOT / "test/goldens/text/llama-small"
faults = []


def expect(holds, what):
    if not holds:
        faults.append(what)


def run(*words, data=b"", timeout=300):
    return subprocess.run([os.fsencode(w) if isinstance(w, (str, pathlib.Path)) else w for w in words], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)


def unread_keys(gemmac, folder):
    """A checkpoint that says more than the description reads is refused; what never matters is not asked for."""
    for number, (key, value, wanted) in enumerate([
            ("rope_scaling", {"rope_type": "default", "factor": 8.0}, b"'rope_scaling.factor' = 8"),
            ("embedding_multiplier", 12.0, b"'embedding_multiplier' = 12"),
            ("num_hidden_layer", 2, b"did you mean 'num_hidden_layers'?"),
            ("transformers_version", "5.0", None), ("attention_dropout", 0.1, None)]):
        copy = folder / f"keys{number}"
        shutil.copytree(GOLDEN, copy)
        config = json.loads((copy / "config.json").read_text())
        config[key] = value
        (copy / "config.json").write_text(json.dumps(config))
        outcome = run(gemmac, "build", LLAMA, "--weights", copy, "-q", "--to", "import", "-o", "-")
        if wanted is None:
            expect(outcome.returncode == 0, f"{key}: {outcome.stderr[-300:]}")
        else:
            expect(outcome.returncode == 1 and wanted in outcome.stderr, f"{key}: {outcome.returncode} {outcome.stderr[-300:]}")


def strange_name(gemmac, folder):
    """A path that is no UTF-8 gives a model, whose manifest is."""
    weights, model = os.fsencode(folder) + b"/w\xff", folder / "strange"
    shutil.copytree(os.fsencode(GOLDEN), weights)
    outcome = run(gemmac, "build", LLAMA, "--weights", weights, "-q", "-o", model)
    expect(outcome.returncode == 0, f"a path that is no UTF-8: {outcome.returncode} {outcome.stderr[-300:]}")
    info = run(model, "info", "--json")
    expect(info.returncode == 0 and json.loads(info.stdout), f"its info: {info.stderr[-300:]}")
    return model


def escapes(gemmac, folder):
    """Strings of a file reach the terminal without what it would obey."""
    text = lambda s: struct.pack("<Q", len(s)) + s
    name = b"\x1b]0;owned\x07\xc2\x9b31m"
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + text(b"general.architecture") + struct.pack("<I", 8) + text(name)
    data += text(b"evil\x1b[2J.count") + struct.pack("<II", 4, 7)
    path = folder / "evil.gguf"
    path.write_bytes(data)
    for description in (ROOT / "models/gemma3.toml", LLAMA):
        outcome = run(gemmac, "build", description, "--weights", path, "-o", folder / "none")
        expect(outcome.returncode == 1 and not any(c in outcome.stderr for c in (b"\x1b", b"\x07", b"\xc2\x9b")),
               f"escape sequences: {outcome.stderr[:200]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    gemmac = parser.parse_args().bin / "gemmac"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        unread_keys(gemmac, folder)
        escapes(gemmac, folder)
        strange_name(gemmac, folder)
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
