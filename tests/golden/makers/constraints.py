"""Constraints and the orthogonal regularizer on weights: values, and the regularizer's gradients."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .common import Tensors, normal, number, numbers

WEIGHTS = Tensors()
DENSE = normal(1, 4, 3, scale=2)
DENSE[:, 1] = 0  # a unit of nothing
KERNEL = normal(2, 2, 3, 2, 3)
BIAS = normal(3, 4)
CONSTRAINTS = [
    ("MaxNorm", {}, DENSE),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}, DENSE),
    ("MaxNorm", {"max_value": 1.5, "axis": [0, 1, 2]}, KERNEL),
    ("MaxNorm", {"max_value": 1.0, "axis": -1}, KERNEL),
    ("MaxNorm", {"max_value": 0.1}, BIAS),
    ("NonNeg", {}, DENSE),
    ("UnitNorm", {}, DENSE),
    ("UnitNorm", {"axis": [0, 1, 2]}, KERNEL),
    ("UnitNorm", {"axis": None}, KERNEL),
    ("MinMaxNorm", {}, DENSE),
    ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "axis": 1}, DENSE),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.3, "axis": [0, 1]}, KERNEL),
]
ORTHOGONAL = [
    ({}, DENSE),
    ({"factor": 0.5}, DENSE),
    ({"factor": 0.5, "mode": "columns"}, normal(4, 4, 3)),
    ({"factor": 1.0}, np.eye(3)),  # jax takes 1 for the slope of |x| at 0, others 0
]


def constrained(name, options, weight):
    constraint = getattr(keras.constraints, name)(**options)
    value = constraint(jnp.asarray(weight, "float64"))
    return {
        "name": name,
        "options": options,
        "weight": WEIGHTS.index(weight),
        "value": numbers(value),
    }


def penalized(options, weight):
    penalty = keras.regularizers.OrthogonalRegularizer(**options)
    value, gradient = jax.value_and_grad(penalty)(jnp.asarray(weight, "float64"))
    entry = {
        "name": "OrthogonalRegularizer",
        "options": options,
        "weight": WEIGHTS.index(weight),
        "value": number(value),
    }
    if value != 0:
        entry["gradient"] = numbers(gradient)
    return entry


def cases():
    made = [constrained(*row) for row in CONSTRAINTS] + [penalized(*row) for row in ORTHOGONAL]
    return {"weights": WEIGHTS.all, "cases": made}
