#!/usr/bin/env bash
# Holds the CUDA kernels against the reference on a real GPU and times them, from the folder that `make gpu-bundle`
# made: gpu_verify.sh [SECONDS [RESULTS]]. Each line is written when it is known, so that a time-out loses nothing;
# started again, it goes on where it stood. Needs neither root nor the network, and leaves the clocks alone.
# Where there is no GPU it says so, holds the kernels on the emulation against the reference, and ends with 3.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
budget=${1:-540} results=${2:-$here/results}
mkdir -p "$results"
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" KERATIN_TUNING=
end=$((SECONDS + budget))
left() { echo $((end - SECONDS)); }
limit() { echo $(($(left) < $1 ? $(left) : $1)); }  # seconds for a step of at most so many

# What the library itself says: a driver that is too old counts as no GPU.
missing=$(KERATIN_TEST_GPU=1 "$here/keratin_tests" --no-version=1 --test-case='gpu: tensors there and back' 2>&1 |
  sed -n 's/.*KERATIN_TEST_GPU: //p' | head -1)
where=GPU
if [ -n "$missing" ]; then
  echo "NO GPU HERE: $missing"
  echo "What follows runs on the emulation, on the CPU: it confirms nothing about a GPU."
  where=emulation
fi
on_where() { if [ "$where" = GPU ]; then KERATIN_TEST_GPU=1 "$@"; else "$@"; fi; }

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
"$here/keratin_tests" --list-test-cases --no-version=1 \
  --source-file='*tests/kernels/*,*tests/gpu/*,*tests/ops/to_device*' |
  grep -v '^\(\[doctest\]\|===\|$\)' >"$results/list.txt"
passed=0 failed=0
while IFS= read -r name; do
  grep -qF "\"$name\",$where," "$results/tests.csv" && continue
  [ "$(left)" -gt 5 ] || break
  start=$EPOCHREALTIME
  # Commas part the names in a filter.
  on_where timeout "$(limit 120)" "$here/keratin_tests" --no-version=1 --test-case="${name//,/?}" \
    >"$results/last.txt" 2>&1 </dev/null
  status=$?
  took=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $start }")
  if [ $status -eq 0 ]; then
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
if [ "$where" != GPU ]; then
  echo "no GPU: memory errors, benchmarks, peers and training steps were not run"
  exit 3
fi

# ---- memory errors, where the machine lets it look
if [ "$(left)" -gt 60 ] && [ ! -e "$results/sanitizer.txt" ]; then
  if command -v compute-sanitizer >/dev/null; then
    for name in 'gemm*' 'softmax*' 'reduce*' 'gpu: a convolutional network*'; do
      [ "$(left)" -gt 30 ] || break
      echo "== memcheck $name" >>"$results/sanitizer.txt"
      KERATIN_TEST_GPU=1 timeout "$(limit 60)" compute-sanitizer --tool memcheck "$here/keratin_tests" \
        --test-case="$name" 2>&1 | tail -20 >>"$results/sanitizer.txt"
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
    awk -F, 'FILENAME == ARGV[1] { peer[$1 "/" $2] = $3; next }
      { split($1, part, "/"); at = part[1] "/" part[3]
        printf "| `%s` | %s | %s | %s | %s |\n", $1, $2, $3, $4, (at in peer) ? peer[at] : "" }' \
      "$results/peers.csv" "$results/kernels.csv"
  } >"$results/table.md"
}
touch "$results/peers.csv" "$results/kernels.csv" "$results/benched.txt"
for op in gemm conv2d conv2d_input_gradient conv2d_weight_gradient unary binary select reduce arg_reduce softmax \
  softmax_gradient log_softmax sparse_cross_entropy sparse_cross_entropy_gradient cross_entropy strided_copy pad one_hot \
  transpose cast gather scatter_add batch_moments batch_norm batch_norm_gradient layer_norm layer_norm_gradient dropout \
  random max_pool2d max_pool2d_gradient average_pool2d average_pool2d_gradient resize resize_bytes resize_gradient warp \
  warp_gradient update; do
  [ "$(left)" -gt 20 ] || break
  grep -qx "$op" "$results/benched.txt" && continue
  KERATIN_TEST_GPU=1 timeout "$(limit 60)" "$here/keratin_bench" --benchmark_filter="^$op/cuda_" \
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
for task in 'mnist_cnn 128' 'mnist_cnn 1024' 'mlp 128' 'seed_cnn 64'; do
  for by in '' fit fit_eagerly; do
    [ "$(left)" -gt 10 ] || break
    grep -q "^$task ${by:-train_on_batch} " "$results/steps.txt" 2>/dev/null && continue
    # shellcheck disable=SC2086
    echo "$task ${by:-train_on_batch} $(KERATIN_DEVICE=cuda timeout "$(limit 60)" "$here/race_steps" $task 2 $by 2>&1 |
      tail -1)" >>"$results/steps.txt"
  done
done
echo "results: $results ($(left) s left)"
[ "$failed" -eq 0 ]
