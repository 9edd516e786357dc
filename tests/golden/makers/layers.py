"""Layers with given weights: outputs, shapes, parameter counts; gradients if there are weights."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .common import normal, number, numbers, tensor, uniform

SIZES = ("kernel_size", "strides", "dilation_rate", "pool_size", "size", "dims")


def made(name, options):
    if name == "TimeDistributed":
        return keras.layers.TimeDistributed(made(*options["layer"]))
    options = {
        key: tuple(value) if key in SIZES and isinstance(value, list) else value
        for key, value in options.items()
    }
    return getattr(keras.layers, name)(**options)


def case(name, options, inputs, symbolic=None, training=False, seed=50, gradients=None):
    """symbolic: shapes without the batch axis, None where unknown; else those of the inputs.
    gradients: also where there are no weights."""
    layer = made(name, options)
    inputs = [np.asarray(x) for x in inputs]
    symbolic = symbolic or [list(x.shape[1:]) for x in inputs]
    several = len(inputs) > 1 or name in ("Add", "Multiply", "Concatenate")
    wrap = (lambda values: list(values)) if several else (lambda values: values[0])
    outputs = layer(
        wrap(
            [
                keras.Input(shape, dtype=keras.backend.standardize_dtype(x.dtype))
                for shape, x in zip(symbolic, inputs)
            ]
        )
    )
    weights = []
    for i, weight in enumerate(layer.weights):
        positive = weight.name in ("moving_variance", "gamma")
        weights.append(
            uniform(seed + i, *weight.shape, low=0.5, high=1.5)
            if positive
            else normal(seed + i, *weight.shape, scale=0.5)
        )
    layer.set_weights(weights)
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]

    def of(values, arrays):
        y, state = layer.stateless_call(
            values, others, wrap(arrays), **({"training": training} if training else {})
        )
        return y, state

    arrays = [jnp.asarray(x) for x in inputs]
    y, state = of(trainable, arrays)
    entry = {
        "name": name,
        "options": options,
        "inputs": [tensor(x) for x in inputs],
        "symbolic": symbolic,
        "output_shape": list(outputs.shape),
        "params": layer.count_params(),
        "weights": [{"name": v.name, **tensor(w)} for v, w in zip(layer.weights, weights)],
        "y": tensor(y),
    }
    if training:
        entry["training"] = True
    if inputs[0].dtype.kind in "iu":  # ids have no gradient
        dy = normal(seed + 40, *y.shape)
        _, pull = jax.vjp(lambda values: of(values, arrays)[0], trainable)
        entry.update(
            dtypes=[str(x.dtype) for x in inputs],
            dy=numbers(dy),
            dw=[numbers(g) for g in pull(jnp.asarray(dy))[0]],
        )
    elif layer.weights or gradients:
        dy = normal(seed + 40, *y.shape)
        _, pull = jax.vjp(lambda values, x: of(values, x)[0], trainable, arrays)
        by_weights, by_inputs = pull(jnp.asarray(dy))
        entry.update(dy=numbers(dy), dx=numbers(by_inputs[0]), dw=[numbers(g) for g in by_weights])
    return entry


def batch_normalization_steps(options, shape, steps=3):
    """Moving statistics after training steps, and what inference says then."""
    layer = keras.layers.BatchNormalization(**options)
    batches = [normal(70 + i, *shape, scale=1 + i) for i in range(steps)]
    layer.build(shape)
    outputs = [tensor(layer(keras.ops.convert_to_tensor(x), training=True)) for x in batches]
    probe = normal(80, *shape)
    return {
        "name": "BatchNormalization",
        "options": options,
        "batches": [tensor(x) for x in batches],
        "training_outputs": outputs,
        "weights": [{"name": v.name, **tensor(v.numpy())} for v in layer.weights],
        "probe": tensor(probe),
        "inference": tensor(layer(keras.ops.convert_to_tensor(probe), training=False)),
    }


def dense():
    x = normal(1, 3, 4)
    yield case("Dense", {"units": 5}, [x])
    yield case("Dense", {"units": 2, "use_bias": False}, [x])
    for activation in ("relu", "sigmoid", "softmax", "tanh", "gelu"):
        yield case("Dense", {"units": 5, "activation": activation}, [x])
    yield case("Dense", {"units": 2, "activation": "relu"}, [normal(2, 2, 3, 4)], [[None, 4]])


def convolutions():
    image, color = normal(3, 2, 6, 7, 1), normal(4, 1, 7, 5, 4)
    for padding in ("valid", "same"):
        yield case("Conv2D", {"filters": 2, "kernel_size": 3, "padding": padding}, [image])
        yield case(
            "Conv2D",
            {"filters": 2, "kernel_size": [2, 3], "padding": padding, "use_bias": False},
            [image],
        )
        yield case(
            "Conv2D",
            {"filters": 2, "kernel_size": 3, "strides": 2, "padding": padding},
            [image],
            [[None, None, 1]],
        )
        yield case(
            "Conv2D",
            {"filters": 2, "kernel_size": [2, 4], "strides": [3, 2], "padding": padding},
            [image],
        )
        yield case(
            "Conv2D",
            {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": padding},
            [image],
        )
        yield case(
            "Conv2D",
            {"filters": 2, "kernel_size": 2, "dilation_rate": [1, 3], "padding": padding},
            [image],
        )
        yield case(
            "Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, "padding": padding}, [color]
        )
        yield case(
            "Conv2D",
            {"filters": 4, "kernel_size": 2, "groups": 4, "strides": 2, "padding": padding},
            [color],
        )
        yield case(
            "Conv2D",
            {"filters": 3, "kernel_size": 3, "padding": padding, "activation": "relu"},
            [color],
        )
    yield case("Conv2D", {"filters": 3, "kernel_size": 1, "activation": "softmax"}, [color])
    yield case("Conv2D", {"filters": 2, "kernel_size": [7, 5]}, [color])
    yield case(
        "Conv2D", {"filters": 1, "kernel_size": 5, "padding": "same"}, [normal(5, 1, 2, 3, 2)]
    )


def pooling():
    image = normal(6, 2, 5, 6, 2)
    for name in ("MaxPooling2D", "AveragePooling2D"):
        yield case(name, {"pool_size": 2}, [image], [[None, None, 2]])
        for padding in ("valid", "same"):
            yield case(name, {"pool_size": 3, "padding": padding}, [image])
            yield case(name, {"pool_size": [2, 3], "strides": 1, "padding": padding}, [image])
            yield case(name, {"pool_size": 2, "strides": [3, 2], "padding": padding}, [image])
        yield case(name, {"pool_size": 3, "strides": 2, "padding": "same"}, [-1 - np.abs(image)])
    for name in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        yield case(name, {}, [image], [[None, None, 2]])
        yield case(name, {"keepdims": True}, [image])


def shapes():
    cube = normal(7, 2, 3, 4)
    yield case("Flatten", {}, [cube])
    yield case("Flatten", {}, [cube], [[None, 4]])
    yield case("Flatten", {}, [normal(8, 3)], [[]])
    yield case("Reshape", {"target_shape": [4, 3]}, [cube])
    yield case("Reshape", {"target_shape": [2, -1]}, [cube])
    yield case("Reshape", {"target_shape": [-1, 4]}, [cube], [[None, 4]])
    yield case("Reshape", {"target_shape": [-1]}, [cube])
    image = normal(9, 1, 2, 3, 1)
    yield case("ZeroPadding2D", {}, [image])
    yield case("ZeroPadding2D", {"padding": 2}, [image], [[None, None, 1]])
    yield case("ZeroPadding2D", {"padding": [1, 2]}, [image])
    yield case("ZeroPadding2D", {"padding": [[0, 1], [2, 3]]}, [image])


def pointwise():
    x = normal(10, 3, 4, scale=2)
    for activation in ("relu", "softmax", "elu", "linear"):
        yield case("Activation", {"activation": activation}, [x])
    yield case("ReLU", {}, [x])
    yield case("ReLU", {"max_value": 1.5, "negative_slope": 0.25, "threshold": 0.5}, [x])
    yield case("Softmax", {}, [x])
    yield case("Softmax", {"axis": 1}, [normal(11, 2, 3, 4)])
    yield case("Rescaling", {"scale": 0.5}, [x])
    yield case("Rescaling", {"scale": 2.0, "offset": -1.0}, [x])


def merging():
    a, b, c = normal(12, 2, 3, 4), normal(13, 2, 3, 4), normal(14, 2, 3, 4)
    for name in ("Add", "Multiply"):
        yield case(name, {}, [a, b])
        yield case(name, {}, [a, b, c], [[None, 4], [None, 4], [None, 4]])
        yield case(name, {}, [a, normal(15, 2, 1, 4)])
        yield case(name, {}, [a, normal(16, 2, 4)])
    yield case("Concatenate", {}, [a, normal(17, 2, 3, 2)])
    yield case("Concatenate", {}, [a, b, c], [[None, 4], [None, 4], [None, 4]])
    yield case("Concatenate", {"axis": 1}, [a, normal(18, 2, 5, 4)])
    yield case("Concatenate", {"axis": 1}, [a, normal(18, 2, 5, 4)], [[None, 4], [5, 4]])


def batch_normalization():
    flat, image = normal(19, 6, 3, scale=2), normal(20, 3, 2, 2, 3, scale=2)
    for options in (
        {},
        {"scale": False},
        {"center": False},
        {"epsilon": 0.1, "momentum": 0.5},
        {"scale": False, "center": False},
    ):
        for training in (False, True):
            yield case("BatchNormalization", options, [flat], training=training)
    for training in (False, True):
        yield case("BatchNormalization", {}, [image], [[None, None, 3]], training=training)
        yield case("BatchNormalization", {"axis": 1}, [image], training=training)
    yield batch_normalization_steps({}, (6, 3))
    yield batch_normalization_steps({"momentum": 0.6}, (2, 2, 2, 3))


def cases():
    return [
        entry
        for group in (dense, convolutions, pooling, shapes, pointwise, merging, batch_normalization)
        for entry in group()
    ]
