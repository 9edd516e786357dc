"""What summary() prints for some models, each built in a fresh session."""

import os

import keras
from keras import layers


def dense_chain():
    return keras.Sequential(
        [keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10)]
    )


def convolutions():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(name="a_pooling_layer_with_a_name_that_is_long"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax", name="probabilities"),
        ],
        name="digits",
    )


def unbuilt():
    return keras.Sequential([layers.Dense(3), layers.Conv2D(2, 3), layers.Dense(2)], name="later")


def empty():
    return keras.Sequential(name="nothing")


def chain_by_calls():
    inputs = keras.Input((None, None, 3), name="picture")
    x = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2)(x), name="any_size")


def two_inputs():
    left, right = keras.Input((16,), name="left"), keras.Input((8,), name="right")
    a, b = layers.Dense(4, activation="relu")(left), layers.Dense(4)(right)
    both = layers.Concatenate()([a, b])
    return keras.Model(
        [left, right],
        [layers.Dense(1, name="amount")(both), layers.Add()([a, b])],
        name="two_inputs",
    )


def shared():
    left, right = keras.Input((5,)), keras.Input((5,))
    layer = layers.Dense(3, name="shared_layer")
    return keras.Model([left, right], layers.Multiply()([layer(left), layer(right)]))


def residual():
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.Add()([inputs, x])
    return keras.Model(inputs, layers.Flatten()(x), name="residual")


def nested():
    encoder = keras.Sequential(
        [keras.Input((784,)), layers.Dense(128, activation="relu"), layers.Dense(32)],
        name="encoder",
    )
    return keras.Sequential([encoder, layers.Dense(10)], name="classifier")


def nested_graph():
    inner_in = keras.Input((4,), name="inner_in")
    inner = keras.Model(inner_in, layers.Dense(2, name="inner_dense")(inner_in), name="inner")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    return keras.Model(
        [left, right], layers.Add(name="sum")([inner(left), inner(right)]), name="outer"
    )


def frozen():
    model = dense_chain()
    model.layers[0].trainable = False
    return model


def large():
    return keras.Sequential(
        [keras.Input((1000,)), layers.Dense(30_000), layers.Dense(1000)], name="large"
    )


def compiled(make, optimizer):
    def make_compiled():
        model = make()
        model.compile(optimizer=optimizer, loss="mse")
        model.optimizer.build(model.trainable_variables)
        return model

    return make_compiled


CASES = [
    ("dense_chain", dense_chain, {}),
    ("dense_chain", dense_chain, {"line_length": 88}),
    ("dense_chain", dense_chain, {"line_length": 60}),
    ("dense_chain", dense_chain, {"line_length": 120}),
    ("dense_chain", dense_chain, {"line_length": 50}),
    ("dense_chain", dense_chain, {"positions": [0.3, 0.6, 1.0]}),
    ("dense_chain", dense_chain, {"show_trainable": True}),
    ("convolutions", convolutions, {}),
    ("convolutions", convolutions, {"line_length": 100}),
    ("convolutions", convolutions, {"show_trainable": True, "line_length": 88}),
    ("unbuilt", unbuilt, {}),
    ("empty", empty, {}),
    ("chain_by_calls", chain_by_calls, {}),
    ("two_inputs", two_inputs, {}),
    ("two_inputs", two_inputs, {"line_length": 108}),
    ("two_inputs", two_inputs, {"show_trainable": True}),
    ("shared", shared, {}),
    ("residual", residual, {}),
    ("residual", residual, {"line_length": 108}),
    ("nested", nested, {}),
    ("nested", nested, {"expand_nested": True}),
    ("nested", nested, {"expand_nested": True, "show_trainable": True}),
    ("nested_graph", nested_graph, {}),
    ("frozen", frozen, {}),
    ("frozen", frozen, {"show_trainable": True}),
    ("large", large, {}),
    ("sgd", compiled(dense_chain, "sgd"), {}),
    ("adam", compiled(dense_chain, "adam"), {}),
    ("rmsprop", compiled(convolutions, "rmsprop"), {}),
]


def cases():
    result = []
    keras.config.set_floatx("float32")
    for name, make, options in CASES:
        keras.utils.clear_session()
        os.environ["COLUMNS"] = str(
            options.get("line_length", 76) + 4
        )  # a terminal that is just wide enough
        lines = []
        make().summary(print_fn=lambda text, *_, **__: lines.append(text), **options)
        result.append({"model": name, "options": options, "text": "\n".join(lines)})
    keras.config.set_floatx("float64")
    return result
