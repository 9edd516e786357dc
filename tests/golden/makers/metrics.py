"""Metrics over several batches: the result after each."""

import keras
import numpy as np

from .common import integers, normal, number, one_hot, tensor, uniform


def case(name, options, updates, make=None):
    metric = (make or getattr(keras.metrics, name))(**options)
    steps = []
    for update in updates:
        metric.update_state(*update[:-1], sample_weight=update[-1])
        step = dict(
            zip(["values"] if len(update) == 2 else ["y_true", "y_pred"], map(tensor, update[:-1]))
        )
        if update[-1] is not None:
            step["sample_weight"] = tensor(update[-1])
        steps.append({**step, "result": number(np.float64(metric.result()))})
    metric.reset_state()
    return {
        "name": name,
        "options": options,
        "updates": steps,
        "after_reset": number(np.float64(metric.result())),
    }


def updates(make_true, make_pred, weights=()):
    """Batches of 6, 6 and 2 samples: a short last one must not count as much."""
    result = []
    for i, size in enumerate((6, 6, 2)):
        weight = weights[i](size) if i < len(weights) and weights[i] else None
        result.append((make_true(100 + i, size), make_pred(200 + i, size), weight))
    return result


def cases():
    w = lambda seed, *tail: lambda size: uniform(seed, size, *tail, high=2)  # noqa: E731
    weighted = (w(1), None, w(2))
    result = [
        case("Mean", {}, [(normal(1, 5), None), (normal(2, 3), None), (np.array(4.5), None)]),
        case(
            "Mean",
            {},
            [(normal(1, 5), uniform(3, 5)), (normal(2, 3), uniform(4, 3)), (normal(3, 2), None)],
        ),
        case("Mean", {}, [(normal(1, 4, 3), None), (normal(2, 2, 3), None)]),
        case("Mean", {}, [(normal(1, 4, 3), uniform(3, 4)), (normal(2, 2, 3), uniform(4, 2, 3))]),
        case("Mean", {}, [(normal(1, 4, 3), uniform(3, 4, 1)), (normal(2, 2, 3), np.zeros(2))]),
        case("Mean", {}, [(normal(1, 4), np.zeros(4))]),
        case("Mean", {}, [(np.array([1.0, np.nan]), None), (normal(2, 3), None)]),
    ]
    binary_true = lambda s, n: integers(s, n, 1, high=2)  # noqa: E731
    binary_pred = lambda s, n: uniform(s, n, 1, decimals=1)  # noqa: E731  many are 0.5 exactly
    for options in ({}, {"threshold": 0.3}, {"threshold": 0.0}):
        result.append(case("BinaryAccuracy", options, updates(binary_true, binary_pred)))
        result.append(case("BinaryAccuracy", options, updates(binary_true, binary_pred, weighted)))
    flat_true = lambda s, n: integers(s, n, high=2)  # noqa: E731
    result.append(case("BinaryAccuracy", {}, updates(flat_true, binary_pred, weighted)))
    cells_true, cells_pred = lambda s, n: integers(s, n, 3, high=2), lambda s, n: uniform(
        s, n, 3
    )  # noqa: E731
    result.append(case("BinaryAccuracy", {}, updates(cells_true, cells_pred)))
    result.append(case("BinaryAccuracy", {}, updates(cells_true, cells_pred, weighted)))

    scores = lambda s, n: normal(s, n, 4, decimals=1)  # noqa: E731  with ties
    timed_scores = lambda s, n: normal(s, n, 2, 4)  # noqa: E731
    labels, column = lambda s, n: integers(s, n, high=4), lambda s, n: integers(
        s, n, 1, high=4
    )  # noqa: E731
    timed_labels = lambda s, n: integers(s, n, 2, high=4)  # noqa: E731
    hot = lambda s, n: one_hot(labels(s, n), 4)  # noqa: E731
    timed_hot = lambda s, n: one_hot(timed_labels(s, n), 4)  # noqa: E731
    for weights in ((), weighted):
        result.append(case("CategoricalAccuracy", {}, updates(hot, scores, weights)))
        result.append(case("CategoricalAccuracy", {}, updates(timed_hot, timed_scores, weights)))
        result.append(case("SparseCategoricalAccuracy", {}, updates(labels, scores, weights)))
        result.append(case("SparseCategoricalAccuracy", {}, updates(column, scores, weights)))
        result.append(
            case("SparseCategoricalAccuracy", {}, updates(timed_labels, timed_scores, weights))
        )
        result.append(case("Accuracy", {}, updates(labels, labels, weights)))
        result.append(
            case(
                "Accuracy",
                {},
                updates(
                    lambda s, n: integers(s, n, 2, high=2),
                    lambda s, n: integers(s + 7, n, 2, high=2),
                    weights,
                ),
            )
        )
        for k in (1, 2, 4, 5):
            result.append(case("TopKCategoricalAccuracy", {"k": k}, updates(hot, scores, weights)))
            result.append(
                case("SparseTopKCategoricalAccuracy", {"k": k}, updates(labels, scores, weights))
            )
        result.append(case("TopKCategoricalAccuracy", {}, updates(hot, scores, weights)))
    result.append(
        case("CategoricalAccuracy", {}, [(np.eye(2), np.array([[1.0, 1.0], [1.0, 1.0]]), None)])
    )

    # Losses as metrics: the mean over samples.
    for name, y_true, y_pred in [
        ("mse", normal(21, 6, 3), normal(22, 6, 3)),
        ("mae", normal(21, 6, 3), normal(22, 6, 3)),
        ("binary_crossentropy", integers(23, 6, 3, high=2), uniform(24, 6, 3, low=0.1, high=0.9)),
        (
            "categorical_crossentropy",
            np.eye(3)[[0, 1, 2, 0, 1, 2]],
            uniform(24, 6, 3, low=0.1, high=0.9),
        ),
        (
            "sparse_categorical_crossentropy",
            integers(25, 6, high=3),
            uniform(24, 6, 3, low=0.1, high=0.9),
        ),
    ]:
        make = lambda name=name: keras.metrics.get(name)  # noqa: E731
        result.append(
            case(name, {}, [(y_true[:4], y_pred[:4], None), (y_true[4:], y_pred[4:], None)], make)
        )
        result.append(
            case(
                name,
                {},
                [(y_true[:4], y_pred[:4], uniform(26, 4)), (y_true[4:], y_pred[4:], None)],
                make,
            )
        )

    # What "accuracy" becomes, by the shapes of the first batch.
    for y_true, y_pred in [
        (binary_true(1, 6), binary_pred(2, 6)),
        (flat_true(1, 6), binary_pred(2, 6)),
        (labels(1, 6), scores(2, 6)),
        (column(1, 6), scores(2, 6)),
        (hot(1, 6), scores(2, 6)),
        (timed_labels(1, 6), timed_scores(2, 6)),
        (timed_hot(1, 6), timed_scores(2, 6)),
    ]:
        compiled = keras.src.trainers.compile_utils.CompileMetrics(["accuracy"], None)
        compiled.build(keras.ops.convert_to_tensor(y_true), keras.ops.convert_to_tensor(y_pred))
        chosen = compiled._flat_metrics[0].metrics[0]
        chosen.update_state(y_true, y_pred)
        result.append(
            {
                "name": "accuracy",
                "options": {},
                "resolves_to": type(chosen).__name__,
                "updates": [
                    {
                        "y_true": tensor(y_true),
                        "y_pred": tensor(y_pred),
                        "result": number(np.float64(chosen.result())),
                    }
                ],
                "after_reset": 0,
            }
        )
    return result
