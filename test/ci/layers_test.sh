#!/usr/bin/env bash
# tools/ci/layers.sh finds each kind of breach, names the line, and lets the clean tree pass.
set -u
layers=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

lay() { # lay PATH TEXT: a tree with one file more than the clean one
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/{compiler,dialects,passes,runtime,targets/x86_64/device}
  printf '#include "dialects/a.h"\n// gemma3 in a comment, avx2 too; see http://x/avx2\n' >"$tree/passes/clean.cpp"
  printf '#include <immintrin.h>\nint avx2();\n' >"$tree/targets/x86_64/device/clean.cpp"
  printf 'summary;\n```mlir\n"layers.0.q_proj"\n```\n' >"$tree/dialects/clean.td"
  [ -z "$1" ] || { mkdir -p "$(dirname "$tree/$1")"; printf '%s\n' "$2" >"$tree/$1"; }
}
expect() { # expect STATUS WORDS
  local out status=0
  out=$("$layers" "$tree" 2>&1) || status=$?
  if [ $status != "$1" ] || ! grep -qF -- "$2" <<<"$out"; then
    printf 'expected status %s and "%s", got %s:\n%s\n' "$1" "$2" "$status" "$out"
    failed=1
  fi
}

lay "" "" && expect 0 "where they belong"
lay runtime/a.cpp 'auto space = "\xE2\x80\x86";' && expect 0 "where they belong"
lay passes/a.cpp '#include "compiler/Driver.h"' && expect 1 'passes/a.cpp:1:#include "compiler/Driver.h"'
lay passes/a.cpp '#include "targets/Target.h"' && expect 1 "a pass includes a target"
lay compiler/a.cpp '#include "runtime/base/Output.h"' && expect 0 "where they belong"
lay compiler/a.cpp '#include "runtime/model/Session.h"' && expect 1 "compiler/a.cpp:1"
lay runtime/a.cpp '#include "dialects/a.h"' && expect 1 "runtime/a.cpp:1"
lay runtime/a.cpp '#include <llvm/ADT/Twine.h>' && expect 1 "linked into executables"
lay targets/x86_64/device/a.cpp '#include "mlir/IR/Builders.h"' && expect 1 "linked into executables"
lay compiler/a.cpp 'bool fast = has("avx512vnni");' && expect 1 "compiler/a.cpp:1"
lay runtime/a.cpp 'int x86_64;' && expect 1 "an instruction set is named"
lay targets/Registry.cpp 'auto t = "aarch64";' && expect 1 "targets/Registry.cpp:1"
lay compiler/a.cpp 'if (name == "gemma4") f();' && expect 1 "names a model"
lay passes/a.td 'def E2B : Pass;' && expect 1 "passes/a.td:1"
lay compiler/a.cpp 'auto w = find("q_proj.weight");' && expect 1 "names a model, a size or a layer"
lay compiler/a.cpp 'auto w = find("layers.3");' && expect 1 "names a model, a size or a layer"
exit $failed
