#!/usr/bin/env bash
# Holds the CUDA kernels against the reference on a real GPU and times them, from the folder that `make gpu-bundle`
# made: gpu_verify.sh [SECONDS [RESULTS]]. Each line is written when it is known, so that a time-out loses nothing;
# started again, it goes on where it stood. Needs neither root nor the network, and leaves the clocks alone.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
budget=${1:-540} results=${2:-$here/results}
mkdir -p "$results"
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" KERATIN_TUNING=
end=$((SECONDS + budget))
left() { echo $((end - SECONDS)); }

{
  date -u +'%F %T UTC'
  echo "revision: $(cat "$here/revision")"
  uname -srm
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,mig.mode.current --format=csv 2>&1
} >>"$results/machine.txt"

# ---- tests, each in a process of its own: a fault of the GPU ends that one only
touch "$results/tests.csv"
"$here/keratin_tests" --list-test-cases --no-version=1 \
  --source-file='*tests/kernels/*,*tests/gpu/*,*tests/ops/to_device*' |
  grep -v '^\(\[doctest\]\|===\|$\)' >"$results/list.txt"
passed=0 failed=0
while IFS= read -r name; do
  grep -qF "\"$name\"," "$results/tests.csv" && continue
  [ "$(left)" -gt 5 ] || break
  start=$EPOCHREALTIME
  # Commas part the names in a filter.
  KERATIN_TEST_GPU=1 timeout 120 "$here/keratin_tests" --no-version=1 --test-case="${name//,/?}" \
    >"$results/last.txt" 2>&1 </dev/null
  status=$?
  took=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $start }")
  if [ $status -eq 0 ]; then
    word=passed
    passed=$((passed + 1))
  else
    word=$([ $status -eq 124 ] && echo timeout || echo "failed $status")
    failed=$((failed + 1))
    { echo "== $name"; tail -c 4000 "$results/last.txt"; } >>"$results/failures.txt"
  fi
  echo "\"$name\",$word,$took" >>"$results/tests.csv"
done <"$results/list.txt"
echo "tests: $passed passed, $failed failed; $(wc -l <"$results/tests.csv") of $(wc -l <"$results/list.txt") run"

# ---- memory errors, where the machine lets it look
if [ "$(left)" -gt 60 ] && [ ! -e "$results/sanitizer.txt" ]; then
  if command -v compute-sanitizer >/dev/null; then
    for name in 'gemm*' 'softmax*' 'reduce*' 'gpu: a convolutional network*'; do
      [ "$(left)" -gt 30 ] || break
      echo "== memcheck $name" >>"$results/sanitizer.txt"
      KERATIN_TEST_GPU=1 timeout 60 compute-sanitizer --tool memcheck "$here/keratin_tests" \
        --test-case="$name" 2>&1 | tail -20 >>"$results/sanitizer.txt"
    done
  else
    echo "compute-sanitizer: not available" >"$results/sanitizer.txt"
  fi
fi

# ---- kernels, and those of PyTorch on the same machine
for op in gemm conv2d unary binary reduce arg_reduce softmax log_softmax sparse_cross_entropy cross_entropy strided_copy \
  transpose cast gather scatter_add batch_normalization layer_normalization dropout random max_pool2d \
  average_pool2d update; do
  [ "$(left)" -gt 20 ] || break
  grep -qx "$op" "$results/benched.txt" 2>/dev/null && continue
  KERATIN_TEST_GPU=1 timeout 60 "$here/keratin_bench" --benchmark_filter="^${op}[a-z_0-9]*/cuda_" \
    --benchmark_min_time=0.1 --benchmark_format=csv 2>/dev/null | grep '/cuda_' >>"$results/kernels.csv"
  echo "$op" >>"$results/benched.txt"
done
if [ "$(left)" -gt 20 ] && [ ! -s "$results/peers.csv" ]; then
  timeout "$(left)" python3 "$here/gpu_peers.py" >"$results/peers.csv" 2>"$results/peers.txt"
fi

# ---- whole training steps
for task in 'mnist_cnn 128' 'mnist_cnn 1024' 'mlp 128' 'seed_cnn 64'; do
  [ "$(left)" -gt 10 ] || break
  grep -q "^$task " "$results/steps.txt" 2>/dev/null && continue
  # shellcheck disable=SC2086
  echo "$task $(KERATIN_DEVICE=cuda timeout 60 "$here/race_steps" $task 2 2>&1 | tail -1)" >>"$results/steps.txt"
done
echo "results: $results ($(left) s left)"
[ "$failed" -eq 0 ]
