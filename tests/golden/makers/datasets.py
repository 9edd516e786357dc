"""What tf.data gives of small datasets of numbers: elements in their order, and the cardinality.
And keras.utils: to_categorical, pad_sequences, split_dataset, timeseries_dataset_from_array.

    cd tests/golden && KERAS_BACKEND=tensorflow python3 -m makers.datasets
"""

import io
import os
import pathlib
import pickle
import tempfile
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from .common import write

INTERLEAVES = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 5), (5, 1), (5, 3), (9, 1), (9, 2)]
WINDOWS = [
    (size, shift, stride, drop)
    for size, shift, stride in (
        (1, 1, 1), (2, 2, 1), (3, 1, 1), (3, 1, 2), (2, 3, 1), (2, 5, 3), (4, 2, 2), (9, 1, 1),
        (3, 9, 1), (3, 10, 4), (2, 1, 20),
    )
    for drop in (False, True)
]  # fmt: skip


def plain(element):
    if isinstance(element, (tuple, list)):
        return [plain(part) for part in element]
    return element.numpy().tolist()


def case(op, options, dataset):
    return {
        "op": op,
        "options": options,
        "elements": [plain(element) for element in dataset],
        "cardinality": int(dataset.cardinality()),
    }


def counting(element):
    """10 e, 10 e + 1 ...: e of them, none of 0 and of 4."""
    count = tf.where(tf.equal(element, 4), tf.constant(0, tf.int64), element)
    return tf.data.Dataset.range(10 * element, 10 * element + count)


def ragged():
    """[], [1], [2, 2] ... of 0, 1, 2 ..."""
    return tf.data.Dataset.range(5).map(lambda n: tf.fill([n], n))


def cases():
    ten = tf.data.Dataset.range(10)
    all_cases = []

    def add(op, options, dataset):
        all_cases.append(case(op, options, dataset))

    for cycle, block in INTERLEAVES:
        options = {"cycle_length": cycle, "block_length": block}
        add("interleave", options, tf.data.Dataset.range(7).interleave(counting, **options))
    for size, shift, stride, drop in WINDOWS:
        options = {"shift": shift, "stride": stride, "drop_remainder": drop}
        windows = ten.window(size, **options)
        joined = windows.flat_map(lambda window, size=size: window.batch(size))
        entry = case("window", {"size": size, **options}, joined)
        entry["cardinality"] = int(windows.cardinality())
        all_cases.append(entry)
    for shards, index in ((1, 0), (2, 0), (2, 1), (3, 0), (3, 2), (10, 9), (11, 10), (20, 3)):
        add("shard", {"num_shards": shards, "index": index}, ten.shard(shards, index))
    for start, stop, step in (
        (0, 4, 1), (0, 0, 1), (3, 9, 2), (3, 10, 2), (5, 0, -1), (5, 0, -2), (5, -1, -2),
        (2, 5, -1), (5, 2, 1), (-3, 3, 5),
    ):  # fmt: skip
        options = {"start": start, "stop": stop, "step": step}
        add("range", options, tf.data.Dataset.range(start, stop, step))
    for size in (1, 2, 3, 5, 6):
        for drop in (False, True):
            options = {"size": size, "drop_remainder": drop}
            add("padded_batch", options, ragged().padded_batch(size, drop_remainder=drop))
    for shape, value in (([None], 7), ([4], -1), ([6], 0)):
        add(
            "padded_batch",
            {"size": 3, "padded_shape": shape[0], "padding_value": value},
            ragged().padded_batch(3, shape, tf.constant(value, tf.int64)),
        )
    for first, second in ((0, 3), (3, 0), (3, 4)):
        add(
            "concatenate",
            {"first": first, "second": second},
            tf.data.Dataset.range(first).concatenate(tf.data.Dataset.range(100, 100 + second)),
        )
    for first, second in ((0, 3), (3, 0), (3, 4), (5, 2), (3, 3)):
        add(
            "zip",
            {"first": first, "second": second},
            tf.data.Dataset.zip(
                (tf.data.Dataset.range(first), tf.data.Dataset.range(100, 100 + second))
            ),
        )
    for start in (0, 5, -1):
        add("enumerate", {"start": start}, tf.data.Dataset.range(20, 23).enumerate(start))
    for size in (1, 4, 10, 20):
        add("unbatch", {"size": size}, ten.batch(size).unbatch())
    return all_cases


def to_categorical(add):
    for y, classes in (
        ([0, 2, 1], None), ([0, 2, 1], 5), ([[3], [0]], None), ([[1, 0], [2, 2]], 4), ([[[1]]], 2),
        ([0], 1),
    ):  # fmt: skip
        result = keras.utils.to_categorical(np.array(y), classes)
        add("to_categorical", {"y": y, "num_classes": classes}, result)


def pad_sequences(add):
    ragged = [[1, 2, 3, 4], [], [5], [6, 7]]
    pairs = [[[1, 2]], [[3, 4], [5, 6], [7, 8]]]
    for sequences in (ragged, pairs):
        for padding in ("pre", "post"):
            for truncating in ("pre", "post"):
                for maxlen in (None, 1, 2, 6):
                    options = {"maxlen": maxlen, "padding": padding, "truncating": truncating}
                    result = keras.utils.pad_sequences(sequences, value=-1, **options)
                    add("pad_sequences", {"sequences": sequences, "value": -1, **options}, result)
    result = keras.utils.pad_sequences([[0.5], [1.25, 2]], dtype="float32")
    add("pad_sequences", {"sequences": [[0.5], [1.25, 2]], "dtype": "float32"}, result)


def split_dataset(add):
    for rows, left, right in (
        (10, 0.8, None), (10, None, 0.2), (10, 3, None), (10, None, 3), (10, 3, 3), (10, 0.3, 0.3),
        (5, 0.5, None), (7, 0.5, None), (5, None, 0.5), (10, 2, 0.5), (3, 0.34, 0.34),
    ):  # fmt: skip
        dataset = tf.data.Dataset.range(rows).batch(3)
        parts = keras.utils.split_dataset(dataset, left_size=left, right_size=right)
        options = {"rows": rows, "left_size": left, "right_size": right}
        result = [[batch.numpy().tolist() for batch in part] for part in parts]
        all_of = {"op": "split_dataset", "options": options, "result": result}
        add(None, None, None, entry=all_of)


def timeseries(add):
    data, targets = np.arange(20), np.arange(100, 120)
    for options in (
        {"sequence_length": 3},
        {"sequence_length": 1, "batch_size": 7},
        {"sequence_length": 20},
        {"sequence_length": 4, "sequence_stride": 3, "batch_size": 2},
        {"sequence_length": 4, "sampling_rate": 3},
        {"sequence_length": 3, "sampling_rate": 2, "sequence_stride": 5, "batch_size": None},
        {"sequence_length": 2, "start_index": 5},
        {"sequence_length": 2, "end_index": 9},
        {"sequence_length": 2, "start_index": 3, "end_index": 14, "sequence_stride": 4},
    ):
        for count in (None, 20, 6):
            if count == 6 and "start_index" in options:
                continue
            y = None if count is None else targets[:count]
            dataset = keras.utils.timeseries_dataset_from_array(data, y, **options)
            entry = {
                "op": "timeseries_dataset_from_array",
                "options": {"targets": count, **options},
                "result": [plain(element if y is not None else (element,)) for element in dataset],
            }
            add(None, None, None, entry=entry)


def utilities():
    all_cases = []

    def add(op, options, result, entry=None):
        all_cases.append(
            entry
            or {
                "op": op,
                "options": options,
                "shape": list(result.shape),
                "result": result.reshape(-1).tolist(),
            }
        )

    to_categorical(add)
    pad_sequences(add)
    split_dataset(add)
    timeseries(add)
    return all_cases


def california_housing():
    """Which rows go where, of 13 districts numbered from 0."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "california_housing.npz")
        x = np.arange(13 * 8, dtype="float32").reshape(13, 8)
        np.savez(path, x=x, y=np.arange(13, dtype="float32"))
        module = "keras.src.datasets.california_housing.get_file"
        with mock.patch(module, lambda *args, **kwargs: path):
            for options in ({}, {"test_split": 0.5}, {"test_split": 0}, {"seed": 7}):
                parts = keras.datasets.california_housing.load_data(**options)
                rows = [y.astype(int).tolist() for _, y in parts]
                results.append({"options": options, "train": rows[0], "test": rows[1]})
    return results


class OldPickler(pickle._Pickler):
    """Writes as Python 2 did, of which the files of CIFAR-10 are: texts are bytes."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, text):
        data = text.encode() if isinstance(text, str) else text
        if len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + len(data).to_bytes(4, "little") + data)
        self.memoize(text)

    dispatch[bytes] = save_text
    dispatch[str] = save_text


def pickled_batches():
    """A batch of CIFAR-10 with one image: what comes before and after its bytes."""
    image = np.frombuffer(bytes(range(256)) * 12, "u1").reshape(1, 3072).copy()
    batch = {
        "batch_label": "training batch 1 of 5",
        "labels": [6],
        "data": image,
        "filenames": ["leptodactylus_pentadactylus_s_000004.png"],
    }
    old = io.BytesIO()
    OldPickler(old, 2).dump(batch)
    old_names = old.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    files = {
        "Python 2": old_names,
        "protocol 3": pickle.dumps(batch, 3),
        "protocol 4": pickle.dumps(batch, 4),
    }
    results = []
    for name, data in files.items():
        before, after = data.split(image.tobytes())
        results.append({"name": name, "before": before.hex(), "after": after.hex()})
    return results


if __name__ == "__main__":
    target = pathlib.Path(__file__).parent.parent / "datasets.json"
    parts = {
        "california_housing": california_housing(),
        "pickled_batches": pickled_batches(),
        "utilities": utilities(),
        "cases": cases(),
    }
    write(target, parts, backend=tf)
    print(f"{target}: {target.stat().st_size / 1024:.0f} KB")
