"""Writes inspect.h: what Keras prints for a progress bar and for a summary, and from which input.

    python3 -m venv venv
    venv/bin/pip install keras==3.15.1 "jax[cpu]==0.10.2" numpy==2.4.6
    venv/bin/python tests/golden/make_inspect.py

The clock is set by hand, so the same versions write the same bytes. Two things are changed in a bar's text:
escape codes around nothing are left out, and off a terminal a drawing is a plain line (Keras: with escape
codes, and the newline before it).
"""

import io
import os
import pathlib
import re
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["COLUMNS"] = "80"  # summary() asks how wide the terminal is

import keras  # noqa: E402  after its settings
from keras import layers  # noqa: E402
from keras.src.utils import progbar, summary_utils  # noqa: E402


def literal(text):
    """A C++ string literal of the text."""
    names = {"\b": "\\b", "\r": "\\r", "\n": "\\n", "\x1b": "\\x1b", '"': '\\"', "\\": "\\\\"}
    out = "".join(names.get(c, c) for c in text)
    return f'"{out}"'


def number(value):
    special = {"nan": "kNaN", "inf": "kInfinity", "-inf": "-kInfinity"}
    return special.get(repr(float(value)), repr(float(value)))


# ---- progress bars ---------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def time(self):
        return self.now


def bar_case(name, target, updates, verbose=1, width=20, interval=0.05, stateful=None, stateless=(), unit="step"):
    """updates: (seconds, current, {name: value}, finalize). stateless=() shows all values as they come, like fit."""
    clock = progbar.time = Clock()
    bar = progbar.Progbar(target, width=width, verbose=verbose, interval=interval, unit_name=unit,
                          stateful_metrics=stateful, stateless_metrics=None if stateful else list(stateless))
    bar._dynamic_display = True
    rows = []
    clock.now = 0.0
    bar._start = 0.0
    bar._last_update = -1e9  # Keras' clock starts in 1970
    for seconds, current, values, finalize in updates:
        clock.now = seconds
        screen, sys.stdout = sys.stdout, io.StringIO()
        try:
            bar.update(current, list(values.items()), finalize=finalize)
            text = sys.stdout.getvalue()
        finally:
            sys.stdout = screen
        text = text.replace("\x1b[37m\x1b[0m", "")
        plain = re.sub(r"\x1b\[\d+m", "", text).lstrip("\b\r").rstrip(" \n")
        plain = plain + "\n" if plain else ""
        logs = ", ".join("{%s, %s}" % (literal(k), number(v)) for k, v in values.items())
        final = {None: "std::nullopt", True: "true", False: "false"}[finalize]
        rows.append(f"      {{{seconds!r}, {current}, {{{logs}}}, {final},\n       {literal(text)},\n"
                    f"       {literal(plain)}}},\n")
    names = lambda given: ", ".join(literal(n) for n in given or ())  # noqa: E731
    return (f"    {{{literal(name)}, {'std::nullopt' if target is None else target},\n"
            f"     {{.width = {width}, .verbose = {verbose}, .interval = {interval!r}, "
            f".stateful_metrics = {{{names(stateful)}}},\n      .stateless_metrics = {{{names(stateless)}}}, "
            f".unit_name = {literal(unit)}}},\n     {{\n{''.join(rows)}     }}}},\n")


def bars():
    def row(seconds, current, finalize=False, **values):
        return seconds, current, values, finalize

    yield bar_case("an epoch of fit", 1875, [
        row(0.9, 1, accuracy=0.125, loss=2.3456789), row(0.91, 5, accuracy=0.15, loss=2.29),
        row(1.0, 60, accuracy=0.3125, loss=1.9), row(2.5, 900, accuracy=0.87654, loss=0.4321),
        row(4.2, 1875, accuracy=0.91263, loss=0.29529),
        row(4.6, 1875, True, accuracy=0.91263, loss=0.29529, val_accuracy=0.9583, val_loss=0.1402)])
    yield bar_case("finalized by its target", 3, [row(1.0, 1, None, loss=1.5), row(2.0, 2, None, loss=1.0),
                                                  row(3.0, 3, None, loss=0.5)])
    yield bar_case("length unknown", None, [row(0.2, 1, loss=2.0), row(0.4, 2, loss=1.0), row(61.5, 123, loss=0.75),
                                            row(62.5, 124, True, loss=0.7)])
    yield bar_case("nothing to do", 0, [row(0.5, 0, True)])
    yield bar_case("no values", 40, [row(0.1, 1), row(0.3, 20), row(0.5, 40, True)])
    yield bar_case("one line", 1875, [row(1.0, 1, loss=2.0), row(2.0, 900, loss=1.0),
                                      row(3.75, 1875, True, accuracy=0.9126, loss=0.2953)], verbose=2)
    yield bar_case("silent", 2, [row(1.0, 1, loss=2.0), row(2.0, 2, True, loss=1.0)], verbose=0)
    yield bar_case("averaged", 4, [row(1.0, 1, loss=4.0, lr=0.1), row(2.0, 3, loss=1.0, lr=0.01),
                                   row(2.01, 3, loss=2.0, lr=0.01), row(3.0, 4, True, loss=0.5, lr=0.01)],
                   stateless=["loss"])
    yield bar_case("averaged but for one", 4, [row(1.0, 1, loss=4.0, lr=0.1), row(2.0, 3, loss=1.0, lr=0.01),
                                               row(3.0, 4, loss=0.5, lr=0.01)], stateful=["lr"])
    inf = float("inf")
    yield bar_case("numbers", 3, [
        row(1.0, 1, zero=0.0, tiny=1.2345e-7, edge=1e-3, above=1.0001e-3, minus=-0.5, little=-5e-4),
        row(2.0, 2, nan=float("nan"), inf=inf, low=-inf, large=123456789.123, half=0.00125),
        row(3.0, 3, True, five=0.12345, huge=1e300)])
    for seconds in (1.5e-4, 0.0154, 0.9999996, 1.0, 2.5, 60.0, 60.6, 3600.0, 3601.0, 7384.9):
        yield bar_case(f"{seconds} s a step", 2, [row(seconds, 1), row(2 * seconds, 2, True)])
    yield bar_case("no time", 2, [row(0.0, 1), row(0.0, 2, True)])
    yield bar_case("a shorter text", 100, [row(100.0, 1, loss=10.0, zz_long_name=1e-9), row(100.1, 99, loss=1.0),
                                           row(100.2, 100, True, loss=1.0)])
    yield bar_case("a shorter text in one value", 100, [row(1.0, 1, loss=123456.0), row(2.0, 50, loss=1.0),
                                                        row(3.0, 100, True, loss=1.0)])
    yield bar_case("narrow, of samples", 1000, [row(1.0, 99), row(2.0, 100), row(3.0, 999), row(4.0, 1000, True)],
                   width=10, unit="sample")
    yield bar_case("slow to draw", 9, [row(1.0, 1), row(2.9, 2), row(3.0, 3), row(4.9, 4), row(5.0, 9, True)],
                   interval=2.0)


# ---- summaries -------------------------------------------------------------------------------------------


def plain(markup):
    return re.sub(r"\[/?(?:bold|color\(\d+\))?\]", "", markup).replace("\\[", "[")


def params_text(weights):
    return f"{{{summary_utils.count_params(weights)}, {int(summary_utils.weight_memory_size(weights))}}}"


def rows_of(model, nodes, expand, nesting=0):
    for layer in getattr(model, "_operations", None) if nodes and not nesting else model.layers:
        links = [t._keras_history for node in layer._inbound_nodes if not nodes or node in nodes
                 for t in node.input_tensors]
        connected = ", ".join(f"{h.operation.name}[{h.node_index}][{h.tensor_index}]" for h in links)
        trainable = f"{layer.trainable}".lower() if layer.weights else "std::nullopt"
        count = layer.count_params() if layer.built else "std::nullopt"
        yield (f"       {{.name = {literal(layer.name)}, .class_name = {literal(type(layer).__name__)},\n"
               f"        .output_shape = {literal(plain(summary_utils.format_layer_shape(layer)))}, "
               f".params = {count},\n        .connected_to = {literal(connected)}, .trainable = {trainable}, "
               f".nesting = {nesting}}},\n")
        if expand and getattr(layer, "layers", None):
            yield from rows_of(layer, nodes, expand, nesting + 1)


def summary_case(model, connections, columns=80, **options):
    os.environ["COLUMNS"] = str(columns)
    lines = []
    model.summary(print_fn=lines.append, **options)
    functional = isinstance(model, keras.Model) and not isinstance(model, keras.Sequential)
    nodes = [n for depth in model._nodes_by_depth.values() for n in depth] if functional else None
    rows = "".join(rows_of(model, nodes, options.get("expand_nested", False)))
    optimizer = "std::nullopt"
    if model.compiled and model.optimizer.built:
        optimizer = "keratin::detail::ParamTotal" + params_text(model.optimizer.variables)
    given = []
    if "line_length" in options:
        given.append(f".line_length = {options['line_length']}")
    if "positions" in options:
        given.append(f".positions = {{{', '.join(map(str, options['positions']))}}}")
    if "show_trainable" in options:
        given.append(".show_trainable = true")
    return (f"    {{{{.model_name = {literal(model.name)},\n      .rows = {{\n{rows}      }},\n"
            f"      .connections = {str(connections).lower()}, .trainable = {params_text(model.trainable_weights)}, "
            f".non_trainable = {params_text(model.non_trainable_weights)},\n      .optimizer = {optimizer}}},\n"
            f"     {{{', '.join(given)}}}, {columns},\nR\"({''.join(lines)})\"}},\n")


def summaries():
    cnn = keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu", name="conv2d"),
        layers.MaxPooling2D(name="max_pooling2d"), layers.BatchNormalization(name="batch_normalization"),
        layers.Flatten(name="flatten"), layers.Dropout(0.5, name="dropout"),
        layers.Dense(10, activation="softmax", name="dense")], name="digits")
    yield summary_case(cnn, False)
    yield summary_case(cnn, False, columns=120)
    yield summary_case(cnn, False, show_trainable=True)
    yield summary_case(cnn, False, line_length=60, positions=[0.5, 0.75, 0.9])
    cnn.compile("adam", "mse")
    cnn.optimizer.build(cnn.trainable_variables)
    yield summary_case(cnn, False, line_length=50)
    yield summary_case(keras.Sequential(name="empty"), False)
    yield summary_case(keras.Sequential([layers.Dense(3, name="dense")], name="unbuilt"), False)

    frozen = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="inner"), layers.ReLU(name="re_lu")],
                              name="tower")
    frozen.trainable = False
    a, b = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    both = layers.Concatenate(name="concatenate")([frozen(a), frozen(b)])
    one = layers.Dense(1000, name="a_rather_long_name_of_a_layer")(both)
    graph = keras.Model([a, b], [one, layers.Dense(1, name="score")(both)], name="siamese")
    yield summary_case(graph, True)
    yield summary_case(graph, True, columns=200)
    yield summary_case(graph, True, columns=200, expand_nested=True, show_trainable=True)
    yield summary_case(graph, True, columns=80, expand_nested=True, show_trainable=True)


HEAD = """// Made by make_inspect.py; see there. Keras {keras}.
// clang-format off
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/inspect/progress_bar.h"
#include "nn/inspect/summary.h"

namespace keratin::tests::golden {{

struct BarUpdate {{
  double seconds;
  std::int64_t current;
  Logs values;
  std::optional<bool> finalize;
  std::string_view terminal, plain;  // what it draws; nothing where the last drawing is too recent
}};
struct Bar {{
  std::string_view name;
  std::optional<std::int64_t> target;
  ProgressBarOptions options;
  std::vector<BarUpdate> updates;
}};
struct SummaryCase {{
  detail::Summary summary;
  SummaryOptions options;
  std::int64_t columns;
  std::string_view text;
}};

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

"""


def main():
    path = pathlib.Path(__file__).parent / "inspect.h"
    text = HEAD.format(keras=keras.__version__)
    text += "inline std::vector<Bar> bars() {\n  return {\n" + "".join(bars()) + "  };\n}\n\n"
    text += "inline std::vector<SummaryCase> summaries() {\n  return {\n" + "".join(summaries()) + "  };\n}\n\n"
    path.write_text(text + "}  // namespace keratin::tests::golden\n")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
