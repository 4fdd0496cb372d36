#!/usr/bin/env bash
# Keeps the layers apart (CONTRIBUTING.md, "Layers"). Names file and line of each breach.      tools/ci/layers.sh [ROOT]
#  1. includes point one way:  tools -> compiler -> targets -> passes -> dialects -> MLIR;  runtime includes only itself;
#     of runtime, the compiler shares abi (the contract) and base (files and streams)
#  2. an instruction set is named only inside targets/<name>/
#  3. no model, size or layer name in the code of compiler, dialects, passes and targets: the description says those
# Comments and the examples in TableGen's descriptions are free; what is checked is code.
set -uo pipefail
shopt -s lastpipe # report runs in this shell, so that it can set `failed`
cd "${1:-$(dirname "$0")/../..}" || exit 2
failed=0

# Prints "file:line:text" of the C, C++ and TableGen files under the given paths, comments taken out.
codeOf() {
  find "$@" \( -name '*.h' -o -name '*.cpp' -o -name '*.c' -o -name '*.td' -o -name '*.def' \) -print0 2>/dev/null | sort -z |
    xargs -0 -r awk 'FNR == 1 { example = 0 } /^ *```/ && FILENAME ~ /td$/ { example = !example; next } example { next }
      { sub(/(^|[^:])\/\/.*/, ""); if ($0 ~ /[^ \t]/) print FILENAME ":" FNR ":" $0 }'
}
report() { # report "what is wrong" "what to do" < breaches
  local lines
  lines=$(cat)
  [ -n "$lines" ] || return 0
  printf '%s\nlayers: %s\n        %s\n' "$lines" "$1" "$2" >&2
  failed=1
}

allowed() { # the folders a layer's includes may start with, besides itself
  case $1 in
    runtime) echo - ;;
    dialects) echo 'runtime/abi' ;;
    passes) echo 'dialects|runtime/abi' ;;
    targets) echo 'passes|dialects|runtime' ;;
    compiler) echo 'targets|passes|dialects|runtime/abi|runtime/base' ;;
  esac
}
for layer in runtime dialects passes targets compiler; do
  codeOf $layer | grep -E '#[ ]*include "(tools|compiler|targets|passes|dialects|runtime|test)/' |
    grep -vE "include \"($layer|$(allowed $layer))/" |
    report "$layer may include only: $layer, $(allowed $layer)" "move the code to the layer it belongs to, or pass the value in"
done
# The run-time side of a target is linked into executables: it knows nothing of LLVM or of the compiler's layers.
codeOf runtime targets/*/device targets/*/kernels | grep -E '#[ ]*include [<"](llvm|mlir|lld|clang|compiler|passes|dialects)/' |
  report "code that is linked into executables includes the compiler" "only runtime/ may be included there"
# Passes see the target through IR attributes, never through its folder.
codeOf dialects passes | grep -E '#[ ]*include "targets/' | report "a pass includes a target" "read the target from the module's attribute"

instructions='avx[0-9a-z_]*|sse[0-9]?|vnni|vpdp[a-z]+|pmadd[a-z]*|mmx|fma3|f16c|cpuid|xgetbv|zmm[0-9]*|ymm[0-9]*|x86[-_a-z0-9]*|znver[0-9]'
instructions+='|aarch64[-_a-z0-9]*|arm64|neon|sdot|udot|smmla|usdot|sve2?|dotprod|asimd[a-z]*|neoverse[-_a-z0-9]*|cortex[-_a-z0-9]*'
instructions+='|riscv[0-9]*|rvv|dp4a|nvptx|nvvm|ptx|sm_[0-9]+|immintrin|arm_neon'
mapfile -t neutral < <(ls -d compiler dialects passes runtime targets/*.cpp targets/*.h targets/llvm 2>/dev/null)
codeOf "${neutral[@]}" | grep -E ":[0-9]+:.*(^|[^A-Za-z0-9_\\\\])($instructions)([^A-Za-z0-9]|$)|_(x86|aarch64|arm64|avx[0-9]*)" -i |
  report "an instruction set is named outside targets/<name>/" "put it behind targets/Target.h, in the target's own folder"

models='gemma[-_ ]?[2345]n?|e2b|e4b|12b|26b|31b|270m|a4b|smollm[0-9]*|qwen[0-9]*|mistral'
layers_='[qkvo]_proj|(gate|up|down)_proj|gate_up_proj|self_attn|embed_tokens|lm_head|layernorm|attn_[qkv]|ffn_[a-z]+|token_embd|blk[.]|per_expert_scale|layer_scalar|layers?[.][0-9]+'
codeOf compiler dialects passes targets | grep -iE ":[0-9]+:.*(^|[^A-Za-z0-9_])($models|$layers_)([^A-Za-z0-9_]|$)" |
  report "code names a model, a size or a layer" "the description (models/*.toml) says it; the code reads it"

[ $failed = 0 ] && echo "layers: includes, instruction sets and names are where they belong"
exit $failed
