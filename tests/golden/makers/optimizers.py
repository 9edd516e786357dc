"""Optimizers on fixed gradients: weights after some of 20 steps. Schedules at some steps."""

import keras
import numpy as np

from .common import normal, number, numbers, tensor

SHAPES = [(3, 2), (2,)]
STEPS = 20
SEEN = (1, 2, 5, 20)
COSINE = [
    {"initial_learning_rate": 0.1, "decay_steps": 100},
    {"initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.2},
    {"initial_learning_rate": 0.0, "decay_steps": 50, "warmup_target": 0.3, "warmup_steps": 10},
    {
        "initial_learning_rate": 0.05,
        "decay_steps": 7,
        "alpha": 0.1,
        "warmup_target": 0.01,
        "warmup_steps": 3,
    },
]
CONFIGS = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"weight_decay": 0.1}),
    ("SGD", {"momentum": 0.5, "weight_decay": 0.1, "clipvalue": 0.5}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-3}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Adam", {"learning_rate": 0.02, "amsgrad": True}),
    ("Adam", {"learning_rate": 0.02, "weight_decay": 0.05}),
    ("Adam", {"learning_rate": 0.02, "clipnorm": 0.7}),
    ("Adam", {"learning_rate": 0.02, "clipvalue": 0.3}),
    ("Adam", {"learning_rate": 0.02, "global_clipnorm": 0.7}),
    ("Adam", {"learning_rate": 0.02, "use_ema": True, "ema_momentum": 0.9}),
    (
        "Adam",
        {"learning_rate": 0.02, "use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 4},
    ),
    ("Adam", {"learning_rate": 0.02, "gradient_accumulation_steps": 2}),
    ("Adam", {"learning_rate": 0.02, "loss_scale_factor": 8.0}),
    ("SGD", {"clipnorm": 0.7}),
    ("SGD", {"global_clipnorm": 0.7}),
    ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.1, "amsgrad": True, "clipnorm": 1.0}),
    ("SGD", {"learning_rate": {"CosineDecay": COSINE[1]}, "momentum": 0.9}),
    ("AdamW", {"learning_rate": {"CosineDecay": COSINE[3]}}),
]


def made(name, options):
    options = dict(options)
    if isinstance(options.get("learning_rate"), dict):
        options["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            **options["learning_rate"]["CosineDecay"]
        )
    return getattr(keras.optimizers, name)(**options)


def case(name, options, start, gradients):
    variables = [keras.Variable(value) for value in start]
    optimizer = made(name, options)
    optimizer.build(variables)
    after = {}
    for step, gradient in enumerate(gradients, 1):
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradient], variables)
        if step in SEEN:
            after[str(step)] = [numbers(v.numpy()) for v in variables]
    entry = {"name": name, "options": options, "after": after}
    if options.get("use_ema"):
        entry["averages"] = [numbers(v.numpy()) for v in optimizer._model_variables_moving_average]
    return entry


def cases():
    start = [normal(1, *shape) for shape in SHAPES]
    # Of changing size, so that clipping bites at some steps only; one element is 0 all the time.
    gradients = []
    for step in range(STEPS):
        gradient = [normal(100 + step, *shape, scale=0.1 + 0.1 * step) for shape in SHAPES]
        gradient[0][2, 1] = 0
        gradients.append(gradient)
    result = [case(name, options, start, gradients) for name, options in CONFIGS]
    for options in COSINE:
        schedule = keras.optimizers.schedules.CosineDecay(**options)
        steps = [0, 1, 2, 3, 4, 6, 9, 10, 11, 30, 49, 50, 59, 60, 61, 99, 100, 101, 1000]
        result.append(
            {
                "schedule": "CosineDecay",
                "options": options,
                "steps": steps,
                "values": [number(np.float64(schedule(step))) for step in steps],
            }
        )
    return {
        "start": [tensor(v) for v in start],
        "gradients": [[numbers(g) for g in step] for step in gradients],
        "cases": result,
    }
