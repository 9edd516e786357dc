"""Metrics that count, and those that are not means of a loss in metrics.py."""

import keras
import numpy as np

from .common import integers, normal, numbers, one_hot, tensor, uniform


def case(name, options, batches, ints=False):
    """result: one number, or one a class or threshold."""
    metric = getattr(keras.metrics, name)(**options)
    updates = []
    for y_true, y_pred, weight in batches:
        metric.update_state(y_true, y_pred, sample_weight=weight)
        update = {"y_true": tensor(y_true), "y_pred": tensor(y_pred)}
        if weight is not None:
            update["sample_weight"] = tensor(weight)
        updates.append({**update, "result": numbers(np.asarray(metric.result(), np.float64))})
    return {"name": name, "options": options, "updates": updates}


def batches(make_true, make_pred, weights=(None, None, None)):
    """Of 6, 6 and 2 samples."""
    return [
        (make_true(100 + i, n), make_pred(200 + i, n), None if w is None else w(n))
        for i, (n, w) in enumerate(zip((6, 6, 2), weights))
    ]


def weight(seed, *tail):
    return lambda n: uniform(seed, n, *tail, high=2)


def yes_no(seed, n):
    return integers(seed, n, 1, high=2)


def chance(seed, n):
    return uniform(seed, n, 1)


def cells(seed, n):
    return integers(seed, n, 3, high=2)


def chances(seed, n):
    return uniform(seed, n, 3)


WEIGHTED = (weight(1), None, weight(2, 1))


def counts():
    plain, weighted = batches(yes_no, chance), batches(yes_no, chance, WEIGHTED)
    many, heavy = batches(cells, chances), batches(cells, chances, (weight(3), weight(4, 3), None))
    for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"):
        yield case(name, {}, weighted)
        yield case(name, {"thresholds": [0.3, 0.9]}, many)
        yield case(name, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, heavy)
    for name in ("Precision", "Recall"):
        yield case(name, {}, plain)
        yield case(name, {}, weighted)
        yield case(name, {}, heavy)
        yield case(name, {"thresholds": 0.2}, plain)
        yield case(name, {"thresholds": [0.9, 0.1, 0.5]}, heavy)
        yield case(name, {"class_id": 1}, batches(cells, chances, WEIGHTED))
        yield case(name, {"top_k": 1}, heavy)
        yield case(name, {"top_k": 2, "class_id": 2}, many)
        yield case(name, {"top_k": 2, "thresholds": 0.6}, many)
        ones = [
            (np.zeros((3, 1)), np.zeros((3, 1)), None),
            (np.ones((2, 1)), np.zeros((2, 1)), None),
        ]
        yield case(name, {}, ones)
        flat = [(y[:, 0], p, w) for y, p, w in plain]
        yield case(name, {}, flat)


def bounds():
    plain, weighted = batches(yes_no, chance), batches(yes_no, chance, WEIGHTED)
    for name, option in (
        ("SensitivityAtSpecificity", "specificity"),
        ("SpecificityAtSensitivity", "sensitivity"),
        ("PrecisionAtRecall", "recall"),
        ("RecallAtPrecision", "precision"),
    ):
        for value in (0.3, 0.5, 0.8, 1.0):
            yield case(name, {option: value}, plain)
        yield case(name, {option: 0.5, "num_thresholds": 7}, weighted)
        yield case(name, {option: 0.5, "num_thresholds": 1}, plain)
        yield case(name, {option: 0.4, "class_id": 2}, batches(cells, chances))


def auc():
    weighted = batches(yes_no, chance, WEIGHTED)
    many = batches(cells, chances, (weight(3), weight(4, 3), None))
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            options = {"curve": curve, "summation_method": method}
            yield case("AUC", options, weighted)
            yield case("AUC", {**options, "num_thresholds": 8}, weighted)
        yield case("AUC", {"curve": curve, "thresholds": [0.1, 0.7, 0.35]}, weighted)
        yield case("AUC", {"curve": curve}, many)
        yield case("AUC", {"curve": curve, "multi_label": True}, batches(cells, chances))
        label_weights = {"label_weights": [1.0, 0.5, 2.0]}
        yield case("AUC", {"curve": curve, **label_weights}, many)
        options = {"curve": curve, "multi_label": True, "num_labels": 3, **label_weights}
        yield case("AUC", options, batches(cells, chances, (weight(3), None, None)))
        yield case("AUC", {"curve": curve, "multi_label": True, "thresholds": [0.5]}, many[2:])
    logits = batches(yes_no, lambda s, n: normal(s, n, 1))
    yield case("AUC", {"from_logits": True}, logits)
    yield case("AUC", {"num_thresholds": 2}, weighted)
    sure = [(np.array([[0], [1], [1]]), np.array([[0.0], [1.0], [0.5]]), None)]
    yield case("AUC", {}, sure)
    yield case("AUC", {}, [(np.ones((3, 1)), chance(5, 3), None)])


def hot(seed, n):
    return one_hot(integers(seed, n, high=3), 3)


def f_scores():
    for average in (None, "micro", "macro", "weighted"):
        o = {"average": average} if average else {}
        yield case("F1Score", o, batches(hot, chances))
        yield case(
            "F1Score",
            {**o, "threshold": 0.4},
            batches(cells, chances, (weight(1), None, weight(2))),
        )
        yield case("FBetaScore", {**o, "beta": 2.0}, batches(hot, chances, (weight(1), None, None)))
    yield case("F1Score", {}, [(hot(1, 2), np.array([[0.5, 0.5, 0.1], [0, 0, 0]]), None)])


def overlaps():
    labels = lambda s, n: integers(s, n, 2, high=3)  # noqa: E731
    whole = lambda n: integers(9, n, 2, high=3)  # noqa: E731
    for weights in ((None,) * 3, (whole, None, whole)):
        yield case("MeanIoU", {"num_classes": 3}, batches(labels, labels, weights))
        yield case("MeanIoU", {"num_classes": 5}, batches(labels, labels, weights))
        o = {"num_classes": 3, "target_class_ids": [0, 2]}
        yield case("IoU", o, batches(labels, labels, weights))
        scores = lambda s, n: uniform(s, n, 2, 3)  # noqa: E731
        yield case(
            "MeanIoU", {"num_classes": 3, "sparse_y_pred": False}, batches(labels, scores, weights)
        )
        hots = lambda s, n: one_hot(labels(s, n), 3)  # noqa: E731
        yield case("OneHotMeanIoU", {"num_classes": 3}, batches(hots, scores, weights))
        yield case(
            "OneHotIoU", {"num_classes": 3, "target_class_ids": [1]}, batches(hots, scores, weights)
        )
        yield case(
            "MeanIoU", {"num_classes": 3, "ignore_class": 1}, batches(labels, labels, weights)
        )
        pairs = lambda s, n: integers(s, n, 2, high=2)  # noqa: E731
        yield case("BinaryIoU", {}, batches(pairs, lambda s, n: uniform(s, n, 2), weights))
    yield case(
        "BinaryIoU",
        {"target_class_ids": [1], "threshold": 0.3},
        batches(pairs, lambda s, n: uniform(s, n, 2)),
    )


def regression():
    y = lambda s, n: normal(s, n, 3)  # noqa: E731
    weights = (weight(1), None, weight(2, 1))
    for name in (
        "MeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError",
        "RootMeanSquaredError",
        "LogCoshError",
        "CosineSimilarity",
        "PearsonCorrelation",
        "ConcordanceCorrelation",
    ):
        yield case(name, {}, batches(y, y))
        yield case(name, {}, batches(y, lambda s, n: normal(s, n, 3), weights))
    yield case(
        "CosineSimilarity",
        {"axis": 1},
        batches(lambda s, n: normal(s, n, 2, 3), lambda s, n: normal(s, n, 2, 3)),
    )
    yield case("RootMeanSquaredError", {}, batches(lambda s, n: normal(s, n), chance, weights))
    by_value = (weight(1), weight(3, 3), None)
    for options in (
        {},
        {"class_aggregation": "variance_weighted_average"},
        {"class_aggregation": None},
        {"num_regressors": 2},
    ):
        yield case("R2Score", options, batches(y, y))
        yield case("R2Score", options, batches(y, y, by_value))
    hots = batches(hot, chances, weights)
    yield case("KLDivergence", {}, hots)
    yield case("CategoricalHinge", {}, hots)
    for name in ("Hinge", "SquaredHinge"):
        yield case(name, {}, batches(cells, y, weights))
    yield case(
        "Poisson",
        {},
        batches(
            lambda s, n: integers(s, n, 3, high=4), lambda s, n: uniform(s, n, 3, low=0.1), weights
        ),
    )
    yield case(
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        batches(cells, y, weights),
    )
    yield case(
        "CategoricalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        batches(hot, y, weights),
    )
    labels = lambda s, n: integers(s, n, high=3)  # noqa: E731
    yield case("SparseCategoricalCrossentropy", {"from_logits": True}, batches(labels, y, weights))
    yield case(
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 1},
        batches(labels, y),
    )
    yield case("Sum", {}, [])


def cases():
    groups = (counts, bounds, auc, f_scores, overlaps, regression)
    return [entry for group in groups for entry in group() if entry["updates"]]
