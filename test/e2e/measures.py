"""The measures of goldens/README.md: how far a result is from the reference, in float64.

Reference logits come first in every argument list, [rows, vocab].
"""
from dataclasses import dataclass

import numpy as np

F32_MAX_ABS = 2e-3  # --quant f32, at every position
F32_KL = 1e-6       # --quant f32, at every position
KEEP_FACTOR = 1.5   # --quant keep: times llama.cpp's own mean KL on the same file


@dataclass
class Difference:
    max_abs: float   # largest |a - b| over all rows
    kl_max: float    # largest KL(reference || result) of one row, nats
    kl_mean: float   # mean over the rows
    worst: tuple     # (row, column, reference, result) of max_abs

    def where(self):
        row, column, a, b = self.worst
        return f"row {row} column {column}: expected {a:.6f}, got {b:.6f}"


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def compare(reference, result):
    """Both float arrays of one shape. A NaN or infinity in the result is an infinite difference, never a pass."""
    a, b = reference.astype(np.float64), result.astype(np.float64)
    if a.shape != b.shape:
        raise ValueError(f"expected {a.shape[0]} rows of {a.shape[1]}, got {b.shape}")
    distance = np.where(np.isfinite(b), np.abs(a - b), np.inf)
    row, column = np.unravel_index(np.argmax(distance), distance.shape)
    worst = (int(row), int(column), float(a[row, column]), float(b[row, column]))
    if not np.isfinite(distance[row, column]):
        return Difference(np.inf, np.inf, np.inf, worst)
    la, lb = log_softmax(a), log_softmax(b)
    kl = (np.exp(la) * (la - lb)).sum(axis=-1)
    return Difference(float(distance[row, column]), float(kl.max()), float(kl.mean()), worst)


def mean_nll(logits, ids):
    """Mean negative log-likelihood in nats of ids[1:] under logits [len(ids), vocab] of the positions before."""
    rows = log_softmax(logits[:-1].astype(np.float64))
    return float(-rows[np.arange(len(ids) - 1), ids[1:]].mean())


def layer_kinds(text):
    """The kind of each layer: as listed, or as transformers' Gemma classes have it where config.json lists none."""
    gemma, layers = text["model_type"].startswith("gemma"), range(1, text.get("num_hidden_layers", text.get("n_layer", 0)) + 1)
    return text.get("layer_types") or ["sliding_attention" if gemma and i % 6 else "full_attention" for i in layers]


def layer_classes(config):
    """The layer classes of a config.json, in words: sliding|global own|shared [k=v] dense|double-wide|moe [ple]."""
    text = config.get("text_config", config)
    kinds = layer_kinds(text)
    sharing = text.get("num_kv_shared_layers") or 0
    classes = []
    for i, kind in enumerate(kinds):
        shared = i >= len(kinds) - sharing
        words = ["sliding" if kind.startswith("sliding") else "global", "shared" if shared else "own"]
        if text.get("attention_k_eq_v") and words[0] == "global":
            words.append("k=v")
        if text.get("enable_moe_block"):
            words.append("moe")
        else:
            words.append("double-wide" if shared and text.get("use_double_wide_mlp") else "dense")
        if text.get("hidden_size_per_layer_input"):
            words.append("ple")
        if " ".join(words) not in classes:
            classes.append(" ".join(words))
    return classes
