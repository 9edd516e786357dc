"""Layers for texts, categories and numbers: vocabularies and boundaries that they learn, and what
they make of their inputs. Made with TensorFlow, without which Keras has none of them:

    cd tests/golden && KERAS_BACKEND=tensorflow python3 -m makers.preprocessing
"""

import pathlib

import keras
import numpy as np
import tensorflow as tf

from .common import number, write

L = keras.layers

TEXTS = [
    "The horn of the rhino: keratin, all of it!",
    "Horn & hoof. Don't e-mail THE rhino (twice)...",
    "",
    "  wool\tis  keratin,\nnails are\u000bkeratin;\r\nfeathers\fare, too ",
    "ÄÖÜ straße – naïve café, 角は角 ٠١ \u00a0non\u00a0breaking \u2028 line",
    "a_b [c] {d} <e> `f` ~g^h|i \\j/ 50% $5 #1 @k x=y+z*w",
    "the the the horn horn of of of of",
    "!!! ... ???",
]
ANIMALS = ["hare", "wolf", "hare", "ibex", "wolf", "hare", "Ibex", "", "élan", "owl", "ibex"]
MORE = [["wolf"], ["lynx"], [""], ["hare"], ["IBEX"], ["élan"], ["[UNK]"], ["owl"]]
NUMBERS = [12, -7, 12, 40, 0, -7, 12, 5_000_000_000, 3, 40]


def array(values):
    values = np.asarray(values)
    if values.dtype.kind in "USO":
        flat = [str(v.decode() if isinstance(v, bytes) else v) for v in values.reshape(-1)]
        return {"shape": list(values.shape), "dtype": "string", "values": flat}
    return {
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "values": [number(v) for v in values.reshape(-1)],
    }


def cases():
    all_cases = []

    def add(name, options, x, adapt=None, batches=None, vocabulary=False):
        """`adapt`: an array; `batches`: a list of arrays, as a dataset."""
        if name == "TextVectorization" and isinstance(options.get("ngrams"), list):
            layer = L.TextVectorization(**{**options, "ngrams": tuple(options["ngrams"])})
        else:
            layer = getattr(L, name)(**options)
        case = {"layer": name, "options": options}
        if adapt is not None:
            layer.adapt(np.asarray(adapt))
            case["adapt"] = array(adapt)
        if batches is not None:
            layer.adapt(tf.data.Dataset.from_generator(
                lambda: iter(batches),
                output_signature=tf.TensorSpec([None, *batches[0].shape[1:]], batches[0].dtype),
            ))
            case["batches"] = [array(batch) for batch in batches]
        xs = x if isinstance(x, tuple) else (x,)
        case["inputs"] = [array(one) for one in xs]
        given = [np.asarray(one) for one in xs]
        y = layer(given if len(given) > 1 else given[0])
        case["result"] = array(np.asarray(y))
        if vocabulary:
            case["vocabulary"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary()]
        if name == "Discretization":
            case["boundaries"] = [number(b) for b in layer.bin_boundaries]
        all_cases.append(case)

    text_vectorization(add)
    lookups(add)
    hashes(add)
    numeric(add)
    return {"hashes": fingerprints(), "cases": all_cases}


def text_vectorization(add):
    texts = np.array(TEXTS)
    column = texts.reshape(-1, 1)

    def both(options, **how):
        add("TextVectorization", options, texts, adapt=column, vocabulary=True, **how)

    both({})
    both({"output_sequence_length": 4})
    both({"output_sequence_length": 30, "max_tokens": 9})
    for standardize in ("lower", "strip_punctuation", None):
        both({"standardize": standardize})
    both({"split": "character", "max_tokens": 25})
    both({"split": None, "standardize": "lower"})
    for ngrams in (2, [2], [3, 1]):
        both({"ngrams": ngrams, "output_sequence_length": 12})
    both({"split": "character", "ngrams": [2], "max_tokens": 20})
    for mode in ("multi_hot", "count", "tf_idf"):
        both({"output_mode": mode})
        both({"output_mode": mode, "max_tokens": 8, "ngrams": 2})
        both({"output_mode": mode, "max_tokens": 60, "pad_to_max_tokens": True})
    batches = [texts[:3], texts[3:5], texts[5:]]
    for mode in ("int", "tf_idf"):
        add("TextVectorization", {"output_mode": mode}, column, batches=batches, vocabulary=True)
    words = ["horn", "keratin", "the"]
    add("TextVectorization", {"vocabulary": words}, texts, vocabulary=True)
    add("TextVectorization", {"vocabulary": ["", "[UNK]", *words]}, texts, vocabulary=True)
    add("TextVectorization", {"vocabulary": words, "output_mode": "tf_idf",
                              "idf_weights": [0.5, 0.25, 0.75]}, texts)  # fmt: skip


def lookups(add):
    animals, more = np.array(ANIMALS), np.array(MORE)

    def strings(options, x=more, **how):
        add("StringLookup", options, x, **{"adapt": animals, "vocabulary": True, **how})

    strings({})
    strings({"mask_token": ""})
    strings({"mask_token": "", "num_oov_indices": 3})
    strings({"num_oov_indices": 3, "salt": [133, 137]})
    strings({"num_oov_indices": 4, "salt": 7, "max_tokens": 6})
    strings({"max_tokens": 3})
    strings({"oov_token": "wolf"})
    for mode in ("one_hot", "multi_hot", "count", "tf_idf"):
        strings({"output_mode": mode})
        strings({"output_mode": mode, "mask_token": "", "num_oov_indices": 2}, more.reshape(2, 4))
        strings({"output_mode": mode, "max_tokens": 12, "pad_to_max_tokens": True})
    strings({"output_mode": "one_hot"}, more.reshape(2, 4))
    strings({"output_mode": "one_hot"}, more.reshape(-1))
    strings({"output_mode": "multi_hot"}, more.reshape(-1))
    strings({"output_mode": "tf_idf"}, adapt=more.reshape(4, 2))
    strings({"output_mode": "tf_idf"}, adapt=None, batches=[animals[:4], animals[4:7], animals[7:]])
    add("StringLookup", {"vocabulary": ["b", "a"], "invert": True}, np.array([[0, 1], [2, 7]]))
    add("StringLookup", {"vocabulary": ["b", "a"], "invert": True, "mask_token": "-",
                         "num_oov_indices": 2}, np.array([0, 1, 2, 3, 4, 9]))  # fmt: skip
    add("StringLookup", {"vocabulary": ["b", "a"], "num_oov_indices": 0}, np.array(["a", "b"]))

    numbers = np.array(NUMBERS, dtype="int64")
    unseen = np.array([[40, 12, -9], [5, 0, 5_000_000_000]], dtype="int64")

    def integers(options, x=unseen, **how):
        add("IntegerLookup", options, x, **{"adapt": numbers, "vocabulary": True, **how})

    integers({})
    integers({"mask_token": 0, "num_oov_indices": 4})
    integers({"num_oov_indices": 5, "oov_method": "farmhash"})
    integers({"num_oov_indices": 5, "oov_method": "farmhash", "salt": [1, -2]})
    integers({"max_tokens": 4})
    for mode in ("one_hot", "multi_hot", "count", "tf_idf"):
        integers({"output_mode": mode, "mask_token": 12})
    add("IntegerLookup", {"vocabulary": [5, 3], "invert": True, "mask_token": 0},
        np.array([0, 1, 2, 3, 4]))  # fmt: skip


def hashes(add):
    animals = np.array(ANIMALS).reshape(-1, 1)
    numbers = np.array([[1, 20], [-3, 4_000_000_000], [0, 1]], dtype="int64")
    floats = np.array([[1.9, -2.9], [0.5, 1e9]], dtype="float32")
    for salt in (None, 137, [3, 99]):
        for x in (animals, numbers, floats):
            add("Hashing", {"num_bins": 7, "salt": salt}, x)
    add("Hashing", {"num_bins": 1}, animals)
    add("Hashing", {"num_bins": 4, "mask_value": "hare"}, animals)
    add("Hashing", {"num_bins": 4, "mask_value": 1}, numbers)
    for mode in ("one_hot", "multi_hot", "count"):
        add("Hashing", {"num_bins": 5, "output_mode": mode}, animals)
        if mode != "one_hot":
            add("Hashing", {"num_bins": 5, "output_mode": mode}, numbers)
    ages = np.arange(animals.size, dtype="int64").reshape(-1, 1) % 4 - 1
    for mode in ("int", "one_hot"):
        for pair in ((animals, ages), (ages, animals), (ages, ages), (animals, animals)):
            add("HashedCrossing", {"num_bins": 6, "output_mode": mode}, pair)
    add("HashedCrossing", {"num_bins": 100}, (animals.reshape(-1), ages.reshape(-1)))


def numeric(add):
    rng = np.random.default_rng(5)
    table = np.round(rng.normal(3, 2, (7, 3)), 2).astype("float32")
    images = np.round(rng.uniform(0, 255, (2, 3, 4, 2)), 1).astype("float32")
    flat = np.array([[5, 5, 1], [5, 5, 2]], dtype="float32")
    add("Normalization", {}, table, adapt=table)
    add("Normalization", {"invert": True}, table, adapt=table)
    add("Normalization", {"axis": None}, table, adapt=table)
    add("Normalization", {}, images, adapt=images)
    add("Normalization", {"axis": [1, 3]}, images, adapt=images)
    add("Normalization", {"axis": None}, images, adapt=images)
    add("Normalization", {}, flat, adapt=flat)
    add("Normalization", {}, table, batches=[table[:1], table[1:3], table[3:]])
    add("Normalization", {"mean": 3.0, "variance": 4.0}, table)
    add("Normalization", {"mean": [3.0, 2.5, 1.0], "variance": [4.0, 0.25, 0.0]}, table)
    add("Normalization", {"mean": [3.0, 2.5], "variance": [4.0, 1.0], "axis": [1, 3]}, images)

    add("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, np.array([3, 2, 0, 1]))
    ids = np.array([[0, 1], [0, 0], [4, 2], [3, 1]])
    for mode in ("one_hot", "multi_hot", "count"):
        add("CategoryEncoding", {"num_tokens": 5, "output_mode": mode}, ids)
        add("CategoryEncoding", {"num_tokens": 5, "output_mode": mode}, ids[:, :1])

    values = np.round(rng.gamma(2, 3, 400), 3).astype("float32")
    few = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]], dtype="float32")
    add("Discretization", {"bin_boundaries": [0.0, 1.0, 2.0]}, few)
    for mode in ("one_hot", "multi_hot", "count"):
        add("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": mode}, few)
    for bins in (2, 4, 7):
        add("Discretization", {"num_bins": bins}, few, adapt=few)
        add("Discretization", {"num_bins": bins}, few, adapt=values)
        add("Discretization", {"num_bins": bins, "epsilon": 0.1}, few, adapt=values)
        add("Discretization", {"num_bins": bins}, few,
            batches=[values[:50], values[50:60], values[60:]])  # fmt: skip


def fingerprints():
    """Hashes of texts of many lengths modulo a large prime."""
    prime = (1 << 62) - 57
    letters = "".join(chr(33 + (i * 7) % 90) for i in range(300))
    texts = [letters[i : i + i] for i in [*range(0, 70), 95, 96, 97, 127, 128, 129, 150]]
    fast = tf.strings.to_hash_bucket_fast(texts, prime).numpy()
    strong = tf.strings.to_hash_bucket_strong(texts, prime, key=[11, 1 << 60]).numpy()
    return {"modulo": prime, "texts": texts, "farmhash": [int(h) for h in fast],
            "key": [11, 1 << 60], "siphash": [int(h) for h in strong]}  # fmt: skip


if __name__ == "__main__":
    file = pathlib.Path(__file__).parent.parent / "preprocessing.json"
    write(file, cases(), backend=tf)
    print(f"{file}: {file.stat().st_size / 1024:.0f} KB")
