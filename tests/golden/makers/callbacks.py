"""What the callbacks that watch a value do, given the value of each epoch: a callback before them
writes it into the logs, so that no training decides it."""

import keras
import numpy as np

from .common import number, numbers

FALLING = [1.0, 0.8, 0.7, 0.71, 0.69, 0.72, 0.73, 0.74, 0.6, 0.61, 0.62, 0.63]
PLATEAU = [0.5, 0.5, 0.5, 0.5, 0.49995, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]
RISING = [0.1, 0.5, 0.4, 0.6, 0.6, 0.6, 0.61, 0.5, 0.5, 0.5, 0.5, 0.5]
BROKEN = [0.5, float("nan"), float("nan"), 0.4, float("nan"), 0.6, 0.6, 0.6]

CASES = [
    ("EarlyStopping", FALLING, {}),
    ("EarlyStopping", FALLING, {"patience": 2}),
    ("EarlyStopping", FALLING, {"patience": 3, "restore_best_weights": True}),
    ("EarlyStopping", FALLING, {"patience": 20, "restore_best_weights": True}),
    ("EarlyStopping", FALLING, {"patience": 1, "start_from_epoch": 4}),
    ("EarlyStopping", FALLING, {"patience": 2, "min_delta": 0.05}),
    ("EarlyStopping", FALLING, {"patience": 2, "baseline": 0.75}),
    ("EarlyStopping", FALLING, {"patience": 2, "baseline": 0.1}),
    ("EarlyStopping", PLATEAU, {"patience": 2}),
    ("EarlyStopping", RISING, {"patience": 2, "mode": "max"}),
    ("EarlyStopping", RISING, {"patience": 3, "mode": "max", "restore_best_weights": True}),
    ("EarlyStopping", RISING, {"monitor": "val_accuracy", "patience": 3}),
    ("EarlyStopping", BROKEN, {"patience": 2}),
    ("ReduceLROnPlateau", FALLING, {"patience": 1}),
    ("ReduceLROnPlateau", FALLING, {"patience": 2, "factor": 0.5}),
    ("ReduceLROnPlateau", PLATEAU, {"patience": 2, "factor": 0.5}),
    ("ReduceLROnPlateau", PLATEAU, {"patience": 2, "factor": 0.5, "min_delta": 0}),
    ("ReduceLROnPlateau", PLATEAU, {"patience": 1, "factor": 0.5, "cooldown": 2}),
    ("ReduceLROnPlateau", PLATEAU, {"patience": 1, "factor": 0.5, "min_lr": 0.3}),
    ("ReduceLROnPlateau", RISING, {"patience": 2, "mode": "max", "factor": 0.25}),
    ("ReduceLROnPlateau", RISING, {"monitor": "val_accuracy", "patience": 1, "factor": 0.5}),
    ("ReduceLROnPlateau", BROKEN, {"patience": 1, "factor": 0.5}),
]


class Told(keras.callbacks.Callback):
    def __init__(self, monitor, values):
        super().__init__()
        self.monitor, self.values = monitor, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.monitor] = self.values[epoch]


class Rates(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.rates, self.weights = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.weights.append(float(np.array(self.model.get_weights()[0]).reshape(-1)[0]))


def run(name, values, options):
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(1.0 if name == "ReduceLROnPlateau" else 0.01),
        loss="mse",
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
    )
    x = np.ones((4, 1))
    told = Told(options.get("monitor", "val_loss"), values)
    rates = Rates()
    callback = getattr(keras.callbacks, name)(**options)
    y = np.zeros((4, 1)) if name == "ReduceLROnPlateau" else x
    model.fit(
        x,
        y,
        epochs=len(values),
        verbose=0,
        callbacks=[told, rates, callback],
        validation_data=(x, y),
    )
    end = float(np.array(model.get_weights()[0]).reshape(-1)[0])
    after = [rate for rate in rates.rates[1:]] + [float(model.optimizer.learning_rate)]
    return {
        "callback": name,
        "options": options,
        "values": numbers(values),
        "epochs": len(rates.rates),
        # The epoch, of those run, whose weights the model ends with.
        "weights_of_epoch": min(
            range(len(rates.weights)), key=lambda i: (abs(rates.weights[i] - end), -i)
        ),
        "rates": [number(float(f"{rate:.6g}")) for rate in after],
    }


def cases():
    return [run(*case) for case in CASES]
