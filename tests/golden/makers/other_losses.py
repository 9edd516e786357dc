"""The losses that are not in losses.py: values, and gradients by the predictions."""

import numpy as np

from .common import Tensors, integers, normal, one_hot, uniform
from .losses import DEEP_SCORES, REDUCTIONS, SCORES, bits, case, softmax
from .losses import with_reductions_and_weights

INPUTS = Tensors()


def one(*arguments, **named):
    return case(*arguments, **named, shared=INPUTS)


def regression():
    flat, deep, y, deep_y = normal(1, 5, 4), normal(2, 2, 3, 4), normal(3, 5, 4), normal(4, 2, 3, 4)
    for name in (
        "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError",
        "CosineSimilarity",
        "Huber",
        "LogCosh",
    ):
        yield one(name, {}, y, flat)
        yield one(name, {}, deep_y, deep)
        yield one(name, {}, normal(5, 6), normal(6, 6, 1))
    yield from with_reductions_and_weights("Huber", {"delta": 0.5}, y, flat, INPUTS)
    yield from with_reductions_and_weights("CosineSimilarity", {}, deep_y, deep, INPUTS)
    yield one("CosineSimilarity", {"axis": 1}, deep_y, deep)
    yield one("CosineSimilarity", {}, 0 * y, flat)
    yield one("LogCosh", {}, 300 * y, flat)
    yield one("MeanAbsolutePercentageError", {}, bits(16, 5, 4), flat)
    positive = uniform(7, 5, 4, low=0.1, high=3)
    yield one("MeanSquaredLogarithmicError", {}, uniform(8, 5, 4, high=3), positive)
    counts = integers(9, 5, 4, high=5).astype(float)
    yield one("Poisson", {}, counts, positive)
    yield one("Poisson", {"reduction": "sum"}, counts[:, 0], positive[:, :1])


def hinges():
    signs = 2 * bits(16, 5, 4) - 1
    for name in ("Hinge", "SquaredHinge"):
        yield one(name, {}, signs, SCORES)
        yield one(name, {}, bits(16, 5, 4), SCORES)
        yield one(name, {}, bits(17, 2, 3, 4), DEEP_SCORES)
        yield one(name, {}, bits(18, 4), SCORES[:4, :1])
        yield one(name, {}, uniform(19, 5, 4, low=-1), SCORES)
    hot = one_hot(integers(20, 5, high=4), 4)
    yield one("CategoricalHinge", {}, hot, SCORES)
    yield one("CategoricalHinge", {}, one_hot(integers(21, 2, 3, high=4), 4), DEEP_SCORES)
    yield one("CategoricalHinge", {"reduction": "none"}, hot, SCORES, uniform(11, 5, high=2))


def probabilities():
    p, deep_p = uniform(14, 5, 4, low=0.02, high=0.98), softmax(DEEP_SCORES)
    yield from with_reductions_and_weights("KLDivergence", {}, softmax(normal(22, 5, 4)), p, INPUTS)
    yield one("KLDivergence", {}, one_hot(integers(21, 2, 3, high=4), 4), deep_p)
    name = "BinaryFocalCrossentropy"
    balanced = {"apply_class_balancing": True, "alpha": 0.3}
    for options in ({}, balanced, {"gamma": 1.5}, {"label_smoothing": 0.1}):
        yield one(name, options, bits(16, 5, 4), p)
        yield one(name, {**options, "from_logits": True}, bits(16, 5, 4), SCORES)
        yield one(name, options, bits(16, 5, 4), SCORES, activation="sigmoid")
    yield one(name, {"axis": 1}, bits(17, 2, 3, 4), DEEP_SCORES / 20 + 0.5)
    name = "CategoricalFocalCrossentropy"
    hot = one_hot(integers(20, 5, high=4), 4)
    for options in ({}, {"alpha": 0.5, "gamma": 1.0}, {"label_smoothing": 0.1}):
        yield one(name, options, hot, p)
        yield one(name, {**options, "from_logits": True}, hot, SCORES)
        yield one(name, options, hot, SCORES, activation="softmax")
    yield one(name, {"axis": 1}, one_hot(integers(21, 2, 3, high=4), 4), deep_p)
    name = "CategoricalGeneralizedCrossEntropy"
    for options in ({}, {"q": 0.7}):
        yield one(name, options, integers(20, 5, high=4), softmax(SCORES))
        yield one(name, options, integers(21, 2, 3, high=4), deep_p)


def alignments():
    """Keras on JAX: on TensorFlow it computes in float32."""
    scores = normal(23, 5, 7, 4)
    labels = np.array([[1, 2, 3, 0], [1, 1, 2, 0], [3, 3, 3, 3], [2, 0, 0, 0], [0, 0, 0, 0]])
    weight = uniform(11, 5, high=2)
    for reduction in REDUCTIONS:
        yield one("CTC", {"reduction": reduction}, labels, scores)
        yield one("CTC", {"reduction": reduction}, labels, scores, weight)
    yield one("CTC", {}, labels[:, :3], scores[:, :3], only="float64")  # 3, 3, 3 needs five steps
    yield one("CTC", {}, labels, 20 * scores)
    wide = np.concatenate([labels, 0 * labels, 0 * labels], axis=1)
    yield one("CTC", {}, wide, scores)
    yield one("CTC", {}, labels[:1, :1], scores[:1, :1])


def distances():
    x = normal(24, 8, 3)
    x = np.round(x / np.linalg.norm(x, axis=1, keepdims=True), 3)
    classes, alone = np.array([0, 1, 2, 0, 1, 2, 0, 0]), np.array([0, 1, 2, 0, 1, 3, 0, 0])
    for options in ({}, {"gamma": 10.0}, {"margin": 0.25}, {"remove_diagonal": False}):
        yield one("Circle", options, classes, x)
        yield one("Circle", options, classes[:, None], x)
    yield from with_reductions_and_weights("Circle", {"gamma": 5.0}, classes, x, INPUTS)
    for reduction in REDUCTIONS:  # those that have no other of their class are left out
        options = {"gamma": 5.0, "reduction": reduction}
        yield one("Circle", options, alone, x)
        yield one("Circle", options, alone, x, uniform(11, 8, high=2))


def overlaps():
    y, p = bits(17, 2, 3, 4), uniform(15, 2, 3, 4)
    for name in ("Dice", "Tversky"):
        yield one(name, {}, y, p)
        yield one(name, {"axis": [1, 2]}, y, p)
        yield one(name, {"axis": [1, 2]}, y, p, uniform(12, 2, high=2))
        yield one(name, {"axis": [-1], "reduction": "none"}, y, p)
        yield one(name, {}, 0 * y, p)
    yield one("Tversky", {"alpha": 0.2, "beta": 0.7}, y, p)


def cases():
    groups = (regression, hinges, probabilities, overlaps, alignments, distances)
    result = [entry for group in groups for entry in group()]
    return {"tensors": INPUTS.all, "cases": result}
