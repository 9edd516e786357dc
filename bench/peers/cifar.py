"""Test accuracy of examples/cifar.cpp against the same program in Keras, means over seeds.

    python3 bench/peers/cifar.py build/release/examples/cifar IMAGES [--seeds 1 2 3]

IMAGES has folders train and test, with a folder of images a class in each. The programs take turns,
each on one thread a run unless KERATIN_THREADS says otherwise. --only trains one of the two, and
--append keeps what was reached in a file, from which a run that was cut goes on. Needs keras and
tensorflow.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import time

parser = argparse.ArgumentParser()
parser.add_argument("program", help="examples/cifar")
parser.add_argument("images")
parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
parser.add_argument("--epochs", type=int, default=20, help="of Keras; the example has its own")
parser.add_argument("--only", choices=["keras", "keratin"])
parser.add_argument("--append", type=pathlib.Path, help="a file of reached accuracies")
options = parser.parse_args()

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
THREADS = int(os.environ.setdefault("KERATIN_THREADS", "1"))


def keratin_accuracy(seed):
    run = subprocess.run(
        [options.program, options.images, str(seed)], check=True, capture_output=True, text=True
    )
    return float(re.search(r"test accuracy: ([\d.]+)", run.stdout)[1])


def keras_accuracy(seed):
    import keras
    import tensorflow as tf
    from keras import layers

    if tf.config.threading.get_intra_op_parallelism_threads() != THREADS:
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)

    def images(part):
        return keras.utils.image_dataset_from_directory(
            pathlib.Path(options.images, part),
            batch_size=64,
            image_size=(32, 32),
            seed=1,
            verbose=False,
        )

    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    test = images("test")
    model.fit(images("train"), epochs=options.epochs, validation_data=test, verbose=2)
    return model.evaluate(test, verbose=0, return_dict=True)["accuracy"]


def main():
    reached = {"keratin": {}, "keras": {}}
    if options.append and options.append.exists():
        for line in options.append.read_text().splitlines():
            one = json.loads(line)
            reached[one["program"]][one["seed"]] = one["accuracy"]
    train = {"keratin": keratin_accuracy, "keras": keras_accuracy}
    for seed in options.seeds:
        for name, function in train.items():
            if seed in reached[name] or options.only not in (None, name):
                continue
            start = time.perf_counter()
            accuracy = reached[name][seed] = function(seed)
            seconds = time.perf_counter() - start
            print(f"{name:8} seed {seed}: {accuracy:.4f} in {seconds:.0f} s", flush=True)
            if options.append:
                with options.append.open("a") as file:
                    line = {"program": name, "seed": seed, "accuracy": accuracy}
                    file.write(json.dumps(line) + "\n")
    for name, by_seed in reached.items():
        if by_seed:
            mean = statistics.mean(by_seed.values())
            print(f"{name:8} mean of {len(by_seed)} seeds: {mean:.4f}")


if __name__ == "__main__":
    main()
