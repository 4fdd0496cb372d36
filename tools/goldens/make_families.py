#!/usr/bin/env python3
"""Makes the goldens of the families in models/: a tiny random checkpoint of each, and the logits transformers gives for it.

As make_text.py, which see: float32, eager attention, weights that matter, rounded to bfloat16. transformers reads config.json, which
has the keys of the published checkpoints, and writes the tensors under their published names. A case is one row of CASES.

    python3 -m venv build/goldens-venv && build/goldens-venv/bin/pip install -r tools/goldens/requirements.txt
    build/goldens-venv/bin/python tools/goldens/make_families.py --out test/goldens/families [CASE...]
"""
import argparse
import datetime
import json
import math
import platform
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

from make_text import mean_and_max_kl

# Sizes that all families share under these names; no width is a multiple of 32, no number is at its default.
SIZE = {"vocab_size": 72, "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
RMS = SIZE | {"hidden_act": "silu", "rms_norm_eps": 0.01, "rope_theta": 500.0, "attention_dropout": 0.0}
LAYERED = SIZE | {"hidden_act": "silu", "layer_norm_eps": 0.01, "rope_theta": 500.0, "attention_dropout": 0.0}
EXPERTS = {"intermediate_size": 20}
CASES = {
    "llama": ("llama", "biases, tied head", RMS | {
        "seed": 301, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "rope_scaling": None}),
    "llama3": ("llama", "the frequencies of Llama 3.1", RMS | {
        "seed": 302, "attention_bias": False, "mlp_bias": False, "head_dim": 16,
        "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 64, "rope_type": "llama3"}}),
    "llama-linear": ("llama", "linear scaling of positions", RMS | {
        "seed": 303, "attention_bias": False, "mlp_bias": False, "rope_scaling": {"factor": 4.0, "type": "linear"}}),
    "qwen2": ("qwen2", "biases on q, k and v, a window on the upper layer", RMS | {
        "seed": 304, "use_sliding_window": True, "sliding_window": 7, "max_window_layers": 1}),
    "qwen2-yarn": ("qwen2", "YaRN", RMS | {
        "seed": 305, "use_sliding_window": False, "sliding_window": 64, "max_window_layers": 1, "tie_word_embeddings": True,
        "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32, "type": "yarn"}}),
    "qwen3": ("qwen3", "norms of q and k", RMS | {
        "seed": 306, "attention_bias": False, "head_dim": 16, "use_sliding_window": False, "sliding_window": None,
        "max_window_layers": 2, "rope_scaling": None, "tie_word_embeddings": True}),
    "qwen3-moe": ("qwen3-moe", "experts in tensors of their own, weights that do not add up to 1, one dense layer", RMS | EXPERTS | {
        "seed": 307, "num_hidden_layers": 3, "attention_bias": False, "head_dim": 16, "use_sliding_window": False,
        "sliding_window": None, "max_window_layers": 2, "rope_scaling": None, "decoder_sparse_step": 1, "mlp_only_layers": [1],
        "moe_intermediate_size": 16, "norm_topk_prob": False, "num_experts": 6, "num_experts_per_tok": 2,
        "output_router_logits": False, "router_aux_loss_coef": 0.001}),
    "mistral": ("mistral", "a window on every layer", RMS | {"seed": 308, "head_dim": 16, "sliding_window": 7}),
    "mixtral": ("mixtral", "experts in tensors of their own", RMS | EXPERTS | {
        "seed": 309, "num_experts_per_tok": 2, "num_local_experts": 5, "output_router_logits": False,
        "router_aux_loss_coef": 0.02, "sliding_window": None}),
    "phi3": ("phi3", "q, k and v in one tensor, gate and up in another", RMS | {
        "seed": 310, "original_max_position_embeddings": 512, "rope_scaling": None, "sliding_window": 9, "embd_pdrop": 0.0,
        "resid_pdrop": 0.0, "pad_token_id": 0}),
    "phi3-longrope": ("phi3", "LongRoPE, half of each head turns", RMS | {
        "seed": 311, "hidden_size": 32, "original_max_position_embeddings": 16,
        "partial_rotary_factor": 0.5, "sliding_window": None, "embd_pdrop": 0.0, "resid_pdrop": 0.0, "pad_token_id": 0,
        "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.2], "long_factor": [1.1, 4.5]}}),
    "olmo2": ("olmo2", "norms behind each half, and over all of q and k", RMS | {
        "seed": 312, "attention_bias": False, "rope_scaling": None, "pad_token_id": 0}),
    "gemma2": ("gemma2", "soft-caps, alternating windows, four norms", SIZE | {
        "seed": 313, "attention_bias": False, "attention_dropout": 0.0, "attn_logit_softcapping": 3.0,
        "final_logit_softcapping": 9.0, "head_dim": 16, "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 24, "rms_norm_eps": 0.01, "rope_theta": 500.0,
        "sliding_window": 7, "tie_word_embeddings": True, "pad_token_id": 0}),
    "granite": ("granite", "four multipliers", RMS | {
        "seed": 314, "attention_bias": False, "mlp_bias": False, "attention_multiplier": 0.4, "embedding_multiplier": 3.0,
        "logits_scaling": 0.7, "residual_multiplier": 0.6, "rope_scaling": None, "tie_word_embeddings": True}),
    "cohere": ("cohere", "LayerNorm without bias, attention beside the MLP, interleaved rotation", LAYERED | {
        "seed": 315, "attention_bias": False, "logit_scale": 0.5, "use_qk_norm": False, "tie_word_embeddings": True,
        "pad_token_id": 0}),
    "stablelm": ("stablelm", "LayerNorm with bias, half of each head turns", LAYERED | {
        "seed": 316, "hidden_size": 32, "partial_rotary_factor": 0.5, "use_qkv_bias": True, "qk_layernorm": False,
        "use_parallel_residual": False, "hidden_dropout": 0.0}),
    "stablelm-parallel": ("stablelm", "attention beside the MLP", LAYERED | {
        "seed": 317, "hidden_size": 32, "partial_rotary_factor": 0.25, "use_qkv_bias": False, "qk_layernorm": False,
        "use_parallel_residual": True, "hidden_dropout": 0.0}),
    "gpt-neox": ("gpt-neox", "q, k and v woven head by head, GELU, attention beside the MLP", {
        k: v for k, v in SIZE.items() if k != "num_key_value_heads"} | {
        "seed": 318, "attention_bias": True, "hidden_act": "gelu", "hidden_size": 32, "layer_norm_eps": 0.01, "rotary_emb_base": 500,
        "rotary_pct": 0.5, "use_parallel_residual": True, "attention_dropout": 0.0, "hidden_dropout": 0.0}),
    "gpt2": ("gpt2", "learned positions, transposed weights, GELU", {
        "seed": 319, "activation_function": "gelu_new", "attn_pdrop": 0.0, "bos_token_id": 1, "embd_pdrop": 0.0, "eos_token_id": 2,
        "layer_norm_epsilon": 0.01, "n_ctx": 64, "n_embd": 24, "n_head": 4, "n_layer": 2, "n_positions": 64, "resid_pdrop": 0.0,
        "summary_activation": None, "summary_first_dropout": 0.0, "summary_proj_to_labels": True, "summary_type": "cls_index",
        "summary_use_proj": True, "vocab_size": 72, "torch_dtype": "bfloat16"}),
}
TYPES = {"qwen3-moe": ("qwen3_moe", "Qwen3MoeForCausalLM"), "gpt-neox": ("gpt_neox", "GPTNeoXForCausalLM"),
         "gpt2": ("gpt2", "GPT2LMHeadModel"), "olmo2": ("olmo2", "Olmo2ForCausalLM"),
         "stablelm": ("stablelm", "StableLmForCausalLM")}
TOKENS = 32


def published_config(family, spec):
    kind, name = TYPES.get(family, (family, family.capitalize() + "ForCausalLM"))
    return {"architectures": [name], "model_type": kind} | {k: v for k, v in spec.items() if k != "seed"}


def fill(model, generator):
    """Random weights of a trained model's size: every tensor matters, no activation explodes. Rounded to BF16."""
    less = 1.0 if model.config.model_type == "gemma2" else 0.0  # stores a norm's weight less one
    for name, tensor in model.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        if "norm" in name or ".ln_" in name:
            value = 0.3 * noise if name.endswith("bias") else 1.0 + 0.3 * noise - less
        elif tensor.dim() == 1:
            value = 0.3 * noise
        elif name.endswith("gate.weight") or "router" in name:
            value = 2.0 * noise  # clear winners, so that rounding flips no choice
        elif "embed" in name or "wte" in name or "wpe" in name:
            value = noise
        else:
            value = 1.2 * noise / math.sqrt(tensor.shape[0] if "c_" in name else tensor.shape[-1])
        tensor.copy_(value.to(torch.bfloat16).float())


@torch.no_grad()
def logits_of(model, tokens):
    return model(input_ids=tokens[None], use_cache=False).logits[0].double().numpy()


def loaded(folder, kind=torch.float32):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=kind, attn_implementation="eager")
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")  # the fused paths round differently
    return model.eval()


@torch.no_grad()
def make(name, out):
    family, why, spec = CASES[name]
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    config = published_config(family, spec)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    generator = torch.Generator().manual_seed(spec["seed"])
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(folder)).float()
    fill(model, generator)
    tokens = torch.randint(3, spec["vocab_size"], (TOKENS,), generator=generator)
    with tempfile.TemporaryDirectory() as written:
        model.save_pretrained(written)
        state = {k: v.to(torch.bfloat16).contiguous() for k, v in sorted(load_file(Path(written) / "model.safetensors").items())}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    model = loaded(folder)
    reference = logits_of(model, tokens)
    double = logits_of(model.double(), tokens)
    half = logits_of(loaded(folder, torch.bfloat16), tokens)
    reference.astype("<f4").tofile(folder / "logits.f32")
    (folder / "tokens.txt").write_text(",".join(str(t) for t in tokens.tolist()) + "\n")
    meta = {
        "producer": f"tools/goldens/make_families.py {name}", "date": datetime.date.today().isoformat(), "why": why,
        "description": f"models/{family}.toml", "seed": spec["seed"], "tokens": TOKENS, "first_row": 0, "rows": TOKENS,
        "vocab": spec["vocab_size"],
        "reference": f"transformers {transformers.__version__}, torch {torch.__version__}, float32, eager, {platform.machine()}",
        "logits": {"mean": float(reference.mean()), "std": float(reference.std()), "max": float(np.abs(reference).max())},
        "max_abs_difference_float32_to_float64": float(np.abs(reference - double).max()),
        "transformers_bfloat16": mean_and_max_kl(reference, half),
        "tolerance": {"f32": {"max_abs": 1e-4, "kl": 1e-6}, "bf16": {"mean_kl": "transformers_bfloat16.kl_mean"}},
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    size = sum(f.stat().st_size for f in folder.iterdir())
    noise, kl = meta["max_abs_difference_float32_to_float64"], meta["transformers_bfloat16"]["kl_mean"]
    print(f"{name:16} {size / 1e3:5.0f} kB  std {reference.std():.2f}  float32 noise {noise:.1e}  bf16 KL {kl:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder that gets one folder per case")
    parser.add_argument("cases", nargs="*", help="names of CASES; all when left out")
    options = parser.parse_args()
    unknown = [c for c in options.cases if c not in CASES]
    if unknown:
        parser.error(f"no case named {', '.join(unknown)}; there are: {', '.join(CASES)}")
    torch.set_num_threads(1)  # a fixed order of summation
    transformers.utils.logging.set_verbosity_error()
    for name in options.cases or CASES:
        make(name, options.out)


if __name__ == "__main__":
    main()
