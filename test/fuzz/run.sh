#!/usr/bin/env bash
# Runs a fuzz target for some seconds:   run.sh BINARY FOLDER SECONDS SEEDS... [-OPTION...]
# FOLDER keeps what the run found interesting, and inputs that broke it. Files over 64 KiB are no seeds.
set -euo pipefail
binary=$1 folder=$2 seconds=$3
shift 3
mkdir -p "$folder/found" "$folder/seeds"
for seed in "$@"; do
  case $seed in -*) continue ;; esac
  [ ! -e "$seed" ] || find "$seed" -type f -size -65k -print0 | while IFS= read -r -d '' file; do
    cp -f "$file" "$folder/seeds/$(sha1sum "$file" | cut -c1-16)"
  done
done
options=()
for word in "$@"; do case $word in -*) options+=("$word") ;; esac; done
# No input may cost 2 GiB or 10 s: a count in a file is checked before it is believed.
exec "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
  -artifact_prefix="$folder/broken-" ${options[@]+"${options[@]}"} "$folder/found" "$folder/seeds"
