"""Statistics of every initializer over many draws: generators differ, distributions must not."""

import keras
import numpy as np
from keras.src.initializers.random_initializers import compute_fans

from .common import number, tensor

SHAPES = [(60, 40), (3, 3, 8, 16), (2, 5, 4), (30,), ()]
NUMBERS = 400_000  # drawn for each case
VARIANCE_SCALING = [
    {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"},
    {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
    {"scale": 0.5, "mode": "fan_avg", "distribution": "uniform"},
    {"scale": 3.0, "mode": "fan_avg", "distribution": "truncated_normal"},
]
RANDOM = [
    (name, {})
    for name in (
        "glorot_uniform",
        "glorot_normal",
        "he_uniform",
        "he_normal",
        "lecun_uniform",
        "lecun_normal",
        "variance_scaling",
        "random_normal",
        "normal",
        "truncated_normal",
        "random_uniform",
        "uniform",
    )
]
RANDOM += [("variance_scaling", parameters) for parameters in VARIANCE_SCALING]
RANDOM += [
    ("random_normal", {"mean": 0.5, "stddev": 2.0}),
    ("truncated_normal", {"mean": -1.0, "stddev": 0.3}),
    ("random_uniform", {"minval": -2.0, "maxval": 5.0}),
]


def made_by(name):
    return keras.initializers.Constant if name == "constant" else type(keras.initializers.get(name))


def statistics(name, parameters, shape):
    # One long draw would have other fans, so many draws; of small shapes fewer numbers.
    repeats = min(max(1, NUMBERS // int(np.prod(shape))), 400)
    make = made_by(name)
    drawn = np.concatenate(
        [
            np.asarray(make(**parameters, seed=s)(shape, dtype="float32")).reshape(-1)
            for s in range(repeats)
        ]
    ).astype(np.float64)
    fans = compute_fans(shape)
    return {
        "name": name,
        "parameters": parameters,
        "shape": list(shape),
        "fan_in": fans[0],
        "fan_out": fans[1],
        "count": drawn.size,
        "mean": number(np.float32(drawn.mean())),
        "std": number(np.float32(drawn.std())),
        "min": number(np.float32(drawn.min())),
        "max": number(np.float32(drawn.max())),
        # The shape of the distribution: the share within one half of its own standard deviation.
        "central": number(np.float32(np.mean(np.abs(drawn - drawn.mean()) < 0.5 * drawn.std()))),
    }


def cases():
    result = [
        statistics(name, parameters, shape)
        for name, parameters in RANDOM
        for shape in (SHAPES if not parameters and "_" in name else SHAPES[:2])
    ]
    for name, parameters, shape in [
        ("zeros", {}, (2, 3)),
        ("zero", {}, (3,)),
        ("ones", {}, (2, 3)),
        ("one", {}, ()),
        ("constant", {}, (2,)),
        ("constant", {"value": -2.5}, (2, 2)),
        ("identity", {}, (3, 3)),
        ("identity", {"gain": 2.0}, (2, 4)),
        ("identity", {}, (4, 2)),
    ]:
        value = made_by(name)(**parameters)(shape, dtype="float32")
        result.append({"name": name, "parameters": parameters, "value": tensor(value)})
    for parameters, shape in [
        ({}, (6, 4)),
        ({}, (4, 6)),
        ({"gain": 1.5}, (5, 5)),
        ({}, (3, 3, 2, 5)),
        ({}, (2, 2, 9)),
    ]:
        # Of the matrix [product of the other axes, last axis] either the columns are orthonormal,
        # or the rows.
        value = np.asarray(
            keras.initializers.Orthogonal(**parameters, seed=1)(shape, dtype="float64")
        )
        matrix = value.reshape(-1, shape[-1])
        by_rows = matrix.shape[0] < matrix.shape[1]
        gram = matrix @ matrix.T if by_rows else matrix.T @ matrix
        result.append(
            {
                "name": "orthogonal",
                "parameters": parameters,
                "shape": list(shape),
                "by_rows": by_rows,
                "gram": tensor(np.round(gram, 6) + 0.0),
            }
        )
    return result
