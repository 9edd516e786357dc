"""Raw texts to padded ids by TextVectorization: keratin against Keras, in turns.

    python3 bench/peers/text_vectorization.py build/release/bench/peer_text_vectorization TEXTS

TEXTS is a folder with .txt files, at any depth. Both learn the vocabulary from all of them and must
learn the same, and give the same ids. Keras computes them batch by batch in a compiled function, as
in a pipeline's map. Both run on as many threads. Needs keras and tensorflow.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("texts")
parser.add_argument("--tokens", type=int, default=10000)
parser.add_argument("--length", type=int, default=200)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
options = parser.parse_args()

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def keratin_seconds(file, passes, *ids):
    """Of adapt, and of each pass."""
    command = [options.program, file, options.tokens, options.length, options.batch, passes, *ids]
    environment = {**os.environ, "KERATIN_THREADS": str(options.threads)}
    run = subprocess.run(
        [str(part) for part in command], env=environment, check=True, capture_output=True, text=True
    )
    return [float(line) for line in run.stdout.split()]


def timed(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main():
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    files = sorted(pathlib.Path(options.texts).rglob("*.txt"))
    texts = [" ".join(file.read_text(encoding="utf-8").split("\n")) for file in files]
    texts = [text.replace("\r", " ") for text in texts]
    batches = [
        tf.constant(texts[i : i + options.batch]) for i in range(0, len(texts), options.batch)
    ]

    def new_layer():
        return keras.layers.TextVectorization(
            max_tokens=options.tokens, output_sequence_length=options.length
        )

    rates = {"adapt": {"keras": [], "keratin": []}, "call": {"keras": [], "keratin": []}}
    with tempfile.TemporaryDirectory() as folder:
        lines, ids = pathlib.Path(folder, "lines"), pathlib.Path(folder, "ids")
        lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
        keratin_seconds(lines, 0, ids)
        for _ in range(options.rounds):
            adapt, call = keratin_seconds(lines, 1)
            rates["adapt"]["keratin"].append(len(texts) / adapt)
            rates["call"]["keratin"].append(len(texts) / call)

            layer = new_layer()
            dataset = tf.data.Dataset.from_tensor_slices(texts).batch(options.batch)
            rates["adapt"]["keras"].append(len(texts) / timed(lambda: layer.adapt(dataset)))
            compiled = tf.function(layer.call, input_signature=[tf.TensorSpec([None], tf.string)])
            compiled(batches[0])
            seconds = timed(lambda: [compiled(batch) for batch in batches])
            rates["call"]["keras"].append(len(texts) / seconds)
        theirs = np.concatenate([compiled(batch).numpy() for batch in batches])
        mine = np.fromfile(ids, "int64").reshape(theirs.shape)
        if not np.array_equal(mine, theirs):
            raise SystemExit(f"ids differ in {np.count_nonzero((mine != theirs).any(1))} texts")

    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts)} texts of {size:.1f} MB, {options.threads} threads; the same ids")
    for step, by_program in rates.items():
        for name, values in by_program.items():
            print(
                f"{step:6} {name:8} {statistics.median(values):9.0f} texts/s"
                f"  ({min(values):.0f} to {max(values):.0f})"
            )
        medians = {name: statistics.median(values) for name, values in by_program.items()}
        print(f"{step:6} ratio    {medians['keratin'] / medians['keras']:9.2f}")


if __name__ == "__main__":
    main()
