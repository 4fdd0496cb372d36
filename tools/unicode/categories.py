#!/usr/bin/env python3
"""Writes runtime/grammar/Categories.inc: the general category of every code point, as runs.

    tools/unicode/categories.py > runtime/grammar/Categories.inc

The data is that of this Python's unicodedata; the file says which version of Unicode it is.
"""
import unicodedata

names = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split()
print(f"// Made by tools/unicode/categories.py: Unicode {unicodedata.unidata_version}. Each run: first code point * 32 + category.")
print("constexpr const char *kCategoryNames[] = {" + ", ".join(f'"{n}"' for n in names) + "};")
runs, before = [], None
for code in range(0x110000):
    category = names.index(unicodedata.category(chr(code)))
    if category != before:
        runs.append(code * 32 + category)
        before = category
runs.append(0x110000 * 32)
print("constexpr uint32_t kCategoryRuns[] = {")
for at in range(0, len(runs), 14):
    print("    " + " ".join(f"{run}," for run in runs[at:at + 14]))
print("};")
