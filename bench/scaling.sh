#!/usr/bin/env bash
# Milliseconds a step (Adagrad, made-up ids, dimension 32, layers 256 and 128) by batch, rows, columns and threads.
# usage: scaling.sh WEFT_BENCH [SECONDS], SECONDS counted a figure (default 1)
set -euo pipefail
bench=${1:?usage: scaling.sh WEFT_BENCH [SECONDS]} seconds=${2:-1}

# ms_per_step THREADS BATCH ROWS COLUMNS MEAN_IDS
ms_per_step() {
  "$bench" --workload made-up --mode step --threads "$1" --compute-threads "$1" --seconds "$seconds" \
    --batch "$2" --vocab "$3" --columns "$4" --mean-ids "$5" --dim 32 --hidden 256,128 |
    sed -n 's/.*"ms_per_step":\([0-9.]*\).*/\1/p'
}

# table TITLE KIND VALUE...: a row for each number of threads, a column for each value.
table() {
  local title=$1 kind=$2 threads value
  shift 2
  printf '\n| %s |' "$title"
  printf ' %s |' "$@"
  printf '\n| --- |'
  printf ' --- |%.0s' "$@"
  for threads in 1 2; do
    printf '\n| weft, threads: %s |' "$threads"
    for value in "$@"; do
      case $kind in
        batch) printf ' %s |' "$(ms_per_step "$threads" "$value" 1000000 2 20)" ;;
        rows) printf ' %s |' "$(ms_per_step "$threads" 1024 "$value" 2 20)" ;;
        columns) printf ' %s |' "$(ms_per_step "$threads" 1024 1000000 "$value" 5)" ;;
      esac
    done
  done
  printf '\n'
}

table "batch (1M rows, 2 columns of 20 ids)" batch 32 128 512 2048 8192
table "rows (batch 1024, 2 columns of 20 ids)" rows 10000 100000 1000000 10000000 20000000
table "columns (batch 1024, 1M rows, 5 ids each)" columns 1 2 4 8 16
