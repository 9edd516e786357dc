#!/usr/bin/env bash
# Kills the example `resume` at some batches, starts it again, and holds the weights that it ends with
# against those of a run that was never touched: killed.sh PROGRAM FOLDER BATCH...
set -euo pipefail
program=$1 folder=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder/whole"
"$program" "$folder/whole" >/dev/null
for batch in "$@"; do
  mkdir "$folder/$batch"
  status=0
  "$program" "$folder/$batch" "$batch" >/dev/null || status=$?
  [ "$status" -eq 137 ] || { echo "batch $batch: ended with status $status; expected to be killed"; exit 1; }
  "$program" "$folder/$batch" >/dev/null
  cmp "$folder/whole/final.weights.h5" "$folder/$batch/final.weights.h5" ||
    { echo "killed after batch $batch: the weights at the end differ"; exit 1; }
done
echo "$# runs, killed and started again, ended with the same bytes"
