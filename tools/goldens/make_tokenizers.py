#!/usr/bin/env python3
"""Makes the small tokenizers of test/goldens/tokenizer and what Hugging Face's tokenizers makes of strings with them.

    build/goldens-venv/bin/python tools/goldens/make_tokenizers.py [-o test/goldens/tokenizer]

Each NAME.json is a BPE tokenizer.json in the shape that gemmac reads, trained on this repository's LICENSE and the lines
below; the names say what is special. NAME.jsonl has one string a line: text, ids (control tokens parsed, nothing added)
and plain (control tokens left as text). Needs tokenizers.
"""
import argparse
import json
import pathlib
import random

ROOT = pathlib.Path(__file__).parents[2]
MARK = "\u2581"
LINES = ["Grüße aus Köln, çà et là: déjà vu, naïve façade", "нещо на Български, ещё раз и снова", "我想在苹果工作1314151天～ 你好世界",
         "def f(x):\n    return {'a': [1, 2, 3]}\n", "x = y  +   z;\t\t// tabs\r\n", "<b>bold</b> <i>it</i> a<b>c"] * 8
PIECES = ["the", " the", " and ", "ing", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "<", "<b>", "</b>", "<|", "<|turn>", "<turn|>", "<eos>", "<x",
          "é", "ü", "ß", "снова", "我", "想", "😁", "👩‍👩‍👧", "e\u0301", "\u200b", "\ufeff", "\u2581", "\u2581\u2581", "\0", "\x7f", "\u0080", "\u07ff",
          "\uffff", "\U0010ffff", "0", "12345", "a", "aaaa", "ab" * 20, "Permission", "(c)", "--", "…", "<0x41>", "<unk>", "\u00a0", "\u3000", "_"]


def random_text(rng, spelled):
    """A string that mixes tokens' spellings, fixed pieces and characters of all planes (no surrogates)."""
    def character():
        top = rng.choice([0x7F, 0x7F, 0x2FF, 0x2FFF, 0xFFFF, 0x10FFFF])
        code = rng.randrange(top + 1)
        return chr(code) if not 0xD800 <= code < 0xE000 else "?"

    parts = []
    for _ in range(rng.choice([1, 2, 3, 5, 8, 20, 60])):
        kind = rng.randrange(5)
        if kind == 0:
            parts.append(character())
        elif kind == 1:
            parts.append(rng.choice(PIECES))
        else:
            parts.append(rng.choice(spelled).replace(MARK, " " if kind == 2 else MARK))
        if rng.randrange(6) == 0:
            parts.append(parts[-1] * rng.randrange(1, 9))
    return "".join(parts)


def train(name, across_spaces, byte_count, fuse, strip):
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, byte_fallback=byte_count > 0))
    tokenizer.normalizer = normalizers.Replace(" ", MARK)
    pattern = Regex("[^\n]+") if across_spaces else Regex(MARK + "?[^\\s" + MARK + "]+|" + MARK + "+")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern, "isolated")
    byte_tokens = [f"<0x{b:02X}>" for b in range(byte_count)]
    trainer = trainers.BpeTrainer(vocab_size=700 + byte_count, special_tokens=["<pad>", "<eos>", "<bos>", "<unk>"] + byte_tokens,
                                  limit_alphabet=120, show_progress=False)
    tokenizer.train_from_iterator((ROOT / "LICENSE").read_text().split("\n") + LINES, trainer)
    data = json.loads(tokenizer.to_str())
    data["pre_tokenizer"] = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    data["decoder"] = {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": MARK}, "content": " "},
                                                        {"type": "ByteFallback"}, {"type": "Fuse"}]}
    data["post_processor"] = {"type": "TemplateProcessing", "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                              "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                              "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}}}
    data["added_tokens"] = [token for token in data["added_tokens"] if not token["content"].startswith("<0x")]
    vocab = data["model"]["vocab"]
    for content, special in [("<|turn>", True), ("<turn|>", True), ("<b>", False), ("</b>", False), ("\n", False), ("\n\n", False),
                             ("\n\n\n", False), ("\t\t", False), (MARK * 2, False), ("<|", False)]:
        vocab.setdefault(content, len(vocab))
        token = AddedToken(content, special=special, normalized=False)
        data["added_tokens"].append({"id": vocab[content], "content": content, "single_word": False, "lstrip": strip and special,
                                     "rstrip": strip and content == "<b>", "normalized": False, "special": token.special})
    data["added_tokens"].sort(key=lambda token: token["id"])
    return name, data


NEWER = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def train_byte_level(name, stages, whole_first):
    """Byte-level BPE, as GPT-2 and those after it have it. `stages` cut the text."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(ignore_merges=whole_first))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(stages) if len(stages) > 1 else stages[0]
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator((ROOT / "LICENSE").read_text().split("\n") + LINES, trainer)
    tokenizer.add_tokens([AddedToken(token, special=special, normalized=False)
                          for token, special in [("<|im_start|>", True), ("<|im_end|>", True), ("<b>", False), ("<|", False)]])
    data = json.loads(tokenizer.to_str())
    if whole_first:
        del data["model"]["merges"][-40:]  # tokens that no merges make: only a whole piece is one
    return name, data


def main():
    from tokenizers import Regex, Tokenizer, pre_tokenizers

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", default=ROOT / "test/goldens/tokenizer", type=pathlib.Path)
    args = parser.parse_args()
    args.o.mkdir(parents=True, exist_ok=True)
    for name, data in [train("words-bytes", False, 256, True, False), train("lines-bytes", True, 256, True, True),
                       train("words-unk", False, 0, True, False), train("lines-unk-each", True, 0, False, True),
                       train("words-half-the-bytes", False, 0xE3, True, False),
                       train_byte_level("byte-level", [pre_tokenizers.ByteLevel(add_prefix_space=False)], False),
                       train_byte_level("byte-level-digits", [pre_tokenizers.Digits(individual_digits=True),
                                                              pre_tokenizers.ByteLevel(add_prefix_space=False)], False),
                       train_byte_level("byte-level-newer", [pre_tokenizers.Split(Regex(NEWER), "isolated"),
                                                             pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)], True)]:
        (args.o / (name + ".json")).write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
        if name.startswith("byte-level"):
            continue  # test/runtime/text/property_test.py has enough for them
        tokenizer = Tokenizer.from_str(json.dumps(data))
        rng = random.Random(name)
        spelled = list(data["model"]["vocab"])
        texts = ["", *PIECES] + [random_text(rng, spelled) for _ in range(150)]
        with open(args.o / (name + ".jsonl"), "w") as out:
            for text in texts:
                line = {"text": text}
                for key, encode_special in (("ids", False), ("plain", True)):
                    tokenizer.encode_special_tokens = encode_special
                    line[key] = tokenizer.encode(text, add_special_tokens=False).ids
                out.write(json.dumps(line) + "\n")
        print(f"{name}: {len(spelled)} tokens, {len(data['model']['merges'])} merges, {len(texts)} strings")


if __name__ == "__main__":
    main()
