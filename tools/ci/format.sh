#!/usr/bin/env bash
# Every C and C++ file is as clang-format-22 writes it (.clang-format).      tools/ci/format.sh [--fix]
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t files < <(git ls-files -co --exclude-standard -- '*.h' '*.cpp' '*.c' | while read -r f; do [ ! -e "$f" ] || echo "$f"; done)
[ ${#files[@]} -gt 0 ] || { echo "format: no file"; exit 0; }
if [ "${1:-}" = --fix ]; then
  clang-format-22 -i "${files[@]}"
  echo "format: ${#files[@]} files written"
elif ! clang-format-22 --dry-run -Werror --ferror-limit=1 "${files[@]}"; then
  echo "format: run tools/ci/format.sh --fix" >&2
  exit 1
else
  echo "format: ${#files[@]} files are as clang-format-22 writes them"
fi
