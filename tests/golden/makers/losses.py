"""Every loss with its options, reductions and weights: values, and gradients by the predictions."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .common import Tensors, integers, normal, numbers, one_hot, tensor, uniform

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"]


INPUTS = Tensors()  # many cases share them


def case(
    name, options, y_true, y_pred, sample_weight=None, only=None, activation=None, shared=INPUTS
):
    """only: the one dtype that the case is about. activation: y_pred are scores; the loss gets
    that activation of them, and the gradient is by the scores."""
    dtype = only or "float64"
    loss = (CLASSES.get(name) or getattr(keras.losses, name))(**options, dtype=dtype)
    weight = None if sample_weight is None else jnp.asarray(sample_weight, dtype)
    f = keras.activations.get(activation)

    def of(p):
        return loss(jnp.asarray(y_true), f(p), sample_weight=weight)

    value, pull = jax.vjp(of, jnp.asarray(y_pred, dtype))
    entry = {
        "name": name,
        "options": options,
        "y_true": shared.index(y_true),
        "y_pred": shared.index(y_pred),
    }
    if sample_weight is not None:
        entry["sample_weight"] = shared.index(sample_weight)
    if only:
        entry["only"] = only
    if activation:
        entry["activation"] = activation
    entry["loss"] = tensor(value)
    if value.ndim == 0 and np.isfinite(value):
        entry["gradient"] = numbers(pull(jnp.ones_like(value))[0])
    return entry


CLASSES = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
}


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return np.round(e / e.sum(-1, keepdims=True), 4)


def with_reductions_and_weights(name, options, y_true, y_pred, shared=INPUTS):
    """values: [5] for rank-2 predictions, [2, 3] for rank 3."""
    batch = y_pred.shape[0]
    yield case(name, options, y_true, y_pred, shared=shared)
    weights = [uniform(11, batch, high=2), uniform(12, batch, 1, high=2)]
    if y_pred.ndim == 3:
        # [batch] beside values [batch, time] is a weight a time step to Keras, a sample to keratin.
        weights = [weights[1], uniform(13, *y_pred.shape[:2], high=2)]
    for reduction in REDUCTIONS:
        if reduction != "sum_over_batch_size":
            yield case(name, {**options, "reduction": reduction}, y_true, y_pred, shared=shared)
        for weight in weights:
            # Keras divides by the sum of weights [batch, 1] as they are, keratin by that of what
            # they stand for.
            if reduction == "mean_with_sample_weight" and y_pred.ndim == 3 and weight.shape[1] == 1:
                continue
            yield case(
                name, {**options, "reduction": reduction}, y_true, y_pred, weight, shared=shared
            )


SCORES, DEEP_SCORES = normal(9, 5, 4, scale=2), normal(10, 2, 3, 4, scale=2)
SURE = np.array([[40.0, -40.0, 0.0], [-120.0, 95.0, 3.0]])  # e^z overflows float32
CLASSES_OF_5, DEEP_CLASSES = integers(20, 5, high=4), integers(21, 2, 3, high=4)


def regression():
    flat, deep = normal(1, 5, 4), normal(2, 2, 3, 4)
    for name in ("mean_squared_error", "mean_absolute_error"):
        yield from with_reductions_and_weights(name, {}, normal(3, 5, 4), flat)
        yield from with_reductions_and_weights(name, {}, normal(4, 2, 3, 4), deep)
        yield case(name, {}, normal(5, 6), normal(6, 6))
        yield case(name, {}, normal(5, 6), normal(6, 6, 1))
        yield case(name, {}, normal(5, 6, 1), normal(6, 6, 1))
        yield case(name, {}, normal(5, 2, 3, 1), normal(6, 2, 3))
        yield case(name, {}, np.full((2, 2), np.nan), normal(6, 2, 2))
        yield case(name, {}, normal(7, 3, 2, scale=1000), normal(8, 3, 2, scale=1000))


def bits(seed, *shape):
    return integers(seed, *shape, high=2).astype(float)


def binary():
    name = "binary_crossentropy"
    p = uniform(14, 5, 4, low=0.02, high=0.98)
    deep_p = uniform(15, 2, 3, 4, low=0.02, high=0.98)
    logits = {"from_logits": True}
    for options, y_pred, deep in [({}, p, deep_p), (logits, SCORES, DEEP_SCORES)]:
        yield from with_reductions_and_weights(name, options, bits(16, 5, 4), y_pred)
        yield from with_reductions_and_weights(name, options, bits(17, 2, 3, 4), deep)
        for extra in ({"label_smoothing": 0.1}, {"label_smoothing": 1.0}, {"axis": 1}, {"axis": 0}):
            yield case(name, {**options, **extra}, bits(17, 2, 3, 4), deep)
        yield case(name, options, bits(18, 4), y_pred[:4, :1])
        yield case(name, options, bits(18, 4, 1), y_pred[:4, :1])
        yield case(name, options, bits(18, 4), y_pred[:4, 0])
        yield case(name, options, uniform(19, 5, 4), y_pred)
    yield case(name, logits, np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.5]]), SURE)
    # What Keras cuts to [1e-7, 1 - 1e-7], in both types: 1 - 1e-7 is not the same number in them.
    y, p = np.array([[1.0, 0.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 1.0, 0.0]])
    for dtype in ("float64", "float32"):
        yield case(name, {}, y, p, only=dtype)
    for options in ({}, {"label_smoothing": 0.2}):
        yield case(name, options, bits(16, 5, 4), SCORES, activation="sigmoid")


def categorical():
    name = "categorical_crossentropy"
    flat, deep = one_hot(CLASSES_OF_5, 4), one_hot(DEEP_CLASSES, 4)
    p, deep_p = softmax(SCORES), softmax(DEEP_SCORES)
    logits = {"from_logits": True}
    for options, y_pred, deep_pred in [({}, p, deep_p), (logits, SCORES, DEEP_SCORES)]:
        yield from with_reductions_and_weights(name, options, flat, y_pred)
        yield case(name, options, softmax(normal(22, 5, 4)), y_pred)
        yield from with_reductions_and_weights(name, options, deep, deep_pred)
        # Not both: Keras smooths by the size of the last axis, whatever the axis is.
        for extra in ({"label_smoothing": 0.1}, {"axis": 1}):
            yield case(name, {**options, **extra}, deep, deep_pred)
    for options in ({}, {"axis": 1}):  # scaled to sum 1 first
        yield case(name, options, deep, 3 * deep_p)
    yield case(name, logits, one_hot(np.array([0, 2]), 3), SURE)
    for dtype in ("float64", "float32"):
        y, p = one_hot(np.array([0, 1]), 3), np.array([[1.0, 0, 0], [1.0, 0, 0]])
        yield case(name, {}, y, p, only=dtype)
    for options in ({}, {"label_smoothing": 0.2}):
        yield case(name, options, flat, SCORES, activation="softmax")


def sparse():
    name = "sparse_categorical_crossentropy"
    with_void, deep_void = np.array([0, 255, 3, 1, 255]), np.array([[0, -1, 3], [-1, -1, 2]])
    p, deep_p = softmax(SCORES), softmax(DEEP_SCORES)
    logits = {"from_logits": True}
    for options, y_pred, deep_pred in [({}, p, deep_p), (logits, SCORES, DEEP_SCORES)]:
        yield from with_reductions_and_weights(name, options, CLASSES_OF_5, y_pred)
        yield from with_reductions_and_weights(name, options, DEEP_CLASSES, deep_pred)
        yield case(name, options, CLASSES_OF_5[:, None], y_pred)
        yield case(name, options, DEEP_CLASSES[..., None], deep_pred)
        for ignored, y, prediction in [(255, with_void, y_pred), (-1, deep_void, deep_pred)]:
            ignoring = {**options, "ignore_class": ignored}
            yield from with_reductions_and_weights(name, ignoring, y, prediction)
        yield case(name, {**options, "ignore_class": 255}, np.full(5, 255), y_pred)
        yield case(name, {**options, "ignore_class": 0}, CLASSES_OF_5, y_pred)
        yield case(name, {**options, "ignore_class": 7}, CLASSES_OF_5, y_pred)
    yield case(name, {}, CLASSES_OF_5, 3 * p)  # scaled to sum 1 first
    yield case(name, logits, np.array([0, 2]), SURE)
    for dtype in ("float64", "float32"):
        yield case(name, {}, np.array([0, 1]), np.array([[1.0, 0, 0], [1.0, 0, 0]]), only=dtype)
    yield case(name, {}, CLASSES_OF_5, SCORES, activation="softmax")


def cases():
    result = [entry for loss in (regression, binary, categorical, sparse) for entry in loss()]
    return {"tensors": INPUTS.all, "cases": result}
