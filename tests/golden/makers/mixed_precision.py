"""Models of training.py under mixed_bfloat16: dtypes of what each layer gives and holds, its values
and the losses of steps."""

import keras
import numpy as np

from .common import number, numbers
from .training import DATA, MODELS as CONFIGS, made_model

STEPS = 10
MODELS = [
    ("mlp", "labels", "sparse_categorical_crossentropy"),
    ("cnn", "labels", "sparse_categorical_crossentropy"),
    ("deep_cnn", "labels", "sparse_categorical_crossentropy"),
    ("normalized", "labels", "sparse_categorical_crossentropy"),
    ("pictures", "labels", "sparse_categorical_crossentropy"),
    ("sequences", "labels", "sparse_categorical_crossentropy"),
    ("positive", "one_hot_2", "poisson"),
    ("binary", "bits", "binary_crossentropy"),
    ("regression", "targets", "mean_squared_error"),
    ("regularized", "labels", "sparse_categorical_crossentropy"),
]


def dtype_of(value):
    return keras.backend.standardize_dtype(value.dtype)


def case(name, target, loss):
    key = "mlp_x" if len(CONFIGS[name]["input"]) == 1 else "cnn_x"
    x, y = DATA[key].astype("float32"), DATA[target]
    size = len(x) // (2 * STEPS)
    model = made_model(name)
    layers, value = [], x[:size]
    for layer in model.layers:
        value = layer(value, training=False) if takes_training(layer) else layer(value)
        layers.append(
            {
                "output": dtype_of(value),
                "weights": [dtype_of(w) for w in layer.weights],
                "symbolic": dtype_of(layer.output),
                "y": numbers(np.asarray(value, "float64")),
            }
        )
    model.compile(keras.optimizers.SGD(0.05, momentum=0.5), loss)
    losses = []
    for step in range(STEPS):
        model.reset_metrics()
        rows = slice(step * size, (step + 1) * size)
        losses.append(number(np.float64(model.train_on_batch(x[rows], y[rows]))))
    return {
        "model": name,
        "batch": size,
        "x": key,
        "y": target,
        "loss": loss,
        "layers": layers,
        "losses": losses,
    }


def takes_training(layer):
    return isinstance(layer, keras.layers.BatchNormalization)


def cases():
    floatx = keras.config.floatx()
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        return [case(*one) for one in MODELS]
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(floatx)
