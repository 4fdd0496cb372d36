"""What mutation.py knows of each description: its goldens, files whose numbers are written down, and its own changes.

The numbers are from config.json of the published checkpoints, from transformers' configuration classes (defaults) and from
the files' own bytes, not from our descriptions.
"""
from dataclasses import dataclass, field

from mutation_judges import Built, Numbers


@dataclass
class Family:
    description: str
    first: str                  # the golden that notices most
    packed: list                # (golden, options of packed.pack)
    numbers: list
    changes: list
    refused: list = field(default_factory=list)   # patterns of mutants that do not compile
    built: list = field(default_factory=list)     # what executables say
    elsewhere: dict = field(default_factory=dict)  # pattern of a leaf that is not changed here: who judges it


STEPS = "layer.steps."
SAMPLED = {"temperature": 0.75, "top_p": 0.875, "top_k": 33}
SAMPLING = {f"general.sampling.{key.replace('temperature', 'temp')}": value for key, value in SAMPLED.items()}
TOKENS = {"tokenizer.ggml.bos_token_id": 7, "tokenizer.ggml.eos_token_id": 9}
ROPES = "rope_parameters.sliding_attention.", "rope_parameters.full_attention."

PREFIXES = ["model.language_model.", "language_model.model.", "language_model.", ""]
HEADS = ["lm_head.weight", "language_model.lm_head.weight"]
PARTS = {f"model.{part}.x": [1] for part in ("vision_tower", "embed_vision", "vision_embedder", "audio_tower",
                                            "embed_audio")}


def layouts(golden, layers, vocab, hidden, types, parts):
    """The places where published checkpoints have their tensors, and what they have besides."""
    return [*(Numbers(f"{golden} at '{prefix}'", golden, prefix=prefix, expected={"layers": layers}) for prefix in PREFIXES),
            *(Numbers(f"{golden} of type {one}", golden, text={"model_type": one}, expected={"layers": layers})
              for one in types),
            Numbers(f"{golden} beside images", golden, extra=parts, expected={"layers": layers}),
            *(Numbers(f"{golden} with a head of its own, {head}", golden, text={"tie_word_embeddings": False},
                      extra={head: [vocab, hidden]}, expected={"tied_head": False}) for head in HEADS),
            *(Numbers(f"{golden} with a copy, {head}", golden, extra={head: "model.embed_tokens.weight"},
                      expected={"tied_head": True}) for head in HEADS),
            # transformers does not tie them then, and warns; we cannot tell which of the two is meant.
            Numbers(f"{golden} with another head, though tied", golden, extra={HEADS[0]: [vocab, hidden]}, refused="differs from"),
            Numbers(f"{golden} as GGUF with a head of its own", golden, gguf={}, extra={"output.weight": [vocab, hidden]},
                    expected={"tied_head": False})]


EPSILON = {"vocab": 256, "hidden_size": 48, "layers": 5, "window": 9, "norm_eps": 0.05, "heads": 4, "head_dim": 16,
           "layer_types": ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention",
                           "full_attention"],
           "global_head_dim": 32, "shared_layers": 2, "rope_theta": 2500.0, "global_rope_theta": 90000.0, "experts": 6,
           "top_k_experts": 2, "expert_size": 32, "moe_block": True, "ple_size": 16, "ple_vocab": 256,
           "final_softcap": 12.0, "tied_head": True, "bos_id": 7, "eos_ids": 9, "max_position": 4097}
# What transformers' Gemma4TextConfig has where config.json says nothing, and the runtime's own.
DEFAULTS4 = {"norm_eps": 1e-6, "global_kv_heads": None, "shared_layers": 0, "k_eq_v": False, "attention_bias": False,
             "rope_theta": 10000.0, "global_rope_theta": 1000000.0, "global_rope_part": 0.25, "rope_type": "default",
             "global_rope_type": "proportional", "activation": "gelu_pytorch_tanh", "double_wide": False,
             "experts": 0, "top_k_experts": 0, "expert_size": 0, "moe_block": False, "ple_size": 0, "ple_vocab": 512,
             "bidirectional": "none", "image_tokens": 280, "final_softcap": 0, "tied_head": True, "bos_id": 2,
             "eos_ids": 1, "temperature": 1, "top_p": 0.95, "top_k": 64, "kv_heads_listed": None,
             "head_dim_listed": None, "ffn_listed": None, "image_patch": None, "image_pool": 3,
             "image_kind": "gemma4_vision", "image_budget": 280, "frame_budget": 70, "audio_kind": None, "audio_samples": None,
             "audio_rate": 16000, "audio_frame": 320, "audio_hop": 160, "audio_fft": 512, "audio_bands": 128, "audio_low": 0,
             "audio_high": 8000, "audio_floor": 0.001}
# Pictures and sound: none of these numbers is the published one.
MEDIA = {"vision_config": {"model_type": "gemma4_vision", "patch_size": 14, "pooling_kernel_size": 2},
         "audio_config": {"model_type": "gemma4_audio"}}
UNIFIED = {"vision_config": {"model_type": "gemma4_unified_vision", "patch_size": 14, "pooling_kernel_size": 2},
           "audio_config": {"model_type": "gemma4_unified_audio", "audio_embed_dim": 600}}
PROCESSOR = {"image_processor": {"max_soft_tokens": 77}, "video_processor": {"max_soft_tokens": 33}, "feature_extractor": {
    "sampling_rate": 8000, "frame_length": 200, "hop_length": 80, "fft_length": 256, "feature_size": 40, "min_frequency": 50.0,
    "max_frequency": 3900.0, "mel_floor": 0.002}}
GEMMA4_NUMBERS = [
    Numbers("base with rope_freqs", "base", gguf={}, extra={"rope_freqs.weight": [32]}, expected={"layers": 3}),
    Numbers("one head size for all", "base", text={"global_head_dim": None}, refused="128"),
    Numbers("epsilon with ids of its own", "epsilon", text={
        "max_position_embeddings": 4097, "bos_token_id": 7, "eos_token_id": 9, "vision_soft_tokens_per_image": 160,
        "use_bidirectional_attention": "vision"},
        expected=EPSILON | {"kv_heads": 2, "global_kv_heads": 1, "k_eq_v": True, "global_rope_part": 0.5, "ffn_size": 64,
                            "double_wide": False, "bidirectional": "vision", "image_tokens": 160}),
    Numbers("pictures and sound of its own", "base", nested=True, config=UNIFIED, processor=PROCESSOR, expected={
        "image_patch": 14, "image_pool": 2, "image_kind": "gemma4_unified_vision", "image_budget": 77, "frame_budget": 33,
        "audio_kind": "gemma4_unified_audio", "audio_samples": 600, "audio_rate": 8000, "audio_frame": 200, "audio_hop": 80,
        "audio_fft": 256, "audio_bands": 40, "audio_low": 50, "audio_high": 3900, "audio_floor": 0.002}),
    Numbers("26b-like, ids outside", "26b-like", expected={"eos_ids": [1, 16], "bos_id": 2, "expert_size": 32}),
    Numbers("26b-like, ids inside", "26b-like", config={"eos_token_id": None}, text={"eos_token_id": 9},
            expected={"eos_ids": 9}),
    Numbers("older name of the experts' width", "26b-like", text={
        "moe_intermediate_size": None, "expert_intermediate_size": 32}, expected={"expert_size": 32}),
    Numbers("a head of its own, outside", "26b-like", config={"tie_word_embeddings": False}, refused="lm_head"),
    Numbers("a head of its own, inside", "26b-like", config={"tie_word_embeddings": None},
            text={"tie_word_embeddings": False}, refused="lm_head"),
    Numbers("a bias", "base", text={"attention_bias": True}, refused="attention_bias = true"),
    Numbers("another activation", "base", text={"hidden_activation": "relu"}, refused="relu"),
    Numbers("another rotation", "base", text={ROPES[0] + "rope_type": "linear"}, refused="linear"),
    Numbers("another global rotation", "base", text={ROPES[1] + "rope_type": "linear"}, refused="linear"),
    Numbers("experts switched off", "epsilon", text={"enable_moe_block": False}, refused="expert|router"),
    Numbers("a small per-layer table", "epsilon", text={"vocab_size_per_layer_input": 200}, refused="ple_vocab = 200"),
    Numbers("layers listed", "base", text={"per_layer_config": {
        str(i): {"num_key_value_heads": 2, "head_dim": 64 if i == 2 else 32} for i in range(3)}},
        expected={"kv_heads_listed": [2, 2, 2], "head_dim_listed": [32, 32, 64]}),
    Numbers("base with defaults only", "base", text={
        "rms_norm_eps": None, "num_global_key_value_heads": None, "num_kv_shared_layers": None, "attention_k_eq_v": None,
        "attention_bias": None, "rope_parameters": None, "hidden_activation": None, "use_double_wide_mlp": None,
        "num_experts": None, "top_k_experts": None, "moe_intermediate_size": None, "enable_moe_block": None,
        "hidden_size_per_layer_input": None, "vocab_size_per_layer_input": None, "use_bidirectional_attention": None,
        "final_logit_softcapping": None, "tie_word_embeddings": None, "bos_token_id": None, "eos_token_id": None},
        expected=DEFAULTS4),
    Numbers("epsilon as GGUF with numbers of its own", "epsilon", gguf={
        "gemma4.context_length": 4097, **TOKENS, **SAMPLING},
        expected=EPSILON | {"kv_heads": None, "k_eq_v": None, "ffn_size": None, "kv_heads_listed": [2, 2, 1, 2, 1],
                            "ffn_listed": [64] * 5, "bidirectional": "none", "image_tokens": 280,
                            "global_rope_part": 0.25, **SAMPLED}),
    Numbers("another vocabulary than the table's", "base", gguf={"gemma4.vocab_size": 500}, refused="token_embd"),
    Numbers("base as GGUF with defaults only", "base", gguf={f"gemma4.{key}": None for key in (
        "attention.layer_norm_rms_epsilon", "attention.shared_kv_layers", "rope.freq_base", "rope.freq_base_swa",
        "embedding_length_per_layer_input", "final_logit_softcapping")} | {
        "tokenizer.ggml.bos_token_id": None, "tokenizer.ggml.eos_token_id": None},
        expected=DEFAULTS4 | {"k_eq_v": None, "kv_heads": None, "ffn_size": None, "ffn_listed": [192] * 3,
                              "kv_heads_listed": [2, 2, 2], "bidirectional": "vision", "vocab": 512}),
    *layouts("base", 3, 512, 96, ["gemma4", "gemma4_text", "gemma4_unified", "gemma4_unified_text"], PARTS),
]
GEMMA4_CHANGES = [
    ("layer.let.sliding", "layer_types[i] != 'sliding_attention'"),
    ("layer.let.owns_kv", "i < layers - shared_layers + 1"),
    ("layer.let.kv_source", "owns_kv ? i : (sliding ? 0 : 1)"),
    ("layer.let.v_from_k", "!sliding && owns_kv"),
    ("layer.let.v_from_k", "false"),
    ("layer.let.head", "head_dim"),
    ("layer.let.kv", "kv_heads"),
    ("layer.let.theta", "sliding ? rope_theta * 1.2 : global_rope_theta"),
    ("layer.let.theta", "sliding ? rope_theta : global_rope_theta * 1.2"),
    ("layer.let.theta", "rope_theta"),
    ("layer.let.theta", "global_rope_theta"),
    ("layer.let.pairs", "sliding ? floor(head / 2) - 1 : floor(global_rope_part * head / 2)"),
    ("layer.let.pairs", "sliding ? floor(head / 2) : floor(global_rope_part * head / 2) - 1"),
    ("layer.let.pairs", "floor(head / 2)"),
    ("layer.let.ffn", "ffn_size"),
    ("let.ple", "false"),
    ("let.moe", "false"),
    ("layer.count", "layers - 1"),
    ("layer.out", "y"),
    (STEPS + "v.in", "v_raw|k_normed"),
    (STEPS + "v.in", "v_raw|k"),
    (STEPS + "r.in", ["embedded", "attn_normed"]),
    (STEPS + "inner.in", ["up", "gate"]),
    (STEPS + "route_normed.in", "ffn_in"),
    (STEPS + "expert_in.in", "ffn_in"),
    (STEPS + "ffn_sum.in", ["dense_normed", "dense"]),
    (STEPS + "y.in", ["x", "ffn_normed"]),
    (STEPS + "ple_gate.in", "r"),
    (STEPS + "y_ple.in", ["r", "ple_normed"]),
    (STEPS + "scaled.in", "y"),
    ("before.ple_sum.in", ["ple_context", "ple_context"]),
]
STREAM = "only ids are tokens, and only `embedded` has the stream's width: ids-misused.toml, stream-width.toml"
CHECKS = {
    "layer.in": STREAM,
    "before.*.in": STREAM,
    "schema": "another value is refused: test/compiler/config/wrong-schema.toml",
    "family": "a name, which enters nothing but messages and `info`",
    "checks[[]*": "test/compiler/config/SizesTest.cpp, bad-check.toml; numbers.* here where a golden breaks one",
    "*.why": "text that is shown",
    "numbers.*.type": "test/compiler/config/wrong-type.toml; another type prints another value",
    "numbers.*.list": "test/compiler/config/list-not-allowed.toml",
    "numbers.*.min": "a limit, not a value: test/compiler/config/out-of-bounds.toml",
    "numbers.*.max": "a limit, not a value: test/compiler/config/out-of-bounds.toml",
    "*.op": "another operation takes other operands and attributes: test/compiler/config/missing-attribute.toml",
}
# A width that another step or a weight's shape contradicts.
WIDTHS = ["layer.count = *", "*.head_dim = *", "*.heads = *", "*.kv_heads = *"]
GROUPS = [STEPS + "[qk]_normed.group = *"]
GEMMA4_REFUSED = [*WIDTHS, *GROUPS, "before.ple_context.group = *", STEPS + "ple_slice.size = *",
                  *(f"layer.let.{name} = *" for name in ("sliding", "v_from_k", "head", "kv", "ffn")), "let.*"]
# Of the published tokens 106 ends a turn, and Gemma 4's 50 waits for a tool; a vocabulary of 1001 is the smallest that is
# taken for a published one. Templates of sizes without per-layer embeddings open with an empty thought (test/goldens/
# templates). Floors as docs/quantization.md has them: embedding and head q6, the per-layer table q8, routers float32.
RUNTIME = {"context": 8192, "bos": 7, "sampling": {"temperature": 1.0, "top_p": 0.95, "top_k": 64}}
GGUF_RUNTIME = {"context": 4097, "bos": 7, "sampling": SAMPLED}
IDS = {"bos_token_id": 7, "eos_token_id": 9}
GEMMA4_BUILT = [
    Built("small gemma4", "shared-keqv-wide-ple", text=IDS | {"vocab_size": 1001, "vocab_size_per_layer_input": 1001}, extra={
        "model.embed_tokens.weight": [1001, 32], "model.embed_tokens_per_layer.weight": [1001, 64]},
        expected=RUNTIME | {"template": "gemma4", "empty_thought": False, "stop_ids": [9, 1, 106, 50],
                            "formats": {"q4": 32, "q6": 1, "q8": 1}, "layers": [
            "sliding, per-layer embedding", "global, values = keys, per-layer embedding",
            "sliding, shared keys and values, double-wide, per-layer embedding",
            "global, shared keys and values, double-wide, per-layer embedding"]}),
    Built("large gemma4 as GGUF", "shared-moe", gguf={
        "gemma4.context_length": 4097, "tokenizer.chat_template": "x", **TOKENS, **SAMPLING},
        expected=GGUF_RUNTIME | {"template": "gemma4", "empty_thought": True, "stop_ids": [9, 1],
                                 "formats": {"q4": 32, "q6": 1, "f32": 4}, "layers": [
            "sliding, experts", "global, experts", "sliding, shared keys and values, experts",
            "global, shared keys and values, experts"]}),
    Built("pictures and sound", "base", nested=True, config=MEDIA, processor=PROCESSOR, expected={
        "image": {"frame_tokens": 33, "patch": 14, "pool": 2, "tokens": 77},
        "audio": {"bands": 40, "fft": 256, "floor": 0.002, "frame": 200, "high": 3900, "hop": 80, "longest": 240000, "low": 50,
                  "rate": 8000}}),
    Built("pictures and sound without encoders", "base", nested=True, config=UNIFIED, processor=PROCESSOR, expected={
        "image": {"frame_tokens": 33, "patch": 28, "pool": 1, "tokens": 77}, "audio": {"frame": 600, "rate": 8000}}),
    Built("neither pictures nor sound", "base", expected={"image": None, "audio": None}),
    Built("gemma4 with a head of its own", "unlisted", expected={"template": "gemma4", "formats": {"q4": 42, "q6": 2}}),
]
GEMMA4 = Family("models/gemma4.toml", "epsilon",
                [("e2b-like", {}), ("26b-like", {}), ("26b-like", {"split_experts": True}), ("keqv-shared", {}),
                 ("unlisted", {"more": {"gemma4.attention.key_length_swa": None}})],
                GEMMA4_NUMBERS, GEMMA4_CHANGES, GEMMA4_REFUSED, GEMMA4_BUILT,
                elsewhere=CHECKS | {
                    "sizes.*": "test/compiler/config/PublishedTest.cpp changes each of them"})

GEMMA3_270M = {"vocab": 262144, "max_position": 32768, "hidden_size": 640, "layers": 18, "global_every": 6, "window": 512,
               "heads": 4, "kv_heads": 1, "head_dim": 256, "query_scalar": 256, "ffn_size": 2048, "norm_eps": 1e-6,
               "rope_theta": 10000.0, "global_rope_theta": 1000000.0, "final_softcap": 0, "score_softcap": 0}
GEMMA3_OWN = {"rms_norm_eps": 0.01, "sliding_window": 9, "max_position_embeddings": 4097, "bos_token_id": 7,
              "eos_token_id": 9, "query_pre_attn_scalar": 48, "rope_theta": 90000.0, "rope_local_base_freq": 2500.0,
              "attn_logit_softcapping": 20.0, "final_logit_softcapping": 12.0, "sliding_window_pattern": 3,
              "_sliding_window_pattern": None}
GEMMA3_SAID = {"norm_eps": 0.01, "window": 9, "max_position": 4097, "bos_id": 7, "eos_ids": 9, "query_scalar": 48,
               "global_rope_theta": 90000.0, "rope_theta": 2500.0, "score_softcap": 20.0, "final_softcap": 12.0,
               "global_every": 3, "vocab": 320, "heads": 4, "kv_heads": 1, "head_dim": 32}
GEMMA3_DEFAULTS = {"norm_eps": 1e-6, "rope_theta": 10000.0, "global_rope_theta": 1000000.0, "score_softcap": 0,
                   "final_softcap": 0, "global_every": 6, "layer_types": None, "query_scalar": 32, "tied_head": True,
                   "attention_bias": False, "rope_scaling": "default", "activation": "gelu_pytorch_tanh", "bos_id": 2,
                   "eos_ids": 1, "temperature": 1, "top_p": 0.95, "top_k": 64, "vocab": 320, "max_position": 131072}
GEMMA3_BARE = ["vocab_size", "max_position_embeddings", "layer_types", "_sliding_window_pattern", "rms_norm_eps",
               "attn_logit_softcapping", "final_logit_softcapping", "rope_theta", "rope_local_base_freq", "rope_scaling",
               "hidden_activation", "tie_word_embeddings", "bos_token_id", "eos_token_id", "attention_bias"]
GEMMA3_NUMBERS = [
    Numbers("gemma3 with ids outside", "gemma3", nested=True, config={"bos_token_id": 7, "eos_token_id": 9},
            expected={"bos_id": 7, "eos_ids": 9}),
    Numbers("gemma3 with ids inside", "gemma3", nested=True, text={"bos_token_id": 7, "eos_token_id": 9},
            expected={"bos_id": 7, "eos_ids": 9}),
    Numbers("a head of its own, outside", "gemma3", nested=True, config={"tie_word_embeddings": False}, refused="lm_head"),
    Numbers("a head of its own, inside", "gemma3", nested=True, text={"tie_word_embeddings": False}, refused="lm_head"),
    Numbers("another vocabulary than the table's in config.json", "gemma3", text={"vocab_size": 300}, refused="300"),
    Numbers("gemma3 without a head size", "gemma3", text={"head_dim": None}, refused=r"\b256\b"),
    Numbers("gemma3 without key/value heads", "gemma3", text={"num_key_value_heads": None}, refused=r"\b128, 96"),
    Numbers("gemma3 with numbers of its own", "gemma3", text=GEMMA3_OWN, expected=GEMMA3_SAID),
    Numbers("gemma3 in newer names", "gemma3", text={
        "rope_theta": None, "rope_local_base_freq": None, "_sliding_window_pattern": 3, "rope_parameters": {
            "sliding_attention": {"rope_theta": 2500.0}, "full_attention": {"rope_theta": 90000.0}}},
        expected={"rope_theta": 2500.0, "global_rope_theta": 90000.0, "global_every": 3}),
    Numbers("gemma3 with defaults only", "gemma3", text={key: None for key in GEMMA3_BARE} | {
        "query_pre_attn_scalar": None}, expected=GEMMA3_DEFAULTS),
    Numbers("gemma3 without heads", "gemma3", text={"num_attention_heads": None}, refused=r"\b256, 96"),
    Numbers("a head of its own", "gemma3", text={"tie_word_embeddings": False}, refused="lm_head"),
    Numbers("a bias", "gemma3", text={"attention_bias": True}, refused="attention_bias = true"),
    Numbers("another activation", "gemma3", text={"hidden_activation": "relu"}, refused="relu"),
    Numbers("another activation, older name", "gemma3", text={"hidden_activation": None, "hidden_act": "relu"},
            refused="relu"),
    Numbers("another rotation", "gemma3", text={"rope_scaling": {"rope_type": "linear"}}, refused="linear"),
    Numbers("another rotation, newer name", "gemma3", text={"rope_parameters": {
        "full_attention": {"rope_type": "linear"}}}, refused="linear"),
    Numbers("gemma3 as GGUF with numbers of its own", "gemma3", gguf={
        "gemma3.attention.layer_norm_rms_epsilon": 0.01, "gemma3.attention.sliding_window": 9,
        "gemma3.context_length": 4097, "gemma3.rope.freq_base": 90000.0, "gemma3.rope.freq_base_swa": 2500.0,
        "gemma3.attn_logit_softcapping": 20.0, "gemma3.final_logit_softcapping": 12.0, **TOKENS, **SAMPLING},
        expected=GEMMA3_SAID | {"query_scalar": 32, **SAMPLED}),
    Numbers("gemma3 as GGUF with another rotation", "gemma3", gguf={"gemma3.rope.scaling.type": "linear"},
            refused="linear"),
    Numbers("another vocabulary than the table's", "gemma3", gguf={"gemma3.vocab_size": 300}, refused="token_embd"),
    Numbers("gemma3 as GGUF with defaults only", "gemma3", gguf={f"gemma3.{key}": None for key in (
        "attention.layer_norm_rms_epsilon", "attention.sliding_window_pattern", "rope.freq_base", "rope.freq_base_swa")} | {
        "tokenizer.ggml.bos_token_id": None, "tokenizer.ggml.eos_token_id": None},
        expected=GEMMA3_DEFAULTS | {"max_position": 8192}),
    Numbers("270m", size="270m", expected=GEMMA3_270M),
    *layouts("gemma3", 5, 320, 96, ["gemma3", "gemma3_text"],
             {"model.vision_tower.x": [1], "model.multi_modal_projector.x": [1]}),
]
GEMMA3_BUILT = [
    Built("gemma3", "gemma3-epsilon", text=IDS | {"vocab_size": 1001}, extra={
        "model.embed_tokens.weight": [1001, 24], "lm_head.weight": [1001, 24]},
        expected=RUNTIME | {"template": "gemma3", "empty_thought": False, "stop_ids": [9, 1, 106],
                            "formats": {"q4": 21, "q6": 2}, "layers": ["sliding", "sliding", "global"]}),
    Built("gemma3 as GGUF", "gemma3-epsilon", gguf={
        "gemma3.context_length": 4097, "tokenizer.chat_template": "x", **TOKENS, **SAMPLING},
        expected=GGUF_RUNTIME | {"template": "gemma3", "stop_ids": [9, 1]}),
]
GEMMA3 = Family("models/gemma3.toml", "gemma3", [("gemma3", {})], GEMMA3_NUMBERS, [
    ("layer.let.sliding", "layer_types[i] != 'sliding_attention'"),
    ("layer.let.theta", "rope_theta"), ("layer.let.theta", "global_rope_theta"),
    ("layer.let.theta", "sliding ? rope_theta * 1.2 : global_rope_theta"),
    ("layer.let.theta", "sliding ? rope_theta : global_rope_theta * 1.2"),
    ("layer.count", "layers - 1"), ("layer.out", "r"),
    (STEPS + "inner.in", ["up", "gate"]), (STEPS + "r.in", ["embedded", "attn_normed"]),
    (STEPS + "y.in", ["x", "ffn_normed"])], [*WIDTHS, *GROUPS], GEMMA3_BUILT,
    elsewhere=CHECKS)

SMOLLM2 = {"vocab": 49152, "max_position": 8192, "hidden_size": 576, "layers": 30, "norm_eps": 1e-5, "heads": 9,
           "kv_heads": 3, "head_dim": 64, "rope_theta": 100000.0, "ffn_size": 1536, "tied_head": True}
LLAMA_DEFAULTS = {"max_position": 2048, "norm_eps": 1e-6, "rope_theta": 10000.0, "rope_scaling": "default",
                  "attention_bias": False, "mlp_bias": False, "activation": "silu", "head_dim": 16, "rotated": 16,
                  "experts": 0, "bos_id": 1, "eos_ids": 2}
LLAMA_NUMBERS = [
    Numbers("llama with numbers of its own", "llama", text={
        "max_position_embeddings": 4097, "bos_token_id": 7, "eos_token_id": 9, "head_dim": 16},
        expected={"vocab": 256, "max_position": 4097, "norm_eps": 0.01, "heads": 6, "kv_heads": 2, "rope_theta": 500000.0,
                  "bos_id": 7, "eos_ids": 9, "tied_head": False}),
    Numbers("llama in newer names", "llama", text={"rope_theta": None, "rope_parameters": {"rope_theta": 2500.0}},
            expected={"rope_theta": 2500.0}),
    Numbers("llama at ''", "llama", prefix="", expected={"layers": 2}),
    Numbers("llama with a copy", "llama-small", extra={"lm_head.weight": "model.embed_tokens.weight"},
            expected={"tied_head": True}),
    Numbers("llama with another head, though tied", "llama", text={"tie_word_embeddings": True}, refused="differs from"),
    Numbers("llama without a head", "llama", text={"tie_word_embeddings": True}, dropped=("lm_head.weight",),
            expected={"tied_head": True}),
    Numbers("llama, its own head lost", "llama", dropped=("lm_head.weight",), refused="lm_head"),
    Numbers("another head size", "llama", text={"head_dim": 32}, refused="192"),
    Numbers("llama with defaults only", "llama", text={key: None for key in (
        "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "attention_bias", "mlp_bias",
        "hidden_act", "bos_token_id", "eos_token_id", "tie_word_embeddings")},
        expected=LLAMA_DEFAULTS | {"tied_head": False}),
    Numbers("llama without key/value heads", "llama", text={"num_key_value_heads": None}, refused=r"\[96, 96\]|96 x 96"),
    Numbers("a bias", "llama", text={"attention_bias": True}, refused="attention_bias = true"),
    Numbers("a bias of the feed-forward", "llama", text={"mlp_bias": True}, refused="mlp_bias = true"),
    Numbers("another activation", "llama", text={"hidden_act": "relu"}, refused="relu"),
    *(Numbers(f"another rotation in {key}.{word}", "llama", text={key: {word: "linear"}}, refused="linear")
      for key, word in (("rope_scaling", "rope_type"), ("rope_scaling", "type"), ("rope_parameters", "rope_type"))),
    Numbers("llama as GGUF with numbers of its own", "llama", gguf={"llama.context_length": 4097, **TOKENS},
            expected={"vocab": 256, "max_position": 4097, "norm_eps": 0.01, "heads": 6, "kv_heads": 2, "bos_id": 7,
                      "rope_theta": 500000.0, "eos_ids": 9, "tied_head": False}),
    Numbers("llama as GGUF with defaults only", "llama", gguf={f"llama.{key}": None for key in (
        "attention.layer_norm_rms_epsilon", "rope.freq_base", "rope.dimension_count", "attention.key_length",
        "vocab_size")} | {"tokenizer.ggml.bos_token_id": None, "tokenizer.ggml.eos_token_id": None},
        expected=LLAMA_DEFAULTS | {"vocab": 256, "tied_head": False}),
    Numbers("half of a head rotated", "llama", gguf={"llama.rope.dimension_count": 8}, refused="8 of the 16"),
    Numbers("another head size in GGUF", "llama", gguf={
        "llama.attention.key_length": 32, "llama.rope.dimension_count": 32}, refused="192"),
    Numbers("another vocabulary than the table's", "llama", gguf={"llama.vocab_size": 250}, refused="token_embd"),
    Numbers("experts", "llama", gguf={"llama.expert_count": 4}, refused="experts = 4"),
    Numbers("scaled rotation in GGUF", "llama", gguf={"llama.rope.scaling.type": "linear"}, refused="linear"),
    Numbers("smollm2-135m", size="smollm2-135m", expected=SMOLLM2),
]
LLAMA = Family("test/families/llama.toml", "llama", [("llama", {})], LLAMA_NUMBERS, [
    ("layer.count", "layers - 1"), ("layer.out", "r"),
    (STEPS + "inner.in", ["up", "gate"]), (STEPS + "r.in", ["embedded", "attn_out"]), (STEPS + "y.in", ["x", "ffn_out"])],
    WIDTHS, [Built("llama", "llama", text=IDS, expected={
        "template": "", "context": 2048, "bos": 7, "stop_ids": [9], "formats": {"q4": 14, "q6": 2}})], elsewhere=CHECKS)

FAMILIES = [GEMMA4, GEMMA3, LLAMA]
