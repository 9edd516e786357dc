"""Validation AUC of a table's model, trained by keratin and by Keras from the same saved model.

    python3 bench/peers/table.py build/release/bench/peer_table adult DATA/adult-train.csv
    python3 bench/peers/table.py build/release/bench/peer_table heart DATA/heart.csv --dropout 0

The tables are heart, titanic and adult. Four fifths of the rows train, in one random order; both
programs get the same rows in the same batches, the same vocabularies, means and first weights, and
the same loss, metric and optimizer, all by the file that Keras saves before it trains. Dropout is
each one's own, so that means over seeds are compared. --append keeps what was reached in a file,
from which a run that was cut goes on. Needs keras, tensorflow and pandas.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("program", help="peer_table")
parser.add_argument("table", choices=["heart", "titanic", "adult"])
parser.add_argument("file")
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--dropout", type=float, default=0.5)
parser.add_argument("--append", type=pathlib.Path, help="a file of reached values")
options = parser.parse_args()

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
THREADS = int(os.environ.setdefault("KERATIN_THREADS", "1"))

import keras  # noqa: E402
import pandas as pd  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

ADULT = (
    "age workclass fnlwgt education education_num marital_status occupation relationship race sex "
    "capital_gain capital_loss hours_per_week native_country target"
).split()


def read_table():
    """The columns that are used; the label is called target."""
    if options.table == "adult":
        table = pd.read_csv(options.file, names=ADULT, skipinitialspace=True, keep_default_na=False)
        table["target"] = table["target"].str.startswith(">50K").astype(int)
        return table
    table = pd.read_csv(options.file)
    if options.table == "titanic":
        table = table.rename(columns={"Survived": "target"})
        table = table[["Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked", "target"]]
        table["Age"] = table["Age"].fillna(table["Age"].median())
        table["Embarked"] = table["Embarked"].fillna("unknown")
    return table


def is_text(column):
    return not pd.api.types.is_numeric_dtype(column)


def dataset(table):
    columns = {
        name: table[name].to_numpy(str if is_text(table[name]) else "float32").reshape(-1, 1)
        for name in table.columns
        if name != "target"
    }
    labels = table["target"].to_numpy("float32")
    return tf.data.Dataset.from_tensor_slices((columns, labels)).batch(options.batch).cache()


def new_model(train):
    """The model of examples/table.cpp."""
    inputs, features = [], []
    for name in train.columns:
        if name == "target":
            continue
        text = is_text(train[name])
        given = keras.Input((1,), name=name, dtype="string" if text else "float32")
        layer = layers.StringLookup(output_mode="one_hot") if text else layers.Normalization()
        layer.adapt(train[name].to_numpy(str if text else "float32").reshape(-1, 1))
        inputs.append(given)
        features.append(layer(given))
    x = layers.Concatenate()(features)
    x = layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    if options.dropout > 0:
        x = layers.Dropout(options.dropout)(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, clipnorm=1.0),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.AUC(name="auc")],
    )
    return model


def main():
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    table = read_table().sample(frac=1, random_state=1337)
    count = round(0.8 * len(table))
    train, validation = table[:count], table[count:]
    reached = {}
    if options.append and options.append.exists():
        for line in options.append.read_text().splitlines():
            one = json.loads(line)
            if (one["table"], one["dropout"]) == (options.table, options.dropout):
                reached[one["seed"]] = one
    with tempfile.TemporaryDirectory() as folder:
        for name, part in {"train": train, "validation": validation}.items():
            part.to_csv(f"{folder}/{name}.csv", index=False)
        for seed in range(1, options.seeds + 1):
            if seed in reached:
                continue
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            model = new_model(train)
            model.save(f"{folder}/model.keras")
            start = time.perf_counter()
            model.fit(dataset(train), epochs=options.epochs, verbose=0)
            theirs = model.evaluate(dataset(validation), verbose=0, return_dict=True)["auc"]
            between = time.perf_counter()
            command = [options.program, f"{folder}/model.keras", f"{folder}/train.csv"]
            command += [f"{folder}/validation.csv", "target", options.epochs, options.batch, seed]
            run = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
            seconds = between - start, time.perf_counter() - between
            one = {"table": options.table, "dropout": options.dropout, "seed": seed}
            one |= {"keras": theirs, "keratin": float(run.stdout)}
            reached[seed] = one
            print(
                f"seed {seed}: keras {one['keras']:.5f} in {seconds[0]:.0f} s,"
                f" keratin {one['keratin']:.5f} in {seconds[1]:.0f} s",
                flush=True,
            )
            if options.append:
                with options.append.open("a") as file:
                    file.write(json.dumps(one) + "\n")
    runs = list(reached.values())
    means = {name: statistics.mean(one[name] for one in runs) for name in ("keras", "keratin")}
    furthest = max(abs(one["keras"] - one["keratin"]) for one in runs)
    print(
        f"{options.table}, dropout {options.dropout}, {len(runs)} seeds, {options.epochs} epochs:"
        f" mean AUC keras {means['keras']:.5f}, keratin {means['keratin']:.5f};"
        f" the furthest apart {furthest:.5f}"
    )


if __name__ == "__main__":
    main()
