"""Tiny random checkpoints in the published layout of Gemma 4, and their logits in float64, computed here with numpy alone.

Made for long sequences: the cost of a row's logits must not grow with the square of its position. So only the last layer that
has keys and values of its own may be a global one; what follows it is needed for the wanted rows only. The one thing that is
rounded is the angle of a rotation, to float32 as the reference implementation does (dialects/gemma/GemmaOps.td, rope).
"""
import json
from dataclasses import dataclass

import numpy as np

KINDS = {"s": "sliding_attention", "f": "full_attention"}


@dataclass(frozen=True)
class Tiny:
    """A decoder; layers after the bar of the pattern read another layer's keys and values."""
    pattern: str = "sf|sf"
    window: int = 23
    context: int = 262144
    seed: int = 1
    vocab: int = 64
    hidden: int = 32
    inner: int = 48
    heads: int = 2
    kv_heads: int = 1
    head_dim: int = 16
    global_head_dim: int = 32
    k_eq_v: bool = False
    theta: float = 10000.0
    global_theta: float = 1000000.0
    global_part: float = 0.25
    softcap: float = 30.0
    eps: float = 1e-6

    @property
    def layers(self):
        return self.pattern.replace("|", "")

    @property
    def owners(self):
        """Layers with keys and values of their own come first; how many."""
        return len(self.pattern.split("|")[0])

    def source(self, layer):
        """The layer whose keys and values this one reads."""
        return layer if layer < self.owners else self.layers.rindex(self.layers[layer], 0, self.owners)

    def head(self, layer):
        return self.head_dim if self.layers[layer] == "s" else self.global_head_dim

    def ffn(self, layer):
        return self.inner * (1 if layer < self.owners else 2)

    def config(self):
        rope = {"full_attention": {"rope_type": "proportional", "rope_theta": self.global_theta,
                                   "partial_rotary_factor": self.global_part},
                "sliding_attention": {"rope_type": "default", "rope_theta": self.theta}}
        return {"architectures": ["Gemma4ForCausalLM"], "model_type": "gemma4_text", "dtype": "float32",
                "vocab_size": self.vocab, "hidden_size": self.hidden, "intermediate_size": self.inner,
                "num_hidden_layers": len(self.layers), "layer_types": [KINDS[kind] for kind in self.layers],
                "num_kv_shared_layers": len(self.layers) - self.owners, "use_double_wide_mlp": True,
                "num_attention_heads": self.heads, "num_key_value_heads": self.kv_heads, "head_dim": self.head_dim,
                "num_global_key_value_heads": None, "global_head_dim": self.global_head_dim,
                "attention_k_eq_v": self.k_eq_v, "sliding_window": self.window, "max_position_embeddings": self.context,
                "rms_norm_eps": self.eps, "final_logit_softcapping": self.softcap, "tie_word_embeddings": True,
                "hidden_activation": "gelu_pytorch_tanh", "hidden_size_per_layer_input": 0, "enable_moe_block": False,
                "bos_token_id": 2, "eos_token_id": 1, "rope_parameters": rope}

    def weights(self):
        """Random float32 tensors by name. Queries and keys are long, so that attention is sharp: a wrong key shows. Global queries
        resemble the keys, so that a row looks at itself and at its like, however far away."""
        rng = np.random.default_rng(self.seed)

        def matrix(rows, columns):
            return rng.standard_normal((rows, columns)) / np.sqrt(columns)

        def norm(size, mean):
            return mean * (1 + 0.2 * rng.standard_normal(size))

        found = {"embed_tokens.weight": matrix(self.vocab, self.hidden), "norm.weight": norm(self.hidden, 1)}
        for layer, kind in enumerate(self.layers):
            head, ffn, base = self.head(layer), self.ffn(layer), f"layers.{layer}."
            found |= {base + "input_layernorm.weight": norm(self.hidden, 1),
                      base + "self_attn.q_proj.weight": matrix(self.heads * head, self.hidden),
                      base + "self_attn.q_norm.weight": norm(head, 1),
                      base + "self_attn.o_proj.weight": matrix(self.hidden, self.heads * head),
                      base + "post_attention_layernorm.weight": norm(self.hidden, 0.7),
                      base + "pre_feedforward_layernorm.weight": norm(self.hidden, 1),
                      base + "mlp.gate_proj.weight": matrix(ffn, self.hidden),
                      base + "mlp.up_proj.weight": matrix(ffn, self.hidden),
                      base + "mlp.down_proj.weight": matrix(self.hidden, ffn),
                      base + "post_feedforward_layernorm.weight": norm(self.hidden, 0.5),
                      base + "layer_scalar": norm(1, 1)}
            keys = matrix(self.kv_heads * head, self.hidden)
            if layer < self.owners:
                found |= {base + "self_attn.k_proj.weight": keys,
                          base + "self_attn.k_norm.weight": norm(head, 0.7)}
                if kind == "s" or not self.k_eq_v:
                    found[base + "self_attn.v_proj.weight"] = matrix(self.kv_heads * head, self.hidden)
            if kind == "f":
                alike = np.tile(found[f"layers.{self.source(layer)}.self_attn.k_proj.weight"], (self.heads // self.kv_heads, 1))
                found[base + "self_attn.q_proj.weight"] = alike + 0.3 * found[base + "self_attn.q_proj.weight"]
        return {"model." + name: value.astype(np.float32) for name, value in found.items()}

    def write(self, folder):
        """The folder that gemmac reads: config.json and model.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.config(), indent=1))
        table, offset, weights = {}, 0, self.weights()
        for name, value in weights.items():
            table[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [offset, offset + value.nbytes]}
            offset += value.nbytes
        header = json.dumps(table).encode()
        data = b"".join(value.tobytes() for value in weights.values())
        (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
        return folder

    def tokens(self, count):
        """Random ids. The first is 2, which comes once more, five from the end: that row finds its like at position 0."""
        ids = np.random.default_rng(self.seed + 1000).integers(3, self.vocab, count)
        ids[0] = ids[max(count - 5, 0)] = 2
        return ids


def gelu(z):
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z * z * z)))


class Reference:
    """Float64 logits of chosen rows of a sequence. `wrong` names one mistake to make, to see that it would be noticed."""
    MISTAKES = ("angles in float64", "window + 1", "window - 1", "first key unseen", "last key unseen", "old ring slot")

    def __init__(self, tiny, wrong=""):
        self.tiny, self.wrong = tiny, wrong
        self.weights = {name.removeprefix("model."): value.astype(np.float64) for name, value in tiny.weights().items()}
        self.window = tiny.window + {"window + 1": 1, "window - 1": -1}.get(wrong, 0)

    def logits(self, tokens, rows):
        """[rows, vocab] for the positions `rows`, ascending."""
        t, rows = self.tiny, np.asarray(rows)
        assert "f" not in t.layers[:t.owners - 1], "a global layer below the last keys and values costs the square"
        x, positions = self.weights["embed_tokens.weight"][tokens] * np.sqrt(t.hidden), np.arange(len(tokens))
        caches = {}
        for layer in range(len(t.layers)):
            before = self.norm(x, f"layers.{layer}.input_layernorm.weight")
            if layer < t.owners:
                caches[layer] = self.keys_and_values(layer, before, positions)
            if layer == t.owners - 1:  # nobody reads another row's values from here on
                x, before, positions = x[rows], before[rows], rows
            x = self.layer(layer, x, before, positions, *caches[t.source(layer)])
        head = self.norm(x, "norm.weight") @ self.weights["embed_tokens.weight"].T
        return t.softcap * np.tanh(head / t.softcap)

    def norm(self, x, weight=None):
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.tiny.eps)
        return x * self.weights[weight] if weight else x

    def rope(self, x, layer, positions):
        """x is [rows, heads, head]."""
        t, head = self.tiny, self.tiny.head(layer)
        theta, part = (t.theta, 1) if t.layers[layer] == "s" else (t.global_theta, t.global_part)
        pairs = int(part * head / 2)
        steps = np.arange(pairs, dtype=np.float32) * 2 / np.float32(head)
        frequency = (1 / np.power(theta, steps.astype(np.float64)).astype(np.float32)).astype(np.float32)
        if self.wrong == "angles in float64":
            angle = positions[:, None] * frequency.astype(np.float64)
        else:
            angle = (positions.astype(np.float32)[:, None] * frequency).astype(np.float64)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        a, b = x[..., :pairs], x[..., head // 2:head // 2 + pairs]
        x = x.copy()
        x[..., :pairs], x[..., head // 2:head // 2 + pairs] = a * cos - b * sin, b * cos + a * sin
        return x

    def keys_and_values(self, layer, before, positions):
        t, base = self.tiny, f"layers.{layer}.self_attn."
        keys = (before @ self.weights[base + "k_proj.weight"].T).reshape(len(positions), t.kv_heads, -1)
        values = keys
        if base + "v_proj.weight" in self.weights:
            values = (before @ self.weights[base + "v_proj.weight"].T).reshape(keys.shape)
        keys = self.rope(self.norm(keys, base + "k_norm.weight"), layer, positions)
        values = self.norm(values)
        if self.wrong == "old ring slot" and t.layers[layer] == "s":  # one slot still holds what the ring had before
            slots = 32 * (-(-t.window // 32) + 1)
            keys, values = keys.copy(), values.copy()
            late = len(positions) - 2
            keys[late], values[late] = keys[late - slots], values[late - slots]
        return keys, values

    def attend(self, query, keys, values, positions, window):
        """Causal; query is [rows, heads, head], keys and values hold every position. Rows in blocks, for memory's sake."""
        out, group = np.empty_like(query), query.shape[1] // keys.shape[1]
        step = 64 if window else max(1, 8_000_000 // len(keys))
        for at in range(0, len(query), step):
            here = positions[at:at + step, None]
            first = max(0, here[0, 0] - window + 1) if window else 0
            seen = np.arange(first, here[-1, 0] + 1)[None, :]
            hidden = (seen > here) | (seen <= here - window if window else False)
            if self.wrong == "first key unseen" and not window:
                hidden |= seen == 0
            if self.wrong == "last key unseen" and not window:
                hidden |= (seen == here) & (here > 0)
            for head in range(query.shape[1]):
                scores = query[at:at + step, head] @ keys[first:here[-1, 0] + 1, head // group].T
                scores[hidden] = -np.inf
                weights = np.exp(scores - scores.max(axis=1, keepdims=True))
                sums = weights @ values[first:here[-1, 0] + 1, head // group]
                out[at:at + step, head] = sums / weights.sum(axis=1, keepdims=True)
        return out

    def layer(self, layer, x, before, positions, keys, values):
        t, base, w = self.tiny, f"layers.{layer}.", self.weights
        query = (before @ w[base + "self_attn.q_proj.weight"].T).reshape(len(x), t.heads, -1)
        query = self.rope(self.norm(query, base + "self_attn.q_norm.weight"), layer, positions)
        attended = self.attend(query, keys, values, positions, self.window if t.layers[layer] == "s" else 0)
        attended = attended.reshape(len(x), -1) @ w[base + "self_attn.o_proj.weight"].T
        r = x + self.norm(attended, base + "post_attention_layernorm.weight")
        inner = self.norm(r, base + "pre_feedforward_layernorm.weight")
        inner = gelu(inner @ w[base + "mlp.gate_proj.weight"].T) * (inner @ w[base + "mlp.up_proj.weight"].T)
        dense = inner @ w[base + "mlp.down_proj.weight"].T
        return (r + self.norm(dense, base + "post_feedforward_layernorm.weight")) * w[base + "layer_scalar"]
