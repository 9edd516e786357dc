"""How numbers are drawn and written, for all golden files."""

import json
import math

import jax
import keras
import numpy as np


def number(value):
    """A JSON number; strings where JSON has none."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, np.float32):
        value = float(str(value))  # the shortest decimal that is this float32
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    value = float(f"{value:.13g}")
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def numbers(values):
    return [number(v) for v in np.asarray(values).reshape(-1)]


def tensor(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": numbers(value)}


class Tensors:
    """Tensors that cases share, each written once and named by its number."""

    def __init__(self):
        self.all = []

    def index(self, value):
        entry = tensor(value)
        if entry not in self.all:
            self.all.append(entry)
        return self.all.index(entry)


def normal(seed, *shape, scale=1.0, decimals=3):
    """Normal numbers with few decimals: the same in a file, in float32 and in float64."""
    return np.round(np.random.default_rng(seed).normal(0, scale, shape), decimals)


def uniform(seed, *shape, low=0.0, high=1.0, decimals=3):
    return np.round(np.random.default_rng(seed).uniform(low, high, shape), decimals)


def integers(seed, *shape, high):
    return np.random.default_rng(seed).integers(0, high, shape)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def one_a_line(value):
    """What a list or an object holds, one on each line; anything else on one line."""
    text = lambda v: json.dumps(v, ensure_ascii=False, allow_nan=False)  # noqa: E731
    if isinstance(value, list) and value and isinstance(value[0], (dict, list)):
        return "[\n" + ",\n".join(map(text, value)) + "\n]"
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{text(k)}: {text(v)}" for k, v in value.items()) + "\n}"
    return text(value)


def write(path, cases, backend=jax):
    made_with = {
        "keras": keras.__version__,
        backend.__name__: backend.__version__,
        "numpy": np.__version__,
    }
    lines = [f'{{"made_with": {json.dumps(made_with)},']
    if isinstance(cases, dict):
        shared, cases = {k: v for k, v in cases.items() if k != "cases"}, cases["cases"]
        lines += [f'"{key}": {one_a_line(value)},' for key, value in shared.items()]
    lines.append(f'"cases": {one_a_line(cases)}}}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
