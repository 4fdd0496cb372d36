#!/usr/bin/env python3
"""The measures and the drivers can fail: run against a stand-in for gemmac whose error is known.

The stand-in "builds" a script that answers `logits` with the golden's own values plus what FAKE_ERROR says.
"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

import measures
from common import ROOT, Row, broken, cases, report, worst_of

HERE = Path(__file__).resolve().parent
FAKE = f"""#!{sys.executable}
import sys, pathlib, platform, shlex
words = sys.argv[1:]
if words == ["targets"]:
    sys.exit(print(platform.machine() + "  (triple)\\n  its-level  any CPU"))
value = lambda name: words[words.index(name) + 1]
out = pathlib.Path(value("-o"))
if {str(ROOT / "models")!r} not in words[1] or not pathlib.Path(value("--weights")).is_dir():
    sys.exit("error: unexpected " + shlex.join(words))
out.write_text("#!{sys.executable}\\n" + '''
import os, sys, numpy as np
words = sys.argv[1:]
value = lambda name: words[words.index(name) + 1]
if words == ["info", "--level", "its-level"]:
    sys.exit(0)
if os.environ["FAKE_ERROR"] == "crash":
    os.abort()
assert words[0] == "logits" and value("--tokens") == "@GOLDEN/tokens.txt"
data = np.fromfile("GOLDEN/logits.f32", dtype="<f4")
if os.environ["FAKE_ERROR"] == "short":
    data = data[:-1]
elif os.environ["FAKE_ERROR"] == "shifted":  # one row late: the right values in the wrong place
    data = np.roll(data, data.size // int(value("--last")))
else:
    data[7] += float(os.environ["FAKE_ERROR"])
data.tofile(value("-o"))
'''.replace("GOLDEN", value("--weights")))
out.chmod(0o755)
"""


def drive(driver, error, *more):
    """Runs a driver against the stand-in; returns (exit status, output)."""
    with tempfile.TemporaryDirectory() as folder:
        fake = Path(folder) / "gemmac"
        fake.write_text(FAKE)
        fake.chmod(0o755)
        done = subprocess.run([sys.executable, HERE / driver, "--bin", folder, *more], capture_output=True, text=True,
                              env=os.environ | {"FAKE_ERROR": error})
    return done.returncode, done.stdout + done.stderr


class Measures(unittest.TestCase):
    def test_equal_is_zero(self):
        x = np.random.default_rng(1).normal(size=(5, 40)).astype(np.float32)
        d = measures.compare(x, x.copy())
        self.assertEqual((d.max_abs, d.kl_max, d.kl_mean), (0.0, 0.0, 0.0))

    def test_known_values(self):
        a, b = np.log([[0.5, 0.5]]), np.log([[0.25, 0.75]])
        d = measures.compare(a, b)
        self.assertAlmostEqual(d.kl_mean, 0.5 * np.log(2) + 0.5 * np.log(2 / 3), places=12)
        self.assertAlmostEqual(d.max_abs, np.log(2), places=12)
        self.assertEqual(d.worst[:2], (0, 0))

    def test_kl_max_is_one_row_and_mean_all(self):
        a = np.zeros((4, 8))
        b = a.copy()
        b[2, 3] = 1.0
        d = measures.compare(a, b)
        self.assertAlmostEqual(d.kl_mean, d.kl_max / 4, places=12)

    def test_nan_and_infinity_are_never_a_pass(self):
        for bad in (np.nan, np.inf, -np.inf):
            b = np.zeros((2, 3))
            b[1, 2] = bad
            d = measures.compare(np.zeros((2, 3)), b)
            self.assertEqual(d.max_abs, np.inf)
            self.assertFalse(worst_of("x", [("max-abs", d.max_abs, 2e-3)]).ok)

    def test_shapes_must_agree(self):
        with self.assertRaises(ValueError):
            measures.compare(np.zeros((2, 3)), np.zeros((3, 3)))

    def test_mean_nll(self):
        logits = np.log([[0.5, 0.5, 1e-9], [0.1, 0.2, 0.7], [1, 1, 1]])
        self.assertAlmostEqual(measures.mean_nll(logits, [0, 1, 2]), -(np.log(0.5) + np.log(0.7)) / 2, places=6)

    def test_layer_classes_agree_with_the_maker(self):
        for case in cases(ROOT / "test/goldens/text"):
            self.assertEqual(case.classes, case.meta["classes"], case.name)


class Tables(unittest.TestCase):
    def test_a_miss_no_row_and_a_broken_case_fail(self):
        self.assertEqual(report("t", [Row("a", "KL", 1.0, 2.0)]), 0)
        self.assertEqual(report("t", [Row("a", "KL", 1.0, 2.0), Row("b", "KL", 2.1, 2.0)]), 1)
        self.assertEqual(report("t", [Row("a", "KL", float("nan"), 2.0)]), 1)
        self.assertEqual(report("t", [broken("c", "no file")]), 1)
        self.assertEqual(report("t", []), 1)


class Drivers(unittest.TestCase):
    def text(self, error, quant, case="31b-like"):
        return drive("text_goldens.py", error, "--only", case, "--quant", quant)

    def test_what_meets_the_tolerance_passes(self):
        status, said = self.text("1e-3", "f32")
        self.assertEqual(status, 0, said)
        self.assertIn("1 of 1 within tolerance", said)

    def test_what_misses_it_fails_and_says_where(self):
        status, said = self.text("5e-3", "f32")
        self.assertEqual(status, 1, said)
        self.assertIn("row 0 column 7: expected", said)
        self.assertIn("global own k=v dense", said)

    def test_bf16_is_judged_by_mean_kl(self):
        self.assertEqual(self.text("1e-2", "bf16")[0], 0)
        self.assertEqual(self.text("20", "bf16")[0], 1)

    def test_wrong_rows_fail(self):
        self.assertEqual(self.text("shifted", "f32")[0], 1)

    def test_too_few_values_not_a_number_and_a_crash_fail(self):
        for error, words in (("short", "instead of"), ("nan", "inf"), ("crash", "signal 6")):
            status, said = self.text(error, "f32")
            self.assertEqual(status, 1, said)
            self.assertIn(words, said)


if __name__ == "__main__":
    unittest.main()
