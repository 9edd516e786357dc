"""Masks through layers, losses, metrics and models."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras.src import backend

from .common import integers, normal, number, numbers, one_hot, tensor, uniform
from .layers import made


def bits(seed, *shape):
    mask = integers(seed, *shape, high=3) > 0
    mask[..., 0] = True
    return mask


MASK = bits(1, 3, 4)


def masked(x, mask):
    x = jnp.asarray(x)
    if mask is not None:
        backend.set_keras_mask(x, jnp.asarray(mask))
    return x


def layer(name, options, inputs, masks, training=False):
    """What the layer computes, and the mask that its result carries."""
    one = made(name, options)
    several = len(inputs) > 1
    wrap = (lambda values: list(values)) if several else (lambda values: values[0])
    told = {"training": True} if training else {}
    one(wrap([jnp.asarray(x) for x in inputs]))
    weights = [
        (
            uniform(50 + i, *v.shape, low=0.5, high=1.5)
            if v.name in ("moving_variance", "gamma")
            else normal(50 + i, *v.shape, scale=0.5)
        )
        for i, v in enumerate(one.weights)
    ]
    one.set_weights(weights)
    y = one(wrap([masked(x, m) for x, m in zip(inputs, masks)]), **told)
    mask = backend.get_keras_mask(y)
    entry = {
        "kind": "layer",
        "name": name,
        "options": options,
        "inputs": [tensor(x) for x in inputs],
        "masks": [None if m is None else tensor(m) for m in masks],
        "training": training,
        "weights": [tensor(w) for w in weights],
        "y": tensor(y),
        "mask": None if mask is None else tensor(mask),
    }
    if inputs[0].dtype.kind == "f":
        one.set_weights(weights)
        state = [v.value for v in one.trainable_variables], [
            v.value for v in one.non_trainable_variables
        ]
        others = [jnp.asarray(x) for x in inputs[1:]]

        # What is traced carries no mask: it is given by hand to those that read it.
        if masks[0] is not None and not several and one._call_has_mask_arg:
            told["mask"] = jnp.asarray(masks[0])

        def of(x):
            arrays = [x, *others]
            if several:  # straight to the computation, which reads the masks of what it is given
                return one.call([masked(a + 0.0, m) for a, m in zip(arrays, masks)])
            return one.stateless_call(*state, arrays[0], **told)[0]

        again, pull = jax.vjp(of, jnp.asarray(inputs[0]))
        assert np.allclose(again, y), (name, again, y)
        dy = normal(90, *y.shape)
        entry.update(dy=numbers(dy), dx=numbers(pull(jnp.asarray(dy))[0]))
    if training:
        one.set_weights(weights)
        told.pop("mask", None)
        one(wrap([masked(x, m) for x, m in zip(inputs, masks)]), **told)
        entry["weights_after"] = [tensor(v.numpy()) for v in one.weights]
    return entry


def layers():
    x, flat, other = normal(2, 3, 4, 2), normal(3, 3, 4), bits(4, 3, 4)
    for name, options in (
        ("Dense", {"units": 2, "activation": "relu"}),
        ("Activation", {"activation": "tanh"}),
        ("ReLU", {}),
        ("LeakyReLU", {}),
        ("ELU", {}),
        ("PReLU", {}),
        ("Identity", {}),
        ("ActivityRegularization", {"l1": 0.1}),
        ("Rescaling", {"scale": 2.0}),
        ("Dropout", {"rate": 0.5}),
        ("GaussianNoise", {"stddev": 0.5}),
        ("GaussianDropout", {"rate": 0.5}),
        ("SpatialDropout1D", {"rate": 0.5}),
        ("LayerNormalization", {}),
        ("GroupNormalization", {"groups": 1}),
        ("UnitNormalization", {}),
        ("BatchNormalization", {}),
        ("GlobalAveragePooling1D", {}),
        ("GlobalAveragePooling1D", {"keepdims": True}),
        ("Masking", {}),
        ("TimeDistributed", {"layer": ["Dense", {"units": 2}]}),
        # These drop it.
        ("RMSNormalization", {}),
        ("Flatten", {}),
        ("Reshape", {"target_shape": [2, 4]}),
        ("Permute", {"dims": [2, 1]}),
        ("ZeroPadding1D", {}),
        ("Cropping1D", {}),
        ("UpSampling1D", {}),
        ("Conv1D", {"filters": 2, "kernel_size": 2}),
        ("MaxPooling1D", {"pool_size": 2}),
        ("AveragePooling1D", {"pool_size": 2}),
        ("GlobalMaxPooling1D", {}),
    ):
        yield layer(name, options, [x], [MASK])
    yield layer("BatchNormalization", {}, [x], [MASK], training=True)
    yield layer("BatchNormalization", {"axis": 1}, [x], [MASK], training=True)
    yield layer("BatchNormalization", {"scale": False}, [flat], [MASK[:, 1]], training=True)
    none = np.zeros((3, 4), bool)
    yield layer("BatchNormalization", {"center": False}, [x], [none], training=True)
    batch = {"layer": ["BatchNormalization", {"momentum": 0.6}]}
    yield layer("TimeDistributed", batch, [x], [None], training=True)
    yield layer("Softmax", {}, [flat], [MASK])
    yield layer("Softmax", {}, [flat], [none])
    yield layer("Softmax", {"axis": 1}, [x], [np.stack([MASK, other], -1)])
    yield layer("RepeatVector", {"n": 2}, [flat], [MASK[:, 1]])
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        yield layer(name, {}, [x, normal(5, 3, 4, 2)], [MASK, other])
    yield layer("Add", {}, [x, normal(5, 3, 4, 2)], [MASK, None])
    yield layer("Add", {}, [x, x, x], [MASK, other, MASK])
    yield layer("Dot", {"axes": 2}, [x, normal(5, 3, 4, 2)], [MASK, other])
    for masks in ([MASK, other], [MASK, None], [None, other]):
        yield layer("Concatenate", {}, [x, normal(6, 3, 4, 3)], masks)
        yield layer("Concatenate", {"axis": 1}, [x, normal(6, 3, 4, 2)], masks)
    ids = integers(7, 3, 4, high=3)
    for zero in (True, False):
        options = {"input_dim": 3, "output_dim": 2, "mask_zero": zero}
        yield layer("Embedding", options, [ids.astype("int32")], [None])
        yield layer("Embedding", options, [ids.astype("int32")], [MASK])


def loss(name, options, y_true, y_pred, mask, weight):
    f = CLASSES[name](**options)

    def of(p):
        return f(jnp.asarray(y_true), masked(p + 0.0, mask), sample_weight=weight)

    value, pull = jax.vjp(of, jnp.asarray(y_pred))
    entry = {
        "kind": "loss",
        "name": name,
        "options": options,
        "y_true": tensor(y_true),
        "y_pred": tensor(y_pred),
        "mask": tensor(mask),
        "loss": tensor(value),
    }
    if weight is not None:
        entry["sample_weight"] = tensor(weight)
    if value.ndim == 0:
        entry["gradient"] = numbers(pull(jnp.ones_like(value))[0])
    return entry


CLASSES = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
}


def losses():
    y, p = normal(8, 3, 4, 2), normal(9, 3, 4, 2)
    labels = integers(10, 3, 4, high=3)
    chances = np.round(uniform(11, 3, 4, 3, low=0.1), 3)
    by_step, by_sample = uniform(12, 3, 4, high=2), uniform(13, 3, 1, high=2)
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none"):
        o = {"reduction": reduction}
        for weight in (None, by_step, by_sample):
            if reduction == "mean_with_sample_weight" and weight is None:
                # Keras divides by the number of all values then; keratin by those that count.
                continue
            yield loss("mean_squared_error", o, y, p, MASK, weight)
        ignoring = {**o, "ignore_class": 1}
        if reduction != "mean_with_sample_weight":
            yield loss("sparse_categorical_crossentropy", ignoring, labels, chances, MASK, None)
        yield loss("sparse_categorical_crossentropy", ignoring, labels, chances, MASK, by_step)
    yield loss("mean_squared_error", {}, y, p, np.zeros((3, 4), bool), None)
    yield loss("mean_squared_error", {}, normal(8, 3, 2), normal(9, 3, 2), MASK[:, 1], None)


def metric(name, batches):
    one = getattr(keras.metrics, name)()
    steps = []
    for y_true, y_pred, mask, weight in batches:
        one.update_state(y_true, masked(y_pred, mask), sample_weight=weight)
        step = {"y_true": tensor(y_true), "y_pred": tensor(y_pred), "mask": tensor(mask)}
        if weight is not None:
            step["sample_weight"] = tensor(weight)
        steps.append({**step, "result": number(np.float64(one.result()))})
    return {"kind": "metric", "name": name, "updates": steps}


def metrics():
    labels = [integers(20 + i, 3, 4, high=3) for i in range(2)]
    chances = [np.round(uniform(22 + i, 3, 4, 3, low=0.1), 3) for i in range(2)]
    masks = [MASK, bits(24, 3, 4)]
    for weights in (
        (None, None),
        (uniform(25, 3, 4), None),
        (uniform(26, 3, 1), uniform(27, 3, 4)),
    ):
        batches = list(zip(labels, chances, masks, weights))
        yield metric("SparseCategoricalAccuracy", batches)
        yield metric("SparseCategoricalCrossentropy", batches)
        hot = [(one_hot(y, 3), *rest) for y, *rest in batches]
        for name in ("CategoricalAccuracy", "MeanSquaredError", "CosineSimilarity"):
            yield metric(name, hot)
    batches = [(one_hot(y, 3), p, m, None) for y, p, m in zip(labels, chances, masks)]
    for name in ("RootMeanSquaredError", "AUC", "Precision"):  # these count all steps
        yield metric(name, batches)


def model(kind):
    """Three steps of training: logs of each batch, and the weights after."""
    ids = keras.Input((4,), dtype="int32", name="ids")
    embedding = keras.layers.Embedding(6, 3, mask_zero=True)
    if kind == "steps":
        inner = keras.layers.Dense(4, activation="relu")(embedding(ids))
        out = keras.layers.Dense(5, activation="softmax")(inner)
        one = keras.Model(ids, out)
    elif kind == "nested":
        part = keras.Model(ids, keras.layers.Dense(4, activation="relu")(embedding(ids)))
        again = keras.Input((4,), dtype="int32", name="again")
        out = keras.layers.Dense(5, activation="softmax")(part(again))
        one = keras.Model(again, out)
    else:
        parts = [embedding, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(5, "softmax")]
        one = keras.Sequential([keras.Input((4,), dtype="int32"), *parts])
    one.set_weights([normal(60 + i, *w.shape, scale=0.5) for i, w in enumerate(one.weights)])
    before = [tensor(w.numpy()) for w in one.weights]
    one.compile(
        optimizer=keras.optimizers.SGD(0.5),
        loss="sparse_categorical_crossentropy",
    )
    shape = (3,) if kind == "pooled" else (3, 4)
    batches = []
    for i in range(3):
        x = integers(30 + i, 3, 4, high=6)
        x[:, 0] = 1 + i
        y = integers(40 + i, *shape, high=5)
        weight = uniform(50 + i, *shape, high=2)
        logs = {}
        # As on TensorFlow: JAX' training loop loses the mask on the way to the metrics.
        predicted = one(jnp.asarray(x))
        for name, w in (("accuracy", None), ("sparse_categorical_accuracy", weight)):
            accuracy = keras.metrics.SparseCategoricalAccuracy()
            accuracy.update_state(y, predicted, sample_weight=w)
            logs[name] = accuracy.result()
        trained = one.train_on_batch(x, y, sample_weight=weight, return_dict=True)
        logs["loss"] = trained["loss"]
        batches.append(
            {
                "x": tensor(x),
                "y": tensor(y),
                "sample_weight": tensor(weight),
                "logs": {k: number(np.float64(v)) for k, v in logs.items()},
            }
        )
    return {
        "kind": "model",
        "name": kind,
        "weights": before,
        "batches": batches,
        "weights_after": [tensor(w.numpy()) for w in one.weights],
    }


def models():
    for kind in ("steps", "nested", "pooled"):
        yield model(kind)


def cases():
    return [entry for group in (layers, losses, metrics, models) for entry in group()]
