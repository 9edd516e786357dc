#!/usr/bin/env bash
# Trains the example programs, as they are, on an emulated GPU with a handful of samples:
# on_emulated_gpu.sh FOLDER_OF_PROGRAMS WORK_FOLDER. Fails where one fails, or computed on the CPU.
set -euo pipefail
programs=$(cd "$1" && pwd) work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work"
export KERATIN_DEVICE=cuda

bytes() { printf "%b" "$(printf '\\x%02x' "$@")"; }
big_endian() { for n; do bytes $((n >> 24 & 255)) $((n >> 16 & 255)) $((n >> 8 & 255)) $((n & 255)); done; }
little_endian() { for n; do bytes $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24 & 255)); done; }
noise() { awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed); for (i = 0; i < n; ++i) printf "%d ", rand() * 256 }'; }

mnist() {  # FOLDER: 12 digits to train with, 4 to test
  mkdir -p "$1"
  local part count
  for part in train:12 t10k:4; do
    count=${part#*:}
    # shellcheck disable=SC2046
    { big_endian 2051 "$count" 28 28; bytes $(noise $((count * 784)) "$count"); } >"$1/${part%:*}-images-idx3-ubyte"
    # shellcheck disable=SC2046
    { big_endian 2049 "$count"; bytes $(seq 0 $((count - 1)) | awk '{ print $1 % 10 }'); } \
      >"$1/${part%:*}-labels-idx1-ubyte"
  done
}

photographs() {  # FOLDER: of two kinds, one each to train with and one to test
  local kind part i
  for kind in cat dog; do
    for part in train:1 test:1; do
      mkdir -p "$1/${part%:*}/$kind"
      for ((i = 0; i < ${part#*:}; ++i)); do  # a BMP of 32 x 32, 24 bits a pixel
        # shellcheck disable=SC2046
        {
          printf BM
          little_endian 3126 0 54 40 32 32 $((1 + (24 << 16))) 0 3072 2835 2835 0 0
          bytes $(noise 3072 "$i")
        } >"$1/${part%:*}/$kind/$i.bmp"
      done
    done
  done
}

reviews() {  # FOLDER
  local kind part i
  for part in train test; do
    for kind in neg:dull pos:bright; do
      mkdir -p "$1/$part/${kind%:*}"
      for ((i = 0; i < 5; ++i)); do
        echo "A ${kind#*:} film, number $i." >"$1/$part/${kind%:*}/$i.txt"
      done
    done
  done
}

table() {  # FILE.csv
  echo "age,kind,bought"
  awk 'BEGIN { for (i = 0; i < 40; ++i) printf "%d,%s,%d\n", 20 + i, i % 3 ? "cat" : "dog", i % 2 }'
}

mnist digits
photographs photographs
reviews reviews
table >table.csv
mkdir out
for run in 'quickstart digits' 'cifar photographs' 'text reviews out' 'table table.csv bought out'; do
  start=$SECONDS
  # shellcheck disable=SC2086
  if ! "$programs"/keratin_emulated_$run >log.txt 2>&1; then
    echo "$run: failed"
    tail -20 log.txt
    exit 1
  fi
  waits=$(sed -n 's/^emulated GPU: waited for \([0-9]*\) times$/\1/p' log.txt)
  echo "$run: waited for the GPU ${waits:-0} times, $((SECONDS - start)) s"
  [ "${waits:-0}" -gt 0 ] || { tail -20 log.txt; exit 1; }
done
