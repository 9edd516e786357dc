"""Layers for sequences, normalization and what else is not in layers.py."""

import numpy as np

from .common import integers, normal
from .layers import case


def lookup():
    ids = integers(30, 2, 5, high=7).astype("int32")
    options = {"input_dim": 7, "output_dim": 3}
    yield case("Embedding", options, [ids])
    yield case("Embedding", options, [ids.astype("int64")], [[None]])
    yield case("Embedding", options, [ids.astype("uint8")[:, 0]], [[]])
    yield case("Embedding", options, [ids.reshape(2, 1, 5)], [[1, 5]])
    yield case("Embedding", {**options, "mask_zero": True}, [np.array([[0, 1], [6, 0]])])


def convolutions():
    x, wide = normal(31, 2, 7, 3), normal(32, 1, 6, 4)
    base = {"filters": 4, "kernel_size": 3}
    for padding in ("valid", "same", "causal"):
        p = {"padding": padding}
        yield case("Conv1D", {**base, **p}, [x])
        yield case("Conv1D", {**base, **p, "strides": 2}, [x], [[None, 3]])
        yield case("Conv1D", {**base, **p, "dilation_rate": 2}, [x])
        yield case("Conv1D", {**base, **p, "groups": 2, "use_bias": False}, [wide])
        yield case("Conv1D", {"filters": 2, "kernel_size": 4, **p, "activation": "relu"}, [x])
        yield case("Conv1D", {"filters": 2, "kernel_size": 2, **p, "strides": 3}, [wide])
    yield case("Conv1D", {"filters": 3, "kernel_size": 1, "activation": "softmax"}, [x])


def pooling():
    x = normal(33, 2, 7, 3)
    for name in ("MaxPooling1D", "AveragePooling1D"):
        yield case(name, {"pool_size": 2}, [x], [[None, 3]], gradients=True)
        for padding in ("valid", "same"):
            p = {"padding": padding}
            yield case(name, {"pool_size": 3, **p}, [x], gradients=True)
            yield case(name, {"pool_size": 3, "strides": 1, **p}, [x], gradients=True)
            yield case(name, {"pool_size": 2, "strides": 3, **p}, [x], gradients=True)
        yield case(name, {"pool_size": 4, "strides": 2, "padding": "same"}, [-1 - np.abs(x)])
    for name in ("GlobalAveragePooling1D", "GlobalMaxPooling1D"):
        yield case(name, {}, [x], [[None, 3]], gradients=True)
        yield case(name, {"keepdims": True}, [x], gradients=True)


def shapes():
    x, image = normal(34, 2, 5, 2), normal(35, 1, 4, 5, 2)
    yield case("ZeroPadding1D", {}, [x], [[None, 2]])
    yield case("ZeroPadding1D", {"padding": [0, 3]}, [x], gradients=True)
    yield case("Cropping1D", {}, [x], [[None, 2]])
    yield case("Cropping1D", {"cropping": [0, 3]}, [x], gradients=True)
    yield case("Cropping1D", {"cropping": 2}, [x])
    yield case("Cropping2D", {}, [image])
    yield case("Cropping2D", {"cropping": 1}, [image], [[None, None, 2]], gradients=True)
    yield case("Cropping2D", {"cropping": [1, 2]}, [image])
    yield case("Cropping2D", {"cropping": [[0, 1], [2, 1]]}, [image], gradients=True)
    yield case("UpSampling1D", {}, [x], [[None, 2]], gradients=True)
    yield case("UpSampling1D", {"size": 3}, [x])
    yield case("UpSampling2D", {}, [image], [[None, None, 2]], gradients=True)
    yield case("UpSampling2D", {"size": [1, 3]}, [image], gradients=True)
    yield case("RepeatVector", {"n": 3}, [normal(36, 2, 4)], gradients=True)
    yield case("Permute", {"dims": [2, 1]}, [x], [[None, 2]], gradients=True)
    yield case("Permute", {"dims": [3, 1, 2]}, [image], gradients=True)


def merging():
    a, b, c = normal(37, 2, 3, 4), normal(38, 2, 3, 4), normal(39, 2, 3, 4)
    yield case("Subtract", {}, [a, b], gradients=True)
    for name in ("Average", "Maximum", "Minimum"):
        yield case(name, {}, [a, b, c], [[None, 4]] * 3, gradients=True)
        yield case(name, {}, [a, normal(40, 2, 1, 4)], gradients=True)
    flat, other = normal(41, 3, 5), normal(42, 3, 5)
    for normalize in (False, True):
        o = {"normalize": normalize}
        yield case("Dot", {"axes": 1, **o}, [flat, other], gradients=True)
        yield case("Dot", {"axes": -1, **o}, [a, b], [[None, 4], [None, 4]], gradients=True)
        yield case("Dot", {"axes": [2, 1], **o}, [a, normal(43, 2, 4, 5)], gradients=True)
        yield case("Dot", {"axes": 1, **o}, [a, b], gradients=True)
        yield case("Dot", {"axes": [1, 2], **o}, [normal(44, 2, 4), a], gradients=True)
        yield case("Dot", {"axes": [2, 1], **o}, [a, normal(44, 2, 4)], gradients=True)
        yield case("Dot", {"axes": [3, 1], **o}, [normal(45, 2, 2, 3, 4), normal(43, 2, 4, 5)])


def pointwise():
    x = normal(46, 3, 4, scale=2)
    yield case("LeakyReLU", {}, [x], gradients=True)
    yield case("LeakyReLU", {"negative_slope": 0.1}, [x])
    yield case("ELU", {}, [x], gradients=True)
    yield case("ELU", {"alpha": 0.5}, [x], [[None]])
    yield case("PReLU", {}, [x])
    yield case("PReLU", {}, [normal(47, 2, 3, 4)])
    yield case("PReLU", {"shared_axes": [1]}, [normal(47, 2, 3, 4)], [[None, 4]])
    yield case("PReLU", {"shared_axes": [1, 2]}, [normal(48, 2, 2, 3, 2)])
    yield case("Identity", {}, [x])
    yield case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, [x])
    for name, options in (
        ("GaussianNoise", {"stddev": 0.5}),
        ("GaussianDropout", {"rate": 0.5}),
        ("SpatialDropout1D", {"rate": 0.5}),
    ):
        yield case(name, options, [normal(47, 2, 3, 4)])
    yield case("Masking", {}, [np.array([[[0.0, 0], [1, 0]], [[2, 3], [0, 0]]])], gradients=True)
    yield case("Masking", {"mask_value": -1}, [np.array([[[-1.0, -1], [-1, 0], [2, 3]]])])


def normalization():
    x, deep, image = normal(49, 4, 6, scale=2), normal(60, 2, 3, 4, scale=2), normal(61, 2, 3, 2, 4)
    name = "LayerNormalization"
    for options in ({}, {"scale": False}, {"center": False}, {"epsilon": 0.1}):
        yield case(name, options, [x])
    yield case(name, {"scale": False, "center": False}, [x], gradients=True)
    yield case(name, {}, [deep], [[None, 4]])
    yield case(name, {"axis": 1}, [deep])
    yield case(name, {"axis": [1, 2]}, [deep])
    yield case(name, {"axis": [3, 1]}, [image])
    yield case("RMSNormalization", {}, [x])
    yield case("RMSNormalization", {"epsilon": 0.1}, [deep], [[None, 4]])
    yield case("RMSNormalization", {"axis": [1, 2]}, [deep])
    yield case("UnitNormalization", {}, [deep], gradients=True)
    yield case("UnitNormalization", {"axis": [1, 2]}, [deep], gradients=True)
    yield case("UnitNormalization", {}, [np.array([[0.0, 0.0], [3.0, 4.0]])])
    name = "GroupNormalization"
    yield case(name, {"groups": 2}, [image], [[None, None, 4]])
    yield case(name, {"groups": 1, "scale": False}, [deep])
    yield case(name, {"groups": -1, "center": False}, [deep])
    yield case(name, {"groups": 3}, [x])
    yield case(name, {"groups": 3, "axis": 1, "epsilon": 0.1}, [deep])


def wrapped():
    x, images = normal(62, 2, 3, 4), normal(63, 1, 2, 4, 4, 2)
    yield case("TimeDistributed", {"layer": ["Dense", {"units": 2, "activation": "relu"}]}, [x])
    conv = ["Conv2D", {"filters": 2, "kernel_size": 3}]
    yield case("TimeDistributed", {"layer": conv}, [images])
    for training in (False, True):
        yield case("TimeDistributed", {"layer": ["BatchNormalization", {}]}, [x], training=training)


GROUPS = (
    lookup, convolutions, pooling, shapes, merging, pointwise, normalization, wrapped,
)  # fmt: skip


def cases():
    return [entry for group in GROUPS for entry in group()]
