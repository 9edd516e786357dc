"""Every activation by name and with other parameters, on awkward numbers; their gradients."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .common import normal, numbers, tensor

# Tails, both sides of every kink, tiny numbers, and what is no number.
# fmt: off
TABLE = [
    -np.inf, -1e30, -1000.0, -100.0, -88.5, -30.0, -16.0, -10.0, -6.5, -4.0, -3.25, -3.0, -2.75,
    -2.0, -1.5, -1.0, -0.75, -0.5, -0.25, -0.1, -1e-3, -1e-6, -1e-12, 0.0, 1e-12, 1e-6, 1e-3, 0.1,
    0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.75, 3.0, 3.25, 4.0, 5.5, 6.0, 6.5, 10.0, 16.0, 30.0, 88.5,
    100.0, 1000.0, 1e30, np.inf, np.nan,
]
ELEMENTWISE = [
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "swish",
    "hard_silu", "hard_swish", "sigmoid", "hard_sigmoid", "log_sigmoid", "sparse_sigmoid",
    "softplus", "softsign", "squareplus", "sparse_plus", "soft_shrink", "hard_shrink",
    "tanh_shrink", "tanh", "hard_tanh", "exponential", "mish",
]
# fmt: on
WITH_PARAMETERS = [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 2.0}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 2.0}),
    ("gelu", {"approximate": True}),
    ("squareplus", {"b": 1.0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("threshold", {"threshold": 0.5, "default_value": -7.0}),
]


def gradient(f, x, dy):
    _, pull = jax.vjp(f, jnp.asarray(x))
    return np.asarray(pull(jnp.asarray(dy))[0])


def case(name, parameters, x, dy, gradient_at):
    f = keras.activations.get(name)
    g = lambda v: f(v, **parameters)  # noqa: E731
    entry = {"name": name, "parameters": parameters, "y": tensor(g(jnp.asarray(x)))}
    dx = gradient(g, gradient_at, dy)
    if dx.ndim == 1:  # at a kink no number is right: null
        h = np.where(gradient_at == 0, 1e-30, 1e-9 * np.abs(gradient_at))
        below, above = gradient(g, gradient_at - h, dy), gradient(g, gradient_at + h, dy)
        with np.errstate(invalid="ignore"):  # inf - inf, which is no kink
            kink = np.abs(below - above) > 1e-6 * (1 + np.abs(dx))
        entry["dx"] = [None if k else v for k, v in zip(kink, numbers(dx))]
    else:
        entry["dx"] = numbers(dx)
    return entry


def cases():
    table = np.array(TABLE)
    finite = np.array([v for v in TABLE if abs(v) < 1e20])
    dy = normal(7, finite.size)
    result = [case(name, {}, table, dy, finite) for name in ELEMENTWISE]
    result += [case(name, parameters, table, dy, finite) for name, parameters in WITH_PARAMETERS]

    # Along an axis. The second input has scores that overflow exp, ties, and a row that -inf masks
    # in part.
    ordinary = normal(1, 2, 3, 4, scale=2)
    wide = np.array(
        [
            [1000, 0, -1000, 3],
            [-1000, -1001, -1002, -1003],
            [5, 5, 5, 5],
            [-np.inf, 0, 1, -np.inf],
            [np.nan, 0, 1, 2],
        ]
    )
    for name in ("softmax", "log_softmax"):
        for axis in (-1, 0, 1):
            result.append(
                {
                    "x": tensor(ordinary),
                    "dy": tensor(normal(2, 2, 3, 4)),
                    **case(name, {"axis": axis}, ordinary, normal(2, 2, 3, 4), ordinary),
                }
            )
        result.append(
            {
                "x": tensor(wide),
                "dy": tensor(normal(3, 3, 4)),
                "dx_at": tensor(wide[:3]),
                **case(name, {}, wide, normal(3, 3, 4), wide[:3]),
            }
        )
    # No sparsemax: what Keras gives does not sum to 1.
    result.append(
        {
            "x": tensor(ordinary),
            "dy": tensor(normal(6, 2, 3, 2)),
            **case("glu", {}, ordinary, normal(6, 2, 3, 2), ordinary),
        }
    )
    return {"x": numbers(table), "gradient_at": numbers(finite), "dy": numbers(dy), "cases": result}
