"""Folders of photographs, decoded and resized: keratin against Keras on tf.data, in turns.

    python3 bench/peers/image_directory.py build/release/bench/peer_image_directory PHOTOS

PHOTOS has one folder a class. The files are listed several times over, so that a pass is long
enough to time. Both run on as many threads, on files that the system has in memory, and must give
the same pixels within 2. Needs keras and tensorflow.
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
parser.add_argument("photos")
parser.add_argument("--size", type=int, default=200, help="height and width")
parser.add_argument("--copies", type=int, default=20, help="how often each file is listed")
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
options = parser.parse_args()

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def keras_dataset(folder):
    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(options.size, options.size), shuffle=False, verbose=False
    )
    how = tf.data.Options()
    how.threading.private_threadpool_size = options.threads
    return dataset.with_options(how)


def keras_seconds(dataset):
    start = time.perf_counter()
    for _ in dataset:
        pass
    return time.perf_counter() - start


def keratin_seconds(folder, passes, *file):
    command = [options.program, folder, *map(str, (options.size, options.size, passes)), *file]
    environment = {**os.environ, "KERATIN_THREADS": str(options.threads)}
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [float(line) for line in run.stdout.split()]


def main():
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        files = [f for f in pathlib.Path(options.photos).resolve().rglob("*") if f.is_file()]
        for file in files:
            (pathlib.Path(folder, "all", file.parent.name)).mkdir(parents=True, exist_ok=True)
            for copy in range(options.copies):
                pathlib.Path(folder, "all", file.parent.name, f"{copy}_{file.name}").symlink_to(file)
        photos = str(pathlib.Path(folder, "all"))
        count = len(files) * options.copies

        dump = str(pathlib.Path(folder, "pixels"))
        keratin_seconds(photos, 0, dump)
        dataset = keras_dataset(photos)
        ours, at, most = np.memmap(dump, "float32", "r"), 0, 0.0
        for batch, _ in dataset:
            batch = np.asarray(batch, "float32").reshape(-1)
            most = max(most, float(np.abs(ours[at : at + batch.size] - batch).max()))
            at += batch.size
        if at != ours.size or most > 2:
            raise SystemExit(f"pixels differ by {most}, of {ours.size} and {at}")

        rates = {"keras": [], "keratin": []}
        keras_seconds(dataset)
        for _ in range(options.rounds):
            rates["keratin"] += [count / s for s in keratin_seconds(photos, 1)]
            rates["keras"].append(count / keras_seconds(dataset))
        print(f"{count} images to {options.size} x {options.size}, {options.threads} threads")
        print(f"largest difference of pixels: {most:.4f}")
        for name, values in rates.items():
            print(
                f"{name:8} {statistics.median(values):7.0f} images/s"
                f"  ({min(values):.0f} to {max(values):.0f})"
            )
        ratio = statistics.median(rates["keratin"]) / statistics.median(rates["keras"])
        print(f"ratio    {ratio:7.2f}")


if __name__ == "__main__":
    main()
