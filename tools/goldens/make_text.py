#!/usr/bin/env python3
"""Makes the text goldens: small Hugging Face folders with random decoders, and the logits transformers gives for them.

The reference is transformers in float32 with eager attention; gemmac has no part in it. Every norm, scale and
rotation is given weights that matter, so that a forgotten one shows. A case is one row of CASES: add a row, run,
commit its folder.

    python3 -m venv build/goldens-venv && build/goldens-venv/bin/pip install -r tools/goldens/requirements.txt
    build/goldens-venv/bin/python tools/goldens/make_text.py --out test/goldens/text [CASE...]

Each folder gets: config.json (keys of the published checkpoints), model*.safetensors (BF16), tokens.txt, logits.f32
(float32 little endian [rows, vocab], after the soft-cap), meta.json (producer, seed, measures), and where the case asks
for them tokenizer.json and blocks.txt (the block number of each token, 0 outside of blocks). --hidden adds hidden.f32 to
folders that are there: what leaves each layer, float32 [rows, layers, width].
"""
import argparse
import datetime
import json
import math
import platform
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers.models.gemma4.modeling_gemma4 import create_masks_for_vision_model

# A small decoder with own keys and values in every layer. Each case states what differs.
BASE = {
    "model": "gemma4", "vocab_size": 320, "hidden_size": 96, "intermediate_size": 192, "pattern": "ssf",
    "num_attention_heads": 4, "num_key_value_heads": 2, "num_global_key_value_heads": None, "head_dim": 32,
    "global_head_dim": 64, "attention_k_eq_v": False, "sliding_window": 16, "hidden_size_per_layer_input": 0,
    "num_kv_shared_layers": 0, "use_double_wide_mlp": False, "enable_moe_block": False, "num_experts": None,
    "top_k_experts": None, "moe_intermediate_size": None, "final_logit_softcapping": 30.0,
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "global_rope_theta": 1000000.0, "global_rope_part": 0.25,
    "tied": True, "layers_listed": True,
    "tokens": 64, "prefix": "model.", "shards": 1, "towers": False, "tokenizer": False, "blocks": [],
}
SMALL = {"pattern": "sfsf", "vocab_size": 128, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2,
         "num_key_value_heads": 1, "head_dim": 16, "global_head_dim": 32, "sliding_window": 9, "num_kv_shared_layers": 2,
         "tokens": 32}
SMALL_EXPERTS = {"enable_moe_block": True, "num_experts": 5, "top_k_experts": 2, "moe_intermediate_size": 16}
SMALL_KEQV = {"attention_k_eq_v": True, "num_global_key_value_heads": 1}
CASES = {
    "base": ("sliding and global attention, own K and V, dense; text-only export (prefix model.); has a tokenizer",
             {"seed": 101, "vocab_size": 512, "tokenizer": True}),
    "e2b-like": ("per-layer embeddings, shared K/V, double-wide MLP, one K/V head; two shards, unused K/V tensors",
                 {"seed": 102, "pattern": "sfsfsf", "hidden_size": 64, "intermediate_size": 128,
                  "num_key_value_heads": 1, "shards": 2,
                  "hidden_size_per_layer_input": 32, "num_kv_shared_layers": 3, "use_double_wide_mlp": True,
                  "prefix": "model.language_model.", "towers": True}),
    "e4b-like": ("per-layer embeddings, shared K/V, grouped queries, one width",
                 {"seed": 103, "pattern": "sfsf", "hidden_size": 64, "vocab_size": 192, "intermediate_size": 128,
                  "hidden_size_per_layer_input": 32, "num_kv_shared_layers": 2,
                  "prefix": "model.language_model."}),
    "26b-like": ("experts beside a dense branch, K = V on the global layer",
                 {"seed": 104, "attention_k_eq_v": True, "num_global_key_value_heads": 1, "enable_moe_block": True,
                  "num_experts": 12, "top_k_experts": 4, "moe_intermediate_size": 32,
                  "prefix": "model.language_model.", "towers": True}),
    "31b-like": ("K = V on the global layer with its own K/V head count",
                 {"seed": 105, "num_attention_heads": 8, "num_key_value_heads": 4, "attention_k_eq_v": True,
                  "num_global_key_value_heads": 2, "prefix": "model.language_model."}),
    "keqv-shared": ("a K = V layer read by sharing layers, double-wide, no per-layer embeddings",
                    {"seed": 106, "pattern": "sfsf", "attention_k_eq_v": True, "num_global_key_value_heads": 1,
                     "num_kv_shared_layers": 2, "use_double_wide_mlp": True}),
    "moe-ple-shared": ("experts with per-layer embeddings and shared K/V: classes that no published size combines",
                       {"seed": 107, "hidden_size": 32, "vocab_size": 192, "intermediate_size": 64, "head_dim": 16,
                        "global_head_dim": 32, "pattern": "sfsf", "hidden_size_per_layer_input": 32,
                        "num_kv_shared_layers": 2,
                        "enable_moe_block": True, "num_experts": 8, "top_k_experts": 2, "moe_intermediate_size": 16}),
    "odd": ("window crossed many times, one global head, widths and lengths that are no multiples of 32",
            {"seed": 108, "vocab_size": 263, "hidden_size": 88, "intermediate_size": 200, "sliding_window": 7,
             "num_attention_heads": 3, "num_key_value_heads": 1, "tokens": 61}),
    "gemma3": ("Gemma 3: no per-layer scalars, 1 + w norms, one rotation base per kind of layer, no soft-cap",
               {"seed": 109, "model": "gemma3", "hidden_size": 96, "num_key_value_heads": 1, "pattern": "ssfss",
                "final_logit_softcapping": None, "query_pre_attn_scalar": 32}),
    # The first block is longer than the window, the second than the rows that one step gives logits for, the third stands
    # right behind it, the last token is in one.
    "blocks": ("blocks of tokens that see each other on sliding layers, longer and shorter than the window",
               {"seed": 112, "pattern": "sfsf", "vocab_size": 192, "hidden_size": 48, "intermediate_size": 64,
                "head_dim": 16, "global_head_dim": 32, "sliding_window": 12, "tokens": 90,
                "prefix": "model.language_model.", "blocks": [(7, 20), (30, 37), (67, 5), (84, 6)]}),
    # Its seed is the one of 111 .. 160 whose closest choice of an expert is clearest: rounding must not flip one.
    "epsilon": ("nearly every step, with no number at its default: where test/e2e/mutation.py starts",
                {"seed": 151, "pattern": "ssfsf", "vocab_size": 256, "hidden_size": 48, "intermediate_size": 64,
                 "head_dim": 16, "global_head_dim": 32, "attention_k_eq_v": True, "num_global_key_value_heads": 1,
                 "sliding_window": 9, "hidden_size_per_layer_input": 16, "num_kv_shared_layers": 2,
                 "enable_moe_block": True, "num_experts": 6, "top_k_experts": 2, "moe_intermediate_size": 32,
                 "rms_norm_eps": 0.05, "rope_theta": 2500.0, "global_rope_theta": 90000.0, "global_rope_part": 0.5,
                 "final_logit_softcapping": 12.0, "tokens": 32}),
    # One layer of each kind with its own K/V and one that shares: the classes that no other case holds, as small as they go.
    # With experts, the seed of 211 .. 330 whose closest choice is clearest.
    **{name: (f"{why}; keys and values of its own and shared, sliding and global", SMALL | more) for name, why, more in (
        ("shared-dense", "dense", {"seed": 201}),
        ("shared-wide", "double-wide where shared", {"seed": 202, "use_double_wide_mlp": True}),
        ("shared-moe", "experts", {"seed": 223} | SMALL_EXPERTS),
        ("shared-keqv", "K = V, dense", {"seed": 204} | SMALL_KEQV),
        ("shared-keqv-moe", "K = V, experts", {"seed": 330, "tokens": 24} | SMALL_KEQV | SMALL_EXPERTS),
        ("shared-keqv-ple", "K = V, dense, per-layer embeddings", {"seed": 206, "hidden_size_per_layer_input": 16} | SMALL_KEQV),
        ("shared-keqv-wide-ple", "K = V, double-wide where shared, per-layer embeddings",
         {"seed": 207, "hidden_size_per_layer_input": 16, "use_double_wide_mlp": True} | SMALL_KEQV),
    )},
    "llama": ("a second family: no q/k norm, SiLU, one norm before each half, own head, large epsilon",
              {"seed": 110, "model": "llama", "description": "test/families/llama.toml", "pattern": "ff",
               "vocab_size": 256, "num_attention_heads": 6, "head_dim": 16, "final_logit_softcapping": None,
               "rms_norm_eps": 0.01, "rope_theta": 500000.0, "tied": False, "tokens": 40}),
    # For test/e2e/mutation.py, as small as they go: numbers that the cases above have at a default, or too small to be seen.
    # attn_logit_softcapping stays null: transformers' Gemma3Attention reads it and then does not pass it on.
    "gemma3-epsilon": ("Gemma 3 with no number at its default: epsilon, rotation bases, a soft-cap, a head of its own",
                       SMALL | {"seed": 113, "model": "gemma3", "pattern": "ssf", "vocab_size": 96, "hidden_size": 24,
                                "intermediate_size": 32, "num_kv_shared_layers": 0, "query_pre_attn_scalar": 24,
                                "rms_norm_eps": 0.05, "rope_theta": 2500.0, "global_rope_theta": 90000.0,
                                "final_logit_softcapping": 12.0, "tied": False}),
    "unlisted": ("no layer_types: transformers' own default; one head size for all layers, a head of its own",
                 SMALL | {"seed": 114, "pattern": "sssssf", "layers_listed": False, "vocab_size": 96, "hidden_size": 24,
                          "intermediate_size": 16, "global_head_dim": 16, "num_kv_shared_layers": 0, "rms_norm_eps": 0.05,
                          "tied": False, "tokens": 24}),
    "llama-small": ("the second family with a tied head, and so few pairs and so small a base that the slowest pair turns",
                    {"seed": 115, "model": "llama", "description": "test/families/llama.toml", "pattern": "ff",
                     "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "head_dim": 8,
                     "final_logit_softcapping": None, "rms_norm_eps": 0.03, "rope_theta": 100.0, "tokens": 32}),
}
LAYER_TYPES = {"s": "sliding_attention", "f": "full_attention"}


def published_config(spec):
    """The case's config.json, with the keys of the published checkpoints."""
    layer_types = [LAYER_TYPES[c] for c in spec["pattern"]]
    if spec["model"] == "llama":
        return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
                "vocab_size": spec["vocab_size"], "hidden_size": spec["hidden_size"],
                "intermediate_size": spec["intermediate_size"], "num_hidden_layers": len(layer_types),
                "num_attention_heads": spec["num_attention_heads"], "num_key_value_heads": spec["num_key_value_heads"],
                "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": spec["rms_norm_eps"],
                "attention_bias": False, "mlp_bias": False, "rope_theta": spec["rope_theta"], "rope_scaling": None,
                "tie_word_embeddings": spec["tied"],
                "bos_token_id": 1, "eos_token_id": 2}
    text = {
        "model_type": spec["model"] + "_text", "vocab_size": spec["vocab_size"], "hidden_size": spec["hidden_size"],
        "intermediate_size": spec["intermediate_size"], "num_hidden_layers": len(layer_types),
        "num_attention_heads": spec["num_attention_heads"], "num_key_value_heads": spec["num_key_value_heads"],
        "head_dim": spec["head_dim"], "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 8192,
        "rms_norm_eps": spec["rms_norm_eps"], "attention_bias": False, "attention_dropout": 0.0,
        "sliding_window": spec["sliding_window"], "final_logit_softcapping": spec["final_logit_softcapping"],
        "tie_word_embeddings": spec["tied"], "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
        "initializer_range": 0.02, "use_cache": True, "layer_types": layer_types,
    }
    if spec["model"] == "gemma3":
        text |= {"architectures": ["Gemma3ForCausalLM"], "torch_dtype": "bfloat16", "attn_logit_softcapping": None,
                 "query_pre_attn_scalar": spec["query_pre_attn_scalar"], "rope_theta": spec["global_rope_theta"],
                 "rope_local_base_freq": spec["rope_theta"], "rope_scaling": None, "_sliding_window_pattern": 6}
        return text
    if not spec["layers_listed"]:
        del text["layer_types"]
    for key in ("num_global_key_value_heads", "global_head_dim", "attention_k_eq_v", "hidden_size_per_layer_input",
                "num_kv_shared_layers", "use_double_wide_mlp", "enable_moe_block", "num_experts", "top_k_experts",
                "moe_intermediate_size"):
        text[key] = spec[key]
    text |= {
        "vocab_size_per_layer_input": spec["vocab_size"],
        "use_bidirectional_attention": "vision" if spec["blocks"] else None,
        "rope_parameters": {
            "full_attention": {"rope_type": "proportional", "rope_theta": spec["global_rope_theta"],
                               "partial_rotary_factor": spec["global_rope_part"]},
            "sliding_attention": {"rope_type": "default", "rope_theta": spec["rope_theta"]},
        },
    }
    if spec["prefix"] == "model.":
        return {"architectures": ["Gemma4ForCausalLM"], "dtype": "bfloat16"} | text
    return {"architectures": ["Gemma4ForConditionalGeneration"], "model_type": "gemma4", "dtype": "bfloat16",
            "tie_word_embeddings": spec["tied"], "eos_token_id": [1, 16], "text_config": text,
            "vision_config": None, "audio_config": None} | (
                {"vision_soft_tokens_per_image": 160} if spec["blocks"] else {})


def make_model(spec, config):
    text = dict(config.get("text_config", config))
    for key in ("architectures", "dtype", "torch_dtype", "model_type"):
        text.pop(key, None)
    if spec["model"] == "gemma3":
        local, base = text.pop("rope_local_base_freq"), text.pop("rope_theta")
        text.pop("rope_scaling")
        text["rope_parameters"] = {"full_attention": {"rope_type": "default", "rope_theta": base},
                                   "sliding_attention": {"rope_type": "default", "rope_theta": local}}
        model = transformers.Gemma3ForCausalLM(transformers.Gemma3TextConfig(**text))
    elif spec["model"] == "llama":
        text.pop("rope_scaling")
        text["rope_parameters"] = {"rope_type": "default", "rope_theta": text.pop("rope_theta")}
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**text))
    else:
        model = transformers.Gemma4ForCausalLM(transformers.Gemma4TextConfig(**text))
        assert model.config.layer_types == [LAYER_TYPES[c] for c in spec["pattern"]], "not transformers' default"
    model.set_attn_implementation("eager")
    if spec["enable_moe_block"]:
        model.set_experts_implementation("eager")  # the fused paths round differently
    return model.eval()


def fill(model, spec, generator):
    """Random weights of a trained model's size: every tensor matters, no activation explodes. Rounded to BF16."""
    offset = 1.0 if spec["model"] == "gemma3" else 0.0  # Gemma 3 stores a norm's weight less one
    state = model.state_dict()
    for name, tensor in state.items():
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("layer_scalar"):
            value = 0.8 + 0.2 * noise
        elif name.endswith("per_expert_scale") or name.endswith("router.scale"):
            value = 1.0 + 0.3 * noise
        elif "norm" in name:
            inner = any(part in name for part in ("post_", "q_norm", "k_norm"))
            value = (0.5 + 0.12 * noise if inner else 1.0 + 0.2 * noise) - offset
        else:
            value = noise / math.sqrt(tensor.shape[-1])
            if name.endswith("router.proj.weight"):
                value *= 3.0 * math.sqrt(tensor.shape[-1]) / 4.0  # clear winners, so that rounding flips no choice
        state[name] = value.to(torch.bfloat16).float()
    if model.config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)


def block_numbers(spec):
    """The block of each token, 0 outside of blocks."""
    numbers = [0] * spec["tokens"]
    for number, (first, count) in enumerate(spec["blocks"], 1):
        numbers[first:first + count] = [number] * count
    return numbers


@torch.no_grad()
def logits_of(model, tokens, blocks=()):
    """With blocks, the masks of both kinds of layers are those that transformers' model of images makes."""
    mask = None
    if any(blocks):
        ids = torch.tensor([[number - 1 for number in blocks]])  # there, -1 is outside of blocks
        mask = create_masks_for_vision_model(
            config=model.config, inputs_embeds=model.model.embed_tokens(tokens[None]), attention_mask=None,
            past_key_values=None, position_ids=torch.arange(len(tokens))[None], block_sequence_ids=ids)
    out = model(input_ids=tokens[None], attention_mask=mask, use_cache=False, logits_to_keep=torch.arange(len(tokens)))
    return out.logits[0].double().numpy()


@torch.no_grad()
def hidden_of(model, tokens):
    """What leaves each layer, [tokens, layers, width]: transformers' own hidden_states end with a norm."""
    rows = []
    hooks = [layer.register_forward_hook(lambda _m, _i, out: rows.append(out[0] if isinstance(out, tuple) else out))
             for layer in model.model.layers]
    logits_of(model, tokens)
    for hook in hooks:
        hook.remove()
    return torch.stack([row.reshape(len(tokens), -1) for row in rows], dim=1).float().numpy()


def add_hidden(name, out):
    """hidden.f32 beside a golden that is there, whose logits must come out again."""
    spec = BASE | CASES[name][1]
    model, tokens, _ = prepare(spec, published_config(spec))
    there = np.fromfile(out / name / "logits.f32", "<f4").reshape(len(tokens), -1)
    distance = np.abs(logits_of(model, tokens) - there).max()
    if distance > 1e-4:
        raise SystemExit(f"{name}: this machine's logits are {distance:.1e} from the golden's: make it anew")
    hidden = hidden_of(model, tokens)
    hidden.astype("<f4").tofile(out / name / "hidden.f32")
    print(f"{name:16} hidden.f32 {list(hidden.shape)}, logits within {distance:.1e}")


def mean_and_max_kl(reference, other):
    def log_softmax(x):
        x = x - x.max(axis=1, keepdims=True)
        return x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    a, b = log_softmax(reference), log_softmax(other)
    kl = (np.exp(a) * (a - b)).sum(axis=1)
    return {"kl_mean": float(kl.mean()), "kl_max": float(kl.max())}


def checkpoint(model, spec, generator):
    """The tensors of the published layout: prefix, unused K/V of sharing layers, remains of the towers."""
    state = dict(model.state_dict())
    head = state.pop("lm_head.weight")
    layers = len(spec["pattern"])
    for layer in range(layers - spec["num_kv_shared_layers"], layers):
        if spec["hidden_size_per_layer_input"] == 0:
            break
        dim = spec["head_dim"] if spec["pattern"][layer] == "s" else spec["global_head_dim"]
        rows = spec["num_key_value_heads"] * dim
        base = f"model.layers.{layer}.self_attn."
        for name in ("k_proj.weight", "v_proj.weight"):
            state[base + name] = torch.randn((rows, spec["hidden_size"]), generator=generator)
        state[base + "k_norm.weight"] = torch.randn((dim,), generator=generator)
    state = {spec["prefix"] + k.removeprefix("model."): v for k, v in state.items()}
    if not model.config.tie_word_embeddings:
        state["lm_head.weight"] = head
    if spec["towers"]:
        state["model.vision_tower.patch_embedder.input_proj.weight"] = torch.randn((8, 48), generator=generator)
        name = "model.embed_vision.embedding_projection.weight"
        state[name] = torch.randn((spec["hidden_size"], 8), generator=generator)
    return {k: state[k].to(torch.bfloat16).contiguous() for k in sorted(state)}


def save_checkpoint(folder, state, shards):
    if shards == 1:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(state)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = names[shard * len(names) // shards:(shard + 1) * len(names) // shards]
        save_file({n: state[n] for n in part}, folder / file, metadata={"format": "pt"})
        weight_map |= {n: file for n in part}
    size = sum(t.numel() * 2 for t in state.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def make_tokenizer(vocab_size):
    """A BPE tokenizer of the family's shape: spaces become U+2581, unknown characters fall back to bytes."""
    import tokenizers
    from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, trainers
    special = ["<pad>", "<eos>", "<bos>", "<unk>"] + [f"<0x{b:02X}>" for b in range(256)]
    text = (Path(__file__).parents[2] / "LICENSE").read_text()
    lines = [line.replace(" ", "\u2581") for line in text.splitlines()]
    trained = tokenizers.Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    trained.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=vocab_size - len(special), show_progress=False))
    model = json.loads(trained.to_str())["model"]
    vocab = {token: i for i, token in enumerate(special)}
    for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1]):
        vocab[token] = len(vocab)
    assert len(vocab) == vocab_size, f"{len(vocab)} tokens instead of {vocab_size}"
    merges = [tuple(m) for m in model["merges"]]
    bpe = models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    result = tokenizers.Tokenizer(bpe)
    result.normalizer = normalizers.Replace(" ", "\u2581")
    result.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    result.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    result.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in special[:4]])
    return result


def layer_classes(spec):
    """The layer classes the case holds, as words: what a failure of this case accuses."""
    classes = []
    layers = len(spec["pattern"])
    for i, kind in enumerate(spec["pattern"]):
        shared = i >= layers - spec["num_kv_shared_layers"]
        words = ["sliding" if kind == "s" else "global", "shared" if shared else "own"]
        if kind == "f" and spec["attention_k_eq_v"]:
            words.append("k=v")
        if spec["enable_moe_block"]:
            words.append("moe")
        else:
            words.append("double-wide" if shared and spec["use_double_wide_mlp"] else "dense")
        if spec["hidden_size_per_layer_input"]:
            words.append("ple")
        if " ".join(words) not in classes:
            classes.append(" ".join(words))
    return classes


def prepare(spec, config):
    """The filled model, its tokens, and the generator to go on with."""
    generator = torch.Generator().manual_seed(spec["seed"])
    model = make_model(spec, config)
    fill(model, spec, generator)
    tokens = torch.randint(4, spec["vocab_size"], (spec["tokens"],), generator=generator)
    tokens[0] = 2
    # Logits with a spread of about 3: sharp enough that a wrong one shows in the KL, inside the soft-cap's curve.
    # Measured without the soft-cap's squeeze by a second pass; the norm's weight is what is stretched.
    norm = model.model.norm
    stored = norm.weight.data + (1.0 if spec["model"] == "gemma3" else 0.0)
    stretched = stored * (3.0 / logits_of(model, tokens, block_numbers(spec)).std())
    norm.weight.data = (stretched - (stored - norm.weight.data)).to(torch.bfloat16).float()
    return model, tokens, generator


def sensitivity(name):
    """How far each tensor, changed by 5 %, moves the logits: one below the tolerance is one the case cannot check."""
    spec = BASE | CASES[name][1]
    model, tokens, _ = prepare(spec, published_config(spec))
    blocks = block_numbers(spec)
    reference, noise, moved = logits_of(model, tokens, blocks), torch.Generator().manual_seed(5), {}
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and model.config.tie_word_embeddings:
            continue  # the same memory as the embedding
        stored = tensor.clone()
        tensor.mul_(1 + 0.05 * (torch.randn(tensor.shape, generator=noise) if tensor.numel() > 1 else 1))
        moved[key] = float(np.abs(logits_of(model, tokens, blocks) - reference).max())
        tensor.copy_(stored)
    unseen = {key: f"{value:.0e}" for key, value in moved.items() if value <= 2e-3}
    seen = min(value for value in moved.values() if value > 2e-3)
    print(f"{name:16} {len(moved)} tensors, least seen {seen:.1e}; below the tolerance: {unseen or 'none'}")


def make(name, out):
    why, overrides = CASES[name]
    spec = BASE | overrides
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    config = published_config(spec)
    model, tokens, generator = prepare(spec, config)
    blocks = block_numbers(spec)
    reference = logits_of(model, tokens, blocks)
    double = logits_of(model.double(), tokens, blocks)
    model.float()
    state = checkpoint(model, spec, generator)
    half = logits_of(model.to(torch.bfloat16), tokens, blocks)
    save_checkpoint(folder, state, spec["shards"])
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "tokens.txt").write_text(",".join(str(t) for t in tokens.tolist()) + "\n")
    if spec["blocks"]:
        (folder / "blocks.txt").write_text(",".join(str(b) for b in blocks) + "\n")
    reference.astype("<f4").tofile(folder / "logits.f32")
    if spec["tokenizer"]:
        make_tokenizer(spec["vocab_size"]).save(str(folder / "tokenizer.json"), pretty=False)
    meta = {
        "producer": f"tools/goldens/make_text.py {name}", "date": datetime.date.today().isoformat(), "why": why,
        "description": spec.get("description", f"models/{spec['model']}.toml"), "classes": layer_classes(spec),
        "seed": spec["seed"], "tokens": spec["tokens"],
        "first_row": 0, "rows": spec["tokens"], "vocab": spec["vocab_size"],
        "reference": f"transformers {transformers.__version__}, torch {torch.__version__}, float32, eager, "
                     f"{platform.machine()}",
        "logits": {"mean": float(reference.mean()), "std": float(reference.std()),
                   "max": float(np.abs(reference).max())},
        "max_abs_difference_float32_to_float64": float(np.abs(reference - double).max()),
        "transformers_bfloat16": mean_and_max_kl(reference, half),
        "tolerance": {"f32": {"max_abs": 2e-3, "kl": 1e-6}, "bf16": {"mean_kl": "transformers_bfloat16.kl_mean"}},
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    size = sum(f.stat().st_size for f in folder.iterdir())
    noise, kl = meta["max_abs_difference_float32_to_float64"], meta["transformers_bfloat16"]["kl_mean"]
    print(f"{name:16} {size / 1e6:5.2f} MB  std {reference.std():.2f}  float32 noise {noise:.1e}  bf16 KL {kl:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder that gets one folder per case")
    parser.add_argument("--hidden", action="store_true", help="only add hidden.f32 to folders that are there")
    parser.add_argument("--sensitivity", action="store_true", help="write nothing; print what each tensor moves")
    parser.add_argument("cases", nargs="*", help="names of CASES; all when left out")
    options = parser.parse_args()
    unknown = [c for c in options.cases if c not in CASES]
    if unknown:
        parser.error(f"no case named {', '.join(unknown)}; there are: {', '.join(CASES)}")
    if not options.out and not options.sensitivity:
        parser.error("--out or --sensitivity is needed")
    torch.set_num_threads(1)  # a fixed order of summation
    for name in options.cases or CASES:
        if options.sensitivity:
            sensitivity(name)
        elif options.hidden:
            add_hidden(name, options.out)
        else:
            make(name, options.out)


if __name__ == "__main__":
    main()
