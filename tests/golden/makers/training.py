"""Small models with given weights and batches: the loss of each of 20 steps for each optimizer;
what fit, evaluate and predict say."""

import keras
import numpy as np

from .common import normal, number, numbers, one_hot, tensor, uniform
from .layers import made as made_layer
from .optimizers import COSINE, OTHER_SCHEDULES, made as made_optimizer

STEPS = 20


def dense(units, activation=None, **options):
    return {
        "name": "Dense",
        "options": {
            "units": units,
            **({"activation": activation} if activation else {}),
            **options,
        },
    }


def layer(name, **options):
    return {"name": name, "options": options}


MODELS = {
    "mlp": {"input": [8], "layers": [dense(6, "relu"), dense(3, "softmax")]},
    "logits": {"input": [8], "layers": [dense(6, "tanh"), dense(3)]},
    "cnn": {
        "input": [6, 6, 1],
        "layers": [
            layer("Conv2D", filters=3, kernel_size=3, activation="relu"),
            layer("MaxPooling2D"),
            layer("Flatten"),
            dense(3, "softmax"),
        ],
    },
    "deep_cnn": {
        "input": [6, 6, 1],
        "layers": [
            layer("Rescaling", scale=0.5),
            layer("ZeroPadding2D"),
            layer("Conv2D", filters=2, kernel_size=3, strides=2, padding="same", use_bias=False),
            layer("BatchNormalization", momentum=0.8),
            layer("ReLU"),
            layer("AveragePooling2D", pool_size=2, padding="same"),
            layer("GlobalAveragePooling2D"),
            dense(3, "softmax"),
        ],
    },
    "normalized": {
        "input": [8],
        "layers": [
            dense(6),
            layer("BatchNormalization", momentum=0.9),
            layer("Activation", activation="relu"),
            dense(3, "softmax"),
        ],
    },
    "pictures": {
        "input": [6, 6, 1],
        "layers": [
            layer("SeparableConv2D", filters=4, kernel_size=3, padding="same", activation="elu"),
            layer("GroupNormalization", groups=2),
            layer("DepthwiseConv2D", kernel_size=2, strides=2, depth_multiplier=2),
            layer("LeakyReLU", negative_slope=0.2),
            layer("Conv2DTranspose", filters=3, kernel_size=3, strides=2, padding="same"),
            layer("UpSampling2D", size=2),
            layer("Cropping2D", cropping=1),
            layer("MaxPooling2D", pool_size=3, strides=2),
            layer("UnitNormalization"),
            layer("GlobalMaxPooling2D"),
            dense(3, "softmax"),
        ],
    },
    "sequences": {
        "input": [8],
        "layers": [
            layer("Reshape", target_shape=[8, 1]),
            layer("Conv1D", filters=4, kernel_size=3, padding="causal", activation="tanh"),
            layer("LayerNormalization"),
            layer("SeparableConv1D", filters=4, kernel_size=2, padding="same", activation="gelu"),
            layer("RMSNormalization"),
            layer("DepthwiseConv1D", kernel_size=3),
            layer("PReLU"),
            layer("AveragePooling1D", pool_size=2),
            layer("Conv1DTranspose", filters=3, kernel_size=3, strides=2),
            layer("ELU"),
            layer("Permute", dims=[2, 1]),
            layer("GlobalAveragePooling1D"),
            dense(3, "softmax"),
        ],
    },
    "positive": {"input": [8], "layers": [dense(5, "relu"), dense(2, "softplus")]},
    "binary": {"input": [8], "layers": [dense(5, "relu"), dense(1, "sigmoid")]},
    "regression": {"input": [8], "layers": [dense(5, "silu"), dense(2)]},
    "regularized": {
        "input": [8],
        "layers": [
            dense(6, "relu", kernel_regularizer={"L2": 0.02}, bias_regularizer={"L1": 0.03}),
            dense(
                3,
                "softmax",
                kernel_regularizer={"L1L2": [0.01, 0.02]},
                activity_regularizer={"L2": 0.05},
            ),
        ],
    },
}


def regularizer(value):
    ((name, factors),) = value.items()
    factors = factors if isinstance(factors, list) else [factors]
    return getattr(keras.regularizers, name)(*factors)


def made_model(name):
    config = MODELS[name]
    parts = [
        made_layer(
            part["name"],
            {
                key: regularizer(value) if key.endswith("regularizer") else value
                for key, value in part["options"].items()
            },
        )
        for part in config["layers"]
    ]
    model = keras.Sequential([keras.Input(config["input"])] + parts)
    model.set_weights(start_weights(model))
    return model


def start_weights(model):
    weights = []
    for i, weight in enumerate(model.weights):
        if weight.name in ("moving_variance", "gamma"):
            weights.append(uniform(30 + i, *weight.shape, low=0.5, high=1.5))
        else:
            weights.append(normal(30 + i, *weight.shape, scale=0.5))
    return weights


OPTIMIZERS = [
    ("SGD", {"learning_rate": 0.05}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"learning_rate": 0.005}),
    ("RMSprop", {"learning_rate": 0.005, "momentum": 0.5, "centered": True}),
    ("Adam", {"learning_rate": 0.02}),
    ("Adam", {"learning_rate": 0.02, "amsgrad": True, "global_clipnorm": 0.5}),
    ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.1}),
    ("AdamW", {"learning_rate": {"CosineDecay": COSINE[3]}}),
]


OTHER_OPTIMIZERS = [
    ("Adagrad", {"learning_rate": 0.05}),
    ("Adadelta", {"learning_rate": 0.5}),
    ("Adamax", {"learning_rate": 0.02}),
    ("Nadam", {"learning_rate": 0.02}),
    ("Lion", {"learning_rate": 0.01}),
    ("Ftrl", {"learning_rate": 0.05}),
    ("Lamb", {"learning_rate": 0.02}),
    ("SGD", {"learning_rate": {"ExponentialDecay": OTHER_SCHEDULES[0][1]}}),
    ("SGD", {"learning_rate": {"InverseTimeDecay": OTHER_SCHEDULES[2][1]}}),
    ("SGD", {"learning_rate": {"PolynomialDecay": OTHER_SCHEDULES[4][1]}}),
    ("SGD", {"learning_rate": {"PiecewiseConstantDecay": OTHER_SCHEDULES[7][1]}}),
    ("SGD", {"learning_rate": {"CosineDecayRestarts": OTHER_SCHEDULES[11][1]}}),
]

# By model and target.
LOSSES = [
    ("regression", "targets", "MeanSquaredError"),
    ("regression", "targets", "MeanAbsoluteError"),
    ("regression", "targets", "MeanAbsolutePercentageError"),
    ("regression", "targets", "CosineSimilarity"),
    ("regression", "targets", "Huber"),
    ("regression", "targets", "LogCosh"),
    ("positive", "one_hot_2", "MeanSquaredLogarithmicError"),
    ("positive", "one_hot_2", "Poisson"),
    ("binary", "bits", "BinaryCrossentropy"),
    ("binary", "bits", "BinaryFocalCrossentropy"),
    ("binary", "bits", "Hinge"),
    ("binary", "bits", "SquaredHinge"),
    ("binary", "bits", "Dice"),
    ("binary", "bits", "Tversky"),
    ("mlp", "one_hot", "CategoricalCrossentropy"),
    ("mlp", "one_hot", "CategoricalFocalCrossentropy"),
    ("mlp", "one_hot", "CategoricalHinge"),
    ("mlp", "one_hot", "KLDivergence"),
]


def steps_case(name, optimizer, options, target="labels", loss="sparse_categorical_crossentropy"):
    """STEPS batches, cut from the shared data in order."""
    key = "cnn_x" if "cnn" in name or name == "pictures" else "mlp_x"
    x, y = DATA[key], DATA[target]
    size = len(x) // STEPS
    model = made_model(name)
    made = loss
    if name == "logits":
        made = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=made_optimizer(optimizer, options), loss=made)
    losses = []
    for step in range(STEPS):
        model.reset_metrics()
        rows = slice(step * size, (step + 1) * size)
        losses.append(number(np.float64(model.train_on_batch(x[rows], y[rows]))))
    return {
        "steps_of": name,
        "optimizer": optimizer,
        "options": options,
        "batch": size,
        "x": key,
        "y": target,
        "loss": loss,
        "losses": losses,
        "loss_after": number(np.float64(model.evaluate(x[:size], y[:size], verbose=0))),
    }


def step_cases():
    for name in ("mlp", "cnn", "deep_cnn", "normalized", "logits", "pictures", "sequences"):
        for optimizer, options in OPTIMIZERS if name in ("mlp", "cnn") else OPTIMIZERS[5:6]:
            yield steps_case(name, optimizer, options)
    for optimizer, options in OTHER_OPTIMIZERS:
        yield steps_case("mlp", optimizer, options)
    for name, target, loss in LOSSES:
        yield steps_case(name, *OPTIMIZERS[5], target, loss)


def fit_case(
    name,
    y,
    loss,
    fit=None,
    metrics=("accuracy",),
    weighted_metrics=(),
    optimizer="SGD",
    options=None,
    frozen=(),
    from_logits=False,
    x="mlp_x",
    rows=40,
    evaluate=None,
):
    """fit names tensors of DATA where it takes data; their first rows are used."""
    options = {"learning_rate": 0.1} if options is None else options
    fit = {"epochs": 3, "batch_size": 16, **(fit or {})}
    model = made_model(name)
    for index in frozen:
        model.layers[index].trainable = False
    made_loss = (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True) if from_logits else loss
    )
    model.compile(
        optimizer=made_optimizer(optimizer, options),
        loss=made_loss,
        metrics=list(metrics),
        weighted_metrics=list(weighted_metrics),
    )
    data = lambda key: DATA[key][:rows]  # noqa: E731
    arguments = {key: value for key, value in fit.items()}
    if "class_weight" in arguments:
        arguments["class_weight"] = dict(arguments["class_weight"])
    if "sample_weight" in arguments:
        arguments["sample_weight"] = data(arguments["sample_weight"])
    if "validation_data" in arguments:
        arguments["validation_data"] = tuple(
            DATA[key][rows : rows + 25] for key in arguments["validation_data"]
        )
    history = model.fit(data(x), data(y), shuffle=False, verbose=0, **arguments)
    evaluated = model.evaluate(
        DATA[x][rows : rows + 25],
        DATA[y][rows : rows + 25],
        batch_size=8,
        verbose=0,
        return_dict=True,
    )
    return {
        "fit": name,
        "x": x,
        "y": y,
        "rows": rows,
        "loss": loss,
        "from_logits": from_logits,
        "metrics": list(metrics),
        "weighted_metrics": list(weighted_metrics),
        "optimizer": optimizer,
        "options": options,
        "frozen": list(frozen),
        "arguments": fit,
        "history": {
            key: [number(np.float64(v)) for v in values] for key, values in history.history.items()
        },
        "epoch": history.epoch,
        "evaluate": {key: number(np.float64(value)) for key, value in evaluated.items()},
        "predict": tensor(model.predict(DATA[x][:3], verbose=0)),
        "weights": [numbers(w) for w in model.get_weights()],
    }


def fit_cases():
    sparse = "sparse_categorical_crossentropy"
    yield fit_case("mlp", "labels", sparse)
    yield fit_case("mlp", "labels", sparse, {"validation_split": 0.3})
    yield fit_case("mlp", "labels", sparse, {"validation_data": ["mlp_x", "labels"]})
    yield fit_case(
        "mlp",
        "labels",
        sparse,
        {"validation_data": ["mlp_x", "labels", "weights"], "validation_batch_size": 7},
        weighted_metrics=["acc"],
    )
    yield fit_case("mlp", "labels", sparse, {"class_weight": [[0, 1.0], [1, 3.0], [2, 0.25]]})
    yield fit_case("mlp", "labels", sparse, {"class_weight": [[1, 2.0]], "validation_split": 0.2})
    yield fit_case(
        "mlp",
        "labels",
        sparse,
        {"sample_weight": "weights", "validation_split": 0.25},
        weighted_metrics=["accuracy"],
        metrics=[],
    )
    yield fit_case("mlp", "labels", sparse, {"initial_epoch": 1, "epochs": 4})
    yield fit_case(
        "mlp", "labels", sparse, {"epochs": 4, "validation_freq": 2, "validation_split": 0.3}
    )
    yield fit_case("mlp", "labels", sparse, {"batch_size": 64})
    yield fit_case(
        "mlp", "labels", sparse, frozen=[0], optimizer="Adam", options={"learning_rate": 0.05}
    )
    yield fit_case(
        "mlp",
        "one_hot",
        "categorical_crossentropy",
        {"validation_split": 0.3},
        ["accuracy", "mae", "mse"],
    )
    yield fit_case(
        "mlp", "one_hot", "categorical_crossentropy", {"class_weight": [[0, 2.0], [2, 0.5]]}
    )
    yield fit_case("logits", "labels", sparse, from_logits=True, optimizer="RMSprop", options={})
    yield fit_case("normalized", "labels", sparse, {"validation_split": 0.3})
    yield fit_case("normalized", "labels", sparse, frozen=[1])
    yield fit_case("binary", "bits", "binary_crossentropy", {"validation_split": 0.3})
    yield fit_case("binary", "bits", "mse", {"class_weight": [[1, 4.0]]})
    yield fit_case("regression", "targets", "mse", {"validation_split": 0.3}, ["mae"])
    yield fit_case("regression", "targets", "mae", {"sample_weight": "weights"}, ["mse"], ["mse"])
    yield fit_case("regularized", "labels", sparse, {"validation_split": 0.3})
    yield fit_case("regularized", "labels", sparse, frozen=[0])
    yield fit_case(
        "cnn",
        "labels",
        sparse,
        {"validation_split": 0.3},
        x="cnn_x",
        optimizer="Adam",
        options={"learning_rate": 0.02, "use_ema": True, "ema_momentum": 0.8},
    )
    yield fit_case(
        "deep_cnn",
        "labels",
        sparse,
        {"validation_split": 0.3},
        x="cnn_x",
        optimizer="Adam",
        options={"learning_rate": 0.02},
    )


def two_outputs():
    """Two inputs, a shared layer, two outputs with their own losses, weights and metrics."""
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    shared = keras.layers.Dense(4, activation="relu", name="shared")
    both = keras.layers.Concatenate(name="both")([shared(left), shared(right)])
    model = keras.Model(
        {"left": left, "right": right},
        {
            "amount": keras.layers.Dense(2, name="amount_layer")(both),
            "sure": keras.layers.Dense(1, activation="sigmoid", name="sure_layer")(both),
        },
    )
    weights = start_weights(model)
    model.set_weights(weights)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.05),
        loss={"amount": "mse", "sure": "binary_crossentropy"},
        loss_weights={"amount": 0.5, "sure": 2.0},
        metrics={"amount": ["mae"], "sure": ["accuracy"]},
    )
    n = 40
    history = model.fit(
        {"left": DATA["mlp_x"][:n], "right": DATA["mlp_x"][n : 2 * n]},
        {"amount": DATA["targets"][:n], "sure": DATA["bits"][:n]},
        batch_size=16,
        epochs=3,
        shuffle=False,
        verbose=0,
        validation_split=0.25,
    )
    return {
        "two_outputs": True,
        "rows": n,
        "history": {
            key: [number(np.float64(v)) for v in values] for key, values in history.history.items()
        },
        "weights_before": [tensor(w) for w in weights],
        "weights": [numbers(w) for w in model.get_weights()],
    }


def learnable(x, seed, classes):
    """Labels that depend on x, with some noise."""
    scores = x.reshape(len(x), -1) @ normal(seed, x.reshape(len(x), -1).shape[1], classes)
    return np.argmax(scores + normal(seed + 1, *scores.shape), axis=1)


def make_data():
    mlp_x, cnn_x = normal(1, 80, 8, decimals=2), normal(2, 80, 6, 6, 1, decimals=1)
    labels = learnable(mlp_x, 3, 3)
    return {
        "mlp_x": mlp_x,
        "cnn_x": cnn_x,
        "labels": labels,
        "one_hot": one_hot(labels, 3),
        "one_hot_2": one_hot(labels, 3)[:, :2],
        "bits": (mlp_x[:, :1] + mlp_x[:, 1:2] > 0.3).astype(int),
        "targets": normal(5, 80, 2, decimals=2),
        "weights": uniform(6, 80, high=2, decimals=2),
    }


DATA = make_data()


def cases():
    made = {}
    for name, config in MODELS.items():
        model = made_model(name)
        made[name] = {
            **config,
            "weights": [tensor(w) for w in start_weights(model)],
            "params": model.count_params(),
        }
    return {
        "data": {key: tensor(value) for key, value in DATA.items()},
        "models": made,
        "cases": [*step_cases(), *fit_cases(), two_outputs()],
    }
