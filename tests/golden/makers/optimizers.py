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
OTHER_SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 2.0, "staircase": True},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 60}),
    (
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 60,
            "end_learning_rate": 0.02,
            "power": 0.5,
        },
    ),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0, "cycle": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [10], "values": [0.1, 0.01]}),
    ("PiecewiseConstantDecay", {"boundaries": [2, 10, 60], "values": [0.1, 0.3, 0.05, 0.01]}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 1.0}),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 7,
            "t_mul": 1.0,
            "m_mul": 0.5,
            "alpha": 0.1,
        },
    ),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 7,
            "t_mul": 1.5,
            "m_mul": 0.8,
            "alpha": 0.2,
        },
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 1, "t_mul": 3.0, "m_mul": 1.1},
    ),
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
    (
        "Adam",
        {"learning_rate": 0.02, "use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3},
    ),
    (
        "SGD",
        {
            "learning_rate": 0.1,
            "use_ema": True,
            "ema_momentum": 0.8,
            "gradient_accumulation_steps": 3,
        },
    ),
    (
        "SGD",
        {
            "learning_rate": 0.1,
            "use_ema": True,
            "ema_momentum": 0.8,
            "ema_overwrite_frequency": 4,
            "gradient_accumulation_steps": 2,
        },
    ),
    ("Adam", {"learning_rate": 0.02, "loss_scale_factor": 8.0}),
    ("SGD", {"clipnorm": 0.7}),
    ("SGD", {"global_clipnorm": 0.7}),
    ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.1, "amsgrad": True, "clipnorm": 1.0}),
    ("Adagrad", {}),
    (
        "Adagrad",
        {"learning_rate": 0.1, "initial_accumulator_value": 0.0, "epsilon": 1e-3, "clipnorm": 0.7},
    ),
    ("Adagrad", {"learning_rate": 0.1, "weight_decay": 0.05}),
    ("Adadelta", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-4, "weight_decay": 0.01}),
    ("Adamax", {}),
    ("Adamax", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Adamax", {"learning_rate": 0.02, "weight_decay": 0.05, "global_clipnorm": 0.7}),
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Nadam", {"learning_rate": 0.02, "gradient_accumulation_steps": 2}),
    ("Lion", {}),
    ("Lion", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1}),
    ("Lion", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9}),
    ("Ftrl", {}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.2}),
    (
        "Ftrl",
        {
            "learning_rate": 0.05,
            "learning_rate_power": -0.7,
            "initial_accumulator_value": 0.2,
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.1,
        },
    ),
    ("Ftrl", {"learning_rate": 0.1, "weight_decay": 0.05, "clipvalue": 0.5}),
    ("Lamb", {}),
    ("Lamb", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Lamb", {"learning_rate": 0.02, "weight_decay": 0.05, "clipnorm": 0.7}),
    ("SGD", {"learning_rate": {"CosineDecay": COSINE[1]}, "momentum": 0.9}),
    ("AdamW", {"learning_rate": {"CosineDecay": COSINE[3]}}),
    ("SGD", {"learning_rate": dict([OTHER_SCHEDULES[8]]), "momentum": 0.5}),
]


def made(name, options):
    options = dict(options)
    if isinstance(options.get("learning_rate"), dict):
        [(schedule, keywords)] = options["learning_rate"].items()
        options["learning_rate"] = getattr(keras.optimizers.schedules, schedule)(**keywords)
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
        optimizer.finalize_variable_values(variables)
        entry["final"] = [numbers(v.numpy()) for v in variables]
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
    for name, options in [("CosineDecay", options) for options in COSINE] + OTHER_SCHEDULES:
        schedule = getattr(keras.optimizers.schedules, name)(**options)
        steps = [0, 1, 2, 3, 4, 6, 9, 10, 11, 30, 49, 50, 59, 60, 61, 99, 100, 101, 1000]
        result.append(
            {
                "schedule": name,
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
