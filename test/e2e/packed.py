"""A golden's Hugging Face folder as a GGUF file, as llama.cpp's converter names and lays out things.

The keys and names below are written down from llama.cpp's gguf-py (constants.py, tensor_mapping.py) and from files that it
made (goldens/gguf), not from our descriptions: a description that reads another name does not find it.
"""
import json
import struct

import numpy as np

from measures import layer_kinds

UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
F32, BF16 = 0, 30
ALIGNMENT = 32

WHOLE = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output",
         "embed_tokens_per_layer": "per_layer_token_embd", "per_layer_model_projection": "per_layer_model_proj",
         "per_layer_projection_norm": "per_layer_proj_norm"}
LAYER = {"input_layernorm.weight": "attn_norm.weight", "self_attn.q_proj.weight": "attn_q.weight",
         "self_attn.k_proj.weight": "attn_k.weight", "self_attn.v_proj.weight": "attn_v.weight",
         "self_attn.o_proj.weight": "attn_output.weight", "self_attn.q_norm.weight": "attn_q_norm.weight",
         "self_attn.k_norm.weight": "attn_k_norm.weight", "post_attention_layernorm.weight": "post_attention_norm.weight",
         "pre_feedforward_layernorm.weight": "ffn_norm.weight", "mlp.gate_proj.weight": "ffn_gate.weight",
         "mlp.up_proj.weight": "ffn_up.weight", "mlp.down_proj.weight": "ffn_down.weight",
         "post_feedforward_layernorm.weight": "post_ffw_norm.weight", "layer_scalar": "layer_output_scale.weight",
         "post_feedforward_layernorm_1.weight": "post_ffw_norm_1.weight", "router.proj.weight": "ffn_gate_inp.weight",
         "router.scale": "ffn_gate_inp.scale", "router.per_expert_scale": "ffn_down_exps.scale",
         "pre_feedforward_layernorm_2.weight": "pre_ffw_norm_2.weight", "experts.gate_up_proj": "ffn_gate_up_exps.weight",
         "experts.down_proj": "ffn_down_exps.weight", "post_feedforward_layernorm_2.weight": "post_ffw_norm_2.weight",
         "per_layer_input_gate.weight": "inp_gate.weight", "per_layer_projection.weight": "proj.weight",
         "post_per_layer_input_norm.weight": "post_norm.weight"}
OTHER_PARTS = ("vision", "audio", "multi_modal")


def text_of(config):
    return config.get("text_config", config)


def tensors(folder):
    """name -> array of a folder's safetensors; bfloat16 becomes float32, which holds it exactly."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        data = path.read_bytes()
        start = 8 + int.from_bytes(data[:8], "little")
        for name, facts in json.loads(data[8:start]).items():
            if name != "__metadata__":
                begin, end = (start + at for at in facts["data_offsets"])
                kind = {"BF16": "<u2", "F32": "<f4"}[facts["dtype"]]
                value = np.frombuffer(data[begin:end], kind).reshape(facts["shape"])
                found[name] = value if kind == "<f4" else (value.astype("<u4") << 16).view("<f4")
    return found


def renamed(name):
    """The GGUF name of a Hugging Face tensor of any of the families here; None for an image's or a sound's."""
    if any(part in name for part in OTHER_PARTS):
        return None
    if "layers." in name:
        number, rest = name.split("layers.", 1)[1].split(".", 1)
        return f"blk.{number}.{LAYER[rest]}"
    return WHOLE[name.removesuffix(".weight").rsplit(".", 1)[-1]] + ".weight"


def interleaved(weight, heads):
    """Rows of q or k in GGUF's order for llama: the two of a rotated pair side by side."""
    return weight.reshape(heads, 2, -1, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def converted(folder, config, split_experts):
    """GGUF name -> float32 array."""
    text, family = text_of(config), text_of(config)["model_type"].removesuffix("_text")
    found = {}
    for name, value in tensors(folder).items():
        to = renamed(name)
        if to is None or (to == "output.weight" and text.get("tie_word_embeddings")):
            continue
        if family == "gemma3" and to.endswith("norm.weight"):
            value = value + np.float32(1)
        if family == "llama":
            to = to.replace("post_attention_norm", "ffn_norm")
            heads = {"attn_q.weight": "num_attention_heads", "attn_k.weight": "num_key_value_heads"}
            kind = to.split(".", 2)[-1]
            value = interleaved(value, text[heads[kind]]) if kind in heads else value
        if split_experts and to.endswith("ffn_gate_up_exps.weight"):
            half = value.shape[1] // 2
            found[to.replace("gate_up", "gate")], found[to.replace("gate_up", "up")] = value[:, :half], value[:, half:]
        else:
            found[to] = value
    return found


def common_keys(text):
    return {"context_length": text["max_position_embeddings"], "embedding_length": text["hidden_size"],
            "block_count": text["num_hidden_layers"], "feed_forward_length": text["intermediate_size"],
            "attention.head_count": text["num_attention_heads"], "attention.head_count_kv": text["num_key_value_heads"],
            "attention.layer_norm_rms_epsilon": float(text["rms_norm_eps"])}


def gemma4_keys(text):
    kinds, layers = layer_kinds(text), text["num_hidden_layers"]
    shared = text["num_kv_shared_layers"]
    sliding = [kind == "sliding_attention" for kind in kinds]
    wide = [2 if text["use_double_wide_mlp"] and i >= layers - shared else 1 for i in range(layers)]
    rope = text["rope_parameters"]
    own = text["num_key_value_heads"], text["num_global_key_value_heads"] or text["num_key_value_heads"]
    keys = {"attention.head_count_kv": [own[0] if one else own[1] for one in sliding],
            "feed_forward_length": [text["intermediate_size"] * factor for factor in wide],
            "attention.sliding_window_pattern": sliding, "attention.sliding_window": text["sliding_window"],
            "attention.key_length": text["global_head_dim"], "attention.key_length_swa": text["head_dim"],
            "attention.shared_kv_layers": shared,
            "embedding_length_per_layer_input": text["hidden_size_per_layer_input"],
            "rope.freq_base": rope["full_attention"]["rope_theta"],
            "rope.freq_base_swa": rope["sliding_attention"]["rope_theta"],
            "final_logit_softcapping": text["final_logit_softcapping"]}
    if text["enable_moe_block"]:
        keys |= {"expert_count": text["num_experts"], "expert_used_count": text["top_k_experts"],
                 "expert_feed_forward_length": text["moe_intermediate_size"]}
    return keys


def gemma3_keys(text):
    keys = {"attention.sliding_window": text["sliding_window"], "attention.key_length": text["head_dim"],
            "attention.sliding_window_pattern": layer_kinds(text).index("full_attention") + 1,
            "rope.freq_base": text["rope_theta"], "rope.freq_base_swa": text["rope_local_base_freq"]}
    caps = {"attn_logit_softcapping": text["attn_logit_softcapping"],
            "final_logit_softcapping": text["final_logit_softcapping"]}
    return keys | {key: value for key, value in caps.items() if value}


def llama_keys(text):
    head = text.get("head_dim") or text["hidden_size"] // text["num_attention_heads"]
    return {"rope.freq_base": text["rope_theta"], "rope.dimension_count": head, "vocab_size": text["vocab_size"],
            "attention.key_length": head}


FAMILIES = {"gemma4": gemma4_keys, "gemma3": gemma3_keys, "llama": llama_keys}


def header(config):
    """GGUF key -> value, of the numbers in a config.json."""
    text = text_of(config)
    family = text["model_type"].removesuffix("_text")
    numbers = {f"{family}.{key}": value for key, value in (common_keys(text) | FAMILIES[family](text)).items()}
    return {"general.architecture": family, **numbers,
            "tokenizer.ggml.bos_token_id": text["bos_token_id"], "tokenizer.ggml.eos_token_id": text["eos_token_id"]}


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def valued(value):
    """A value's type and bytes."""
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    if isinstance(value, str):
        return STRING, string(value)
    kind, letter = (BOOL, "?") if isinstance(value[0], bool) else (INT32, "i")
    return ARRAY, struct.pack(f"<IQ{len(value)}{letter}", kind, len(value), *value)


def write(path, keys, weights):
    """A GGUF file, version 3; matrices that bfloat16 holds exactly in bfloat16."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(keys))
    for key, value in keys.items():
        kind, data = valued(value)
        head += string(key) + struct.pack("<I", kind) + data
    body = b""
    for name, value in weights.items():
        bits = np.ascontiguousarray(value, "<f4").view("<u4")
        small = value.ndim > 1 and not (bits & 0xFFFF).any()
        dims = value.shape[::-1]
        head += string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, BF16 if small else F32, len(body))
        data = (bits >> 16).astype("<u2").tobytes() if small else bits.tobytes()
        body += data + bytes(-len(data) % ALIGNMENT)
    path.write_bytes(head + bytes(-len(head) % ALIGNMENT) + body)
    return path


def write_safetensors(path, weights):
    table, offset = {}, 0
    for name, value in weights.items():
        table[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [offset, offset + 4 * value.size]}
        offset += 4 * value.size
    head = json.dumps(table).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(
        np.ascontiguousarray(value, "<f4").tobytes() for value in weights.values()))


def pack(folder, path, more=None, split_experts=False):
    """Writes the GGUF of a golden's folder; `more` are keys that it has besides, or other values (None: left out)."""
    config = json.loads((folder / "config.json").read_text())
    keys = header(config) | (more or {})
    return write(path, {key: value for key, value in keys.items() if value is not None},
                 converted(folder, config, split_experts))
