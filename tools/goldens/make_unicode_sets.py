#!/usr/bin/env python3
"""Writes compiler/import/UnicodeSets.inc: the characters that \\p{L}, \\p{N}, \\s and the pre-tokeniser Digits of Hugging Face's
tokenizers mean, read off it character by character, so that text is split where it splits it, whatever Unicode version that is.

    build/goldens-venv/bin/python tools/goldens/make_unicode_sets.py > compiler/import/UnicodeSets.inc
"""
from tokenizers import Regex, __version__, pre_tokenizers

SETS = {"kLetters": pre_tokenizers.Split(Regex(r"\p{L}"), "removed"), "kNumbers": pre_tokenizers.Split(Regex(r"\p{N}"), "removed"),
        "kSpaces": pre_tokenizers.Split(Regex(r"\s"), "removed"), "kDigits": pre_tokenizers.Digits(individual_digits=True)}


def members(name, splitter):
    """The code points that the splitter cuts out of text."""
    found = []
    for base in range(0, 0x110000, 2048):
        codes = [code for code in range(base, base + 2048) if not 0xD800 <= code < 0xE000]
        if name == "kDigits":  # they stay, each alone between letters
            pieces = splitter.pre_tokenize_str("".join(f"a{chr(code)}" for code in codes))
            kept = {piece for piece, _ in pieces if len(piece) == 1 and piece != "a"}
            found += [code for code in codes if chr(code) in kept]
        else:
            kept = set("".join(piece for piece, _ in splitter.pre_tokenize_str("".join(map(chr, codes)))))
            found += [code for code in codes if chr(code) not in kept]
    return found


def ranges(codes):
    runs = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return runs


def main():
    print(f"// Made by tools/goldens/make_unicode_sets.py from tokenizers {__version__}: first and last of each run.")
    print("// clang-format off")
    for name, splitter in SETS.items():
        runs = ranges(members(name, splitter))
        print(f"constexpr GmSplitRange {name}[] = {{")
        words = [f"{{0x{first:x}, 0x{last:x}}}," for first, last in runs]
        line = " "
        for word in words:
            if len(line) + len(word) > 118:
                print(line)
                line = " "
            line += " " + word
        print(line + "\n};")


if __name__ == "__main__":
    main()
