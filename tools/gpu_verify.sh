#!/usr/bin/env bash
# Holds the CUDA kernels against the reference on a real GPU and times them, from the folder that `make gpu-bundle`
# made: gpu_verify.sh [SECONDS [RESULTS]]. Each line is written when it is known, so that a time-out loses nothing;
# started again, it goes on where it stood. Needs neither root nor the network, and leaves the clocks alone.
# Where there is no GPU it says so, holds the kernels on the emulation against the reference, and ends with 3.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
budget=${1:-540} results=${2:-$here/results}
mkdir -p "$results"
export KERATIN_TUNING=
# Our programs alone: Python and NVIDIA's tools have libraries of their own.
ours=(env "LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
end=$((SECONDS + budget))
left() { echo $((end - SECONDS)); }
limit() { echo $(($(left) < $1 ? $(left) : $1)); }  # seconds for a step of at most so many

[ -e "$here/keratin_gpu_tests" ] || tar -C "$here" -xzf "$here/programs.tar.gz" || exit 2
if ! "${ours[@]}" "$here/keratin_gpu_tests" --count --no-version=1 >"$results/last.txt" 2>&1; then
  echo "keratin_gpu_tests does not start here:" >&2
  cat "$results/last.txt" >&2
  exit 2
fi
# What the library itself says: a driver that is too old counts as no GPU.
first='gpu: tensors there and back'
KERATIN_TEST_GPU=1 timeout "$(limit 120)" "${ours[@]}" "$here/keratin_gpu_tests" --no-version=1 --test-case="$first" \
  >"$results/last.txt" 2>&1
missing=$(sed -n 's/.*KERATIN_TEST_GPU: //p' "$results/last.txt" | head -1)
if [ -z "$missing" ] && ! grep -q 'test cases: *1 ' "$results/last.txt"; then
  echo "\"$first\" did not end, or is no test any more:" >&2
  cat "$results/last.txt" >&2
  exit 2
fi
where=GPU
if [ -n "$missing" ]; then
  echo "NO GPU HERE: $missing"
  echo "What follows runs on the emulation, on the CPU: it confirms nothing about a GPU."
  where=emulation
fi
[ "$where" != GPU ] || ours+=(KERATIN_TEST_GPU=1)

{
  date -u +'%F %T UTC'
  echo "revision: $(cat "$here/revision")"
  uname -srm
  if [ "$where" = GPU ]; then
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,mig.mode.current --format=csv 2>&1
  else
    echo "no GPU: $missing"
  fi
} >>"$results/machine.txt"

# ---- tests, each in a process of its own: a fault of the GPU ends that one only
touch "$results/tests.csv"
"${ours[@]}" "$here/keratin_gpu_tests" --list-test-cases --no-version=1 2>"$results/last.txt" |
  grep -v '^\(\[doctest\]\|===\|$\)' >"$results/list.txt"
passed=0 failed=0
while IFS= read -r name; do
  grep -qF "\"$name\",$where," "$results/tests.csv" && continue
  [ "$(left)" -gt 5 ] || break
  start=$EPOCHREALTIME allowed=$(limit 120)
  # Commas part the names in a filter.
  timeout "$allowed" "${ours[@]}" "$here/keratin_gpu_tests" --no-version=1 --test-case="${name//,/?}" \
    >"$results/last.txt" 2>&1 </dev/null
  status=$?
  [ $status -ne 124 ] || [ "$allowed" -eq 120 ] || break  # the budget's end: once more in the next call
  took=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $start }")
  if [ $status -eq 0 ] && grep -q 'test cases: *0 ' "$results/last.txt"; then
    word=skipped  # only the emulation can do it
  elif [ $status -eq 0 ]; then
    word=passed
    passed=$((passed + 1))
  else
    word=$([ $status -eq 124 ] && echo timeout || echo "failed $status")
    failed=$((failed + 1))
    { echo "== $name ($where)"; tail -c 4000 "$results/last.txt"; } >>"$results/failures.txt"
  fi
  echo "\"$name\",$where,$word,$took" >>"$results/tests.csv"
done <"$results/list.txt"
echo "tests on the $where: $passed passed, $failed failed in this call; $(grep -c "\",$where," "$results/tests.csv") of $(
  wc -l <"$results/list.txt") run"

# ---- what only a GPU can tell
# What keratin_bench has rows of, products first; whole models are for race_steps.
mapfile -t operations < <("${ours[@]}" "$here/keratin_bench" --benchmark_list_tests 2>"$results/last.txt" | cut -d/ -f1 |
  grep -vxE 'fit|train' | awk '{ print /^(gemm|conv2d)/ ? 0 : 1, $0 }' | sort -u | cut -d' ' -f2)
tasks=('mnist_cnn 128' 'mnist_cnn 1024' 'mlp 128' 'seed_cnn 64')
checks=('memcheck gemm*' 'memcheck conv2d*groups*' 'memcheck softmax*' 'memcheck reduce*'
  'memcheck gpu: a convolutional network*' 'racecheck gemm: parts*' 'racecheck softmax: random*'
  'racecheck reduce: random*' 'synccheck gemm: parts*' 'synccheck softmax: random*' 'initcheck gpu: tensors*')
if [ "$where" != GPU ]; then
  echo "no GPU, so not run:"
  printf '  compute-sanitizer --tool %s\n' "${checks[@]}"
  echo "  keratin_bench: ${operations[*]}"
  printf '  race_steps %s\n' "${tasks[@]}"
  echo "  gpu_peers.py: the same operations by PyTorch"
  exit 3
fi

# ---- memory errors, where the machine lets it look
if [ "$(left)" -gt 60 ] && [ ! -e "$results/sanitizer.txt" ]; then
  if command -v compute-sanitizer >/dev/null; then
    for check in "${checks[@]}"; do  # some hosts refuse it: its own words are the result then
      [ "$(left)" -gt 30 ] || break
      echo "== $check" >>"$results/sanitizer.txt"
      timeout "$(limit 40)" "${ours[@]}" compute-sanitizer --tool "${check%% *}" "$here/keratin_gpu_tests" \
        --no-version=1 --test-case="${check#* }" 2>&1 | tail -20 >>"$results/sanitizer.txt"
    done
  else
    echo "compute-sanitizer: not available" >"$results/sanitizer.txt"
  fi
fi

# ---- kernels, and those of PyTorch on the same machine
# table.md anew after each operation: what is known of each rung.
table() {
  {
    echo "| Kernel | us | GFLOP/s | GB/s | PyTorch, us |"
    echo "|---|---|---|---|---|"
    awk -F, '$1 == "copy" { printf "| copy of 1 GiB, by PyTorch | | | %.0f | %s |\n", 2^31 / $3 / 1e3, $3 }' "$results/peers.csv"
    awk -F, 'FILENAME == ARGV[1] { peer[$1 "/" $2] = $3; next }
      { split($1, part, "/"); at = part[1] "/" part[3]
        printf "| `%s` | %s | %s | %s | %s |\n", $1, $2, $3, $4, (at in peer) ? peer[at] : "" }' \
      "$results/peers.csv" "$results/kernels.csv"
  } >"$results/table.md"
}
touch "$results/peers.csv" "$results/kernels.csv" "$results/benched.txt"
for op in "${operations[@]}"; do
  [ "$(left)" -gt 20 ] || break
  grep -qx "$op" "$results/benched.txt" && continue
  timeout "$(limit 60)" "${ours[@]}" "$here/keratin_bench" --benchmark_filter="^$op/cuda_" \
    --benchmark_min_time=0.1 --benchmark_format=csv 2>"$results/last.txt" >"$results/last.csv"
  status=$?
  # Microseconds, GFLOP/s and GB/s of each row, wherever the columns are; or what was wrong.
  tr -d '"' <"$results/last.csv" | awk -F, '$1 == "name" { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    /\/cuda_/ {
      unit = $column["time_unit"] == "ns" ? 1e-3 : $column["time_unit"] == "ms" ? 1e3 : 1
      if ($column["error_occurred"] == "true") { print $1 ",failed: " $column["error_message"] ",,"; next }
      printf "%s,%.2f,%s,%s\n", $1, $column["real_time"] * unit,
        ("FLOP/s" in column) ? sprintf("%.0f", $column["FLOP/s"] / 1e9) : "",
        ("bytes/s" in column) ? sprintf("%.0f", $column["bytes/s"] / 1e9) : ""
    }' >>"$results/kernels.csv"
  [ $status -eq 0 ] || echo "$op/cuda_,ended with $status,," >>"$results/kernels.csv"
  echo "$op" >>"$results/benched.txt"
  table
done
if [ "$(left)" -gt 20 ] && ! grep -qx peers "$results/benched.txt"; then
  timeout "$(left)" python3 "$here/gpu_peers.py" >"$results/peers.csv" 2>"$results/peers.txt" &&
    echo peers >>"$results/benched.txt"
  table
fi

# ---- whole training steps: each read, and those of fit, as a graph and kernel by kernel
for task in "${tasks[@]}"; do
  for by in '' fit fit_eagerly; do
    [ "$(left)" -gt 10 ] || break
    grep -q "^$task ${by:-train_on_batch} " "$results/steps.txt" 2>/dev/null && continue
    # shellcheck disable=SC2086
    echo "$task ${by:-train_on_batch} $(KERATIN_DEVICE=cuda timeout "$(limit 60)" "${ours[@]}" "$here/race_steps" $task 2 $by 2>&1 |
      tail -1)" >>"$results/steps.txt"
  done
done
echo "results: $results ($(left) s left)"
[ "$failed" -eq 0 ]
