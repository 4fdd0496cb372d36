"""Random strings that are hard on tokenizers, of many kinds, each string a mix of a few. Seeded by the caller."""
import unicodedata

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were
all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new
some could these two may first then do any like my now over such our man me even most made after also did many off before must well back
through years where much your way down should because long each just state people those too mr how little good world make very year still
see own work men day get here between both life being under three never know same last another while us might great go come since against
right came take used himself few house American use place during high without again home around small however found Mrs thought went say
part once general upon school every don't does got united left number course war until always away something fact water though less public
put think almost hand enough took far head yet government system set better told nothing night end why called didn't eyes find going look
internationalization counterrevolutionary pneumonoultramicroscopicsilicovolcanoconiosis tokenization New York Apache-2.0 e.g. i.e.""".split()
CODE = ["def f(x):\n    return x\n", "for (int i = 0; i < n; ++i) {\n\t", "}\n\n", "std::vector<std::pair<int, T>> ", "#include <", "=>", "!==",
        "->", "//", "/* */", "\"\\n\"", "0x7F", "1e-6", "a[i]", "$x", "@", "SELECT * FROM t WHERE ", "<div class=\"a\">", "</div>", "\r\n", "\\u0041"]
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️", "🇩🇪", "🇯🇵", "1️⃣", "🧑🏿‍🚀", "☕", "‍", "️", "🏽", "🫠", "👨‍"]
SPACES = [" ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\u00a0", "\u2003", "\u2028", "\u3000", "\u200b", "\u2581", "\u0085"]
# First and last code point of scripts: common ones, then ones that no vocabulary holds whole.
SCRIPTS = [(0x4E00, 0x9FFF), (0x3040, 0x30FF), (0xAC00, 0xD7A3), (0x400, 0x4FF), (0x370, 0x3FF), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F),
           (0xE00, 0xE7F), (0x10A0, 0x10FF), (0x530, 0x58F), (0x1200, 0x137F), (0x1680, 0x169F), (0x16A0, 0x16FF), (0x2C80, 0x2CFF),
           (0x10330, 0x1034F), (0x12000, 0x123FF), (0x13000, 0x1342F), (0x16F00, 0x16F9F), (0x1D400, 0x1D7FF), (0x1F000, 0x1FAFF),
           (0x20000, 0x2FFFF), (0xE000, 0xF8FF), (0xE0000, 0xE01FF), (0x100000, 0x10FFFF), (0x2500, 0x27BF), (0x0, 0x1F), (0x7F, 0x9F)]


def _any_character(rng):
    code = rng.randrange(rng.choice([0x80, 0x800, 0x10000, 0x110000]))
    return chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"


def _piece(rng, spelled):
    kind = rng.randrange(16)
    if kind <= 2:
        return " ".join(rng.choices(WORDS, k=rng.randrange(1, 12)))
    if kind == 3:
        low, high = rng.choice(SCRIPTS)
        return "".join(chr(rng.randrange(low, high + 1)) for _ in range(rng.randrange(1, 12)))
    if kind == 4:
        return "".join(rng.choices(EMOJI, k=rng.randrange(1, 5)))
    if kind == 5:
        return "".join(rng.choice("aeioun\u0905") + chr(rng.randrange(0x300, 0x370)) * rng.randrange(1, 4) for _ in range(rng.randrange(1, 5)))
    if kind == 6:
        return rng.choice(SPACES) * rng.choice([1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 40])
    if kind == 7:
        return "".join(rng.choices(SPACES, k=rng.randrange(1, 8)))
    if kind == 8:
        return "".join(rng.choices(CODE, k=rng.randrange(1, 4)))
    if kind == 9:
        return "".join(rng.choices("0123456789", k=rng.randrange(1, 30)))
    if kind == 10:
        return "".join(_any_character(rng) for _ in range(rng.randrange(1, 10)))
    if kind == 11:  # bytes, and what of them is text
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 12))).decode("utf-8", "replace")
    if kind == 12:
        return rng.choice(["\ufeff", "\ufffe", "\uffff", "\0", "\u2581a", "a\u2581", "<0x0A>", "<0xE6>", "<", "<|", ">"])
    if kind == 13:
        return unicodedata.normalize(rng.choice(["NFC", "NFD"]), "Grüße aus Köln, déjà vu, Việt Nam, 한국어")
    token = rng.choice(spelled)  # any token of the vocabulary, control tokens often enough (see the caller)
    if kind == 14:
        cut = rng.randrange(len(token)) + 1
        return token[:cut]
    return token.replace("\u2581", " ") if rng.randrange(8) else token


def random_text(rng, spelled):
    """A string without surrogates. `spelled` are tokens to mix in."""
    parts = [_piece(rng, spelled) for _ in range(rng.choice([1, 1, 2, 3, 4, 6, 10]))]
    if rng.randrange(300) == 0:  # a very long word
        parts.append("".join(rng.choices(rng.choice(["a", "ab", "abcdefghijklmnopqrstuvwxyz", "\u4e00\u4e8c\u6211", "=-", "é"]), k=rng.randrange(100, 3000))))
    if rng.randrange(10) == 0:
        parts.append(parts[0])
    return rng.choice(["", "", "", " "]).join(parts)
