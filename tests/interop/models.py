"""Models built in Keras, for keratin to load: every layer by itself, random graphs, applications."""

import keras
import numpy as np

L = keras.layers
IMAGE, SEQUENCE, FLAT = (6, 6, 4), (8, 5), (6,)

# Layers with options that are not the defaults, and what they take.
LAYERS = [
    (lambda: L.Activation("tanh"), FLAT),
    (lambda: L.Activation("hard_silu"), FLAT),
    (lambda: L.ActivityRegularization(l1=0.1), FLAT),
    (lambda: L.AlphaDropout(0.2), FLAT),
    (lambda: L.AveragePooling1D(3, strides=2, padding="same"), SEQUENCE),
    (lambda: L.AveragePooling2D((3, 2), padding="same"), IMAGE),
    (lambda: L.BatchNormalization(momentum=0.9, epsilon=1e-2, center=False), IMAGE),
    (lambda: L.CenterCrop(4, 3), IMAGE),
    (lambda: L.Conv1D(3, 2, padding="causal", dilation_rate=2, activation="selu"), SEQUENCE),
    (lambda: L.Conv1DTranspose(3, 3, strides=2, output_padding=1, activation="elu"), SEQUENCE),
    (lambda: L.Conv2DTranspose(5, (3, 2), strides=2, padding="same", activation="relu"), IMAGE),
    (lambda: L.Conv2DTranspose(2, 3, strides=(3, 2), output_padding=(2, 0)), IMAGE),
    (lambda: L.Conv2D(6, (3, 2), strides=2, padding="same", groups=2, activation="relu"), IMAGE),
    (lambda: L.Conv2D(3, 2, kernel_initializer="he_normal", bias_constraint="non_neg"), IMAGE),
    (lambda: L.Conv2D(3, 2, kernel_constraint=keras.constraints.MaxNorm(0.5, [0, 1, 2])), IMAGE),
    (lambda: L.Cropping1D((1, 2)), SEQUENCE),
    (lambda: L.Cropping2D(((1, 0), (2, 1))), IMAGE),
    (lambda: L.Dense(3, activation="swish", use_bias=False, kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-2)), FLAT),
    (lambda: L.Dense(3, kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1, "columns")), FLAT),
    (lambda: L.Dense(3, kernel_constraint=keras.constraints.MinMaxNorm(0.1, 0.7, 0.5, 1), bias_constraint="unit_norm"), FLAT),
    (lambda: L.DepthwiseConv1D(3, strides=2, depth_multiplier=2), SEQUENCE),
    (lambda: L.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), IMAGE),
    (lambda: L.Dropout(0.3, noise_shape=(None, 1)), FLAT),
    (lambda: L.ELU(0.5), FLAT),
    (lambda: L.Embedding(7, 2, mask_zero=True), "ids"),
    (lambda: L.Flatten(), IMAGE),
    (lambda: L.GaussianDropout(0.2), FLAT),
    (lambda: L.GaussianNoise(0.2), FLAT),
    (lambda: L.GlobalAveragePooling1D(keepdims=True), SEQUENCE),
    (lambda: L.GlobalAveragePooling2D(), IMAGE),
    (lambda: L.GlobalMaxPooling1D(), SEQUENCE),
    (lambda: L.GlobalMaxPooling2D(keepdims=True), IMAGE),
    (lambda: L.GroupNormalization(2, scale=False), IMAGE),
    (lambda: L.Identity(), FLAT),
    (lambda: L.LayerNormalization(axis=[1, 2], epsilon=1e-5), SEQUENCE),
    (lambda: L.LeakyReLU(0.1), FLAT),
    (lambda: L.Masking(1.0), SEQUENCE),
    (lambda: L.MaxPooling1D(2), SEQUENCE),
    (lambda: L.MaxPooling2D(3, strides=1), IMAGE),
    (lambda: L.PReLU(shared_axes=[1, 2]), IMAGE),
    (lambda: L.Permute((2, 1)), SEQUENCE),
    (lambda: L.RMSNormalization(), SEQUENCE),
    (lambda: L.RandomBrightness((-0.1, 0.2)), IMAGE),
    (lambda: L.RandomContrast((0.1, 0.2)), IMAGE),
    (lambda: L.RandomCrop(6, 6), IMAGE),  # as large as the image: Keras crops in training alone
    (lambda: L.RandomFlip("horizontal"), IMAGE),
    (lambda: L.RandomRotation(0.1, fill_mode="wrap"), IMAGE),
    (lambda: L.RandomTranslation(0.1, (0.1, 0.2)), IMAGE),
    (lambda: L.RandomZoom((-0.1, 0.2)), IMAGE),
    (lambda: L.ReLU(max_value=1, negative_slope=0.1, threshold=0.2), FLAT),
    (lambda: L.RepeatVector(3), FLAT),
    (lambda: L.Rescaling(0.5, offset=-1), IMAGE),
    (lambda: L.Reshape((-1, 8)), IMAGE),
    (lambda: L.Resizing(9, 5, interpolation="bilinear"), IMAGE),
    (lambda: L.SeparableConv1D(4, 2, dilation_rate=2, padding="same", activation="relu"), SEQUENCE),
    (lambda: L.SeparableConv2D(5, 3, strides=2, padding="same", activation="elu"), IMAGE),
    (lambda: L.Softmax(axis=1), SEQUENCE),
    (lambda: L.SpatialDropout1D(0.2), SEQUENCE),
    (lambda: L.SpatialDropout2D(0.2, seed=1), IMAGE),
    (lambda: L.TimeDistributed(L.Dense(2)), SEQUENCE),
    (lambda: L.UnitNormalization(), FLAT),
    (lambda: L.UpSampling1D(3), SEQUENCE),
    (lambda: L.UpSampling2D((1, 2)), IMAGE),
    (lambda: L.ZeroPadding1D((0, 2)), SEQUENCE),
    (lambda: L.ZeroPadding2D(((1, 2), (0, 1))), IMAGE),
]


def by_layer():
    for make, shape in LAYERS:
        layer = make()
        if shape == "ids":
            x = np.random.default_rng(1).integers(0, 7, (4, 3)).astype("int32")
            model = keras.Sequential([keras.Input((3,), dtype="int32"), layer])
        else:
            x = np.random.default_rng(1).normal(size=(4, *shape)).astype("float32")
            model = keras.Sequential([keras.Input(shape), layer])
        yield f"layer_{layer.name}", randomized(model), [x]


# Layers of two inputs, and what they take.
MERGES = [
    (lambda: L.Add(), FLAT, FLAT),
    (lambda: L.Average(), IMAGE, IMAGE),
    (lambda: L.Concatenate(axis=1), SEQUENCE, (3, 5)),
    (lambda: L.Concatenate(), IMAGE, (6, 6, 2)),
    (lambda: L.Dot(axes=1), FLAT, FLAT),
    (lambda: L.Dot(axes=(2, 2), normalize=True), SEQUENCE, (3, 5)),
    (lambda: L.Dot(axes=(1, 1)), SEQUENCE, (8,)),
    (lambda: L.Maximum(), SEQUENCE, SEQUENCE),
    (lambda: L.Minimum(), SEQUENCE, (1, 5)),
    (lambda: L.Multiply(), IMAGE, (1, 1, 4)),
    (lambda: L.Subtract(), SEQUENCE, SEQUENCE),
]


def merges():
    for number, (make, left, right) in enumerate(MERGES):
        layer, rng = make(), np.random.default_rng(number)
        inputs = [keras.Input(left), keras.Input(right)]
        x = [rng.normal(size=(4, *shape)).astype("float32") for shape in (left, right)]
        yield f"merge_{number:02d}_{layer.name}", keras.Model(inputs, layer(inputs)), x


# Not sparsemax, whose results are above 1 in Keras 3.15: its threshold is that of a sum of sums.
ACTIVATIONS = """celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
    sparse_plus sparse_sigmoid squareplus tanh tanh_shrink""".split()


def activations():
    """On images, on sequences, and after a convolution."""
    x = [3 * np.random.default_rng(4).normal(size=(3, *shape)).astype("float32") for shape in (IMAGE, SEQUENCE)]
    for name in ACTIVATIONS:
        image, sequence = keras.Input(IMAGE), keras.Input(SEQUENCE)
        outputs = [L.Activation(name)(L.Conv2D(4, 1)(image))]
        if name != "glu":  # of an even number of channels
            outputs.append(L.Activation(name)(sequence))
        inputs = [image, sequence][: len(outputs)]
        yield f"activation_{name}", randomized(keras.Model(inputs, outputs)), x[: len(outputs)]


def masked():
    """Steps that do not count, through what hands masks on, and what computes by them."""
    ids = np.array([[3, 1, 0, 0], [2, 5, 6, 0], [1, 0, 0, 0]], dtype="int32")
    x = keras.Input((4,), dtype="int32")
    steps = L.Dropout(0.1)(L.Embedding(7, 4, mask_zero=True)(x))
    other = L.Embedding(7, 4, mask_zero=True)(x)
    summed = L.Add()([L.TimeDistributed(L.Dense(4))(steps), other])
    for name, y in (
        ("average", L.GlobalAveragePooling1D()(steps)),
        ("sum", L.GlobalAveragePooling1D()(summed)),
        ("concatenate", L.GlobalAveragePooling1D(keepdims=True)(L.Concatenate()([steps, other]))),
    ):
        yield f"masked_{name}", randomized(keras.Model(x, y)), [ids]
    x = keras.Input(SEQUENCE)
    values = np.random.default_rng(6).normal(size=(3, *SEQUENCE)).astype("float32")
    values[0, 5:], values[2, 1:] = 0, 0
    y = L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Masking()(x)))
    yield "masked_values", randomized(keras.Model(x, y)), [values]


TEXTS = np.array([["Wool, horn & hoof!"], ["the horn of THE rhino"], [""], ["wool wool"]])
KINDS = np.array([["wolf"], ["hare"], ["élan"], ["lynx"]])
COUNTS = np.array([[3], [-1], [40], [3]], dtype="int64")
TABLE = np.round(np.random.default_rng(3).normal(2, 3, (4, 3)), 2).astype("float32")

# The same for layers of texts, categories and numbers, with what they learn from.
LEARNING = [
    (lambda: L.CategoryEncoding(num_tokens=5, output_mode="count"), np.array([[0, 4, 4], [1, 2, 3]]), None),
    (lambda: L.Discretization(num_bins=3, output_mode="one_hot"), TABLE[:, :1], TABLE),
    (lambda: L.Discretization([0.0, 1.5]), TABLE, None),
    (lambda: L.Hashing(5, salt=[3, 4], mask_value="wolf"), KINDS, None),
    (lambda: L.Hashing(5, output_mode="one_hot"), COUNTS, None),
    (lambda: L.HashedCrossing(7), (KINDS, COUNTS), None),
    (lambda: L.IntegerLookup(num_oov_indices=2, mask_token=-1), COUNTS, COUNTS[:2]),
    (lambda: L.IntegerLookup(vocabulary=[7, 3], output_mode="one_hot"), COUNTS, None),
    (lambda: L.Normalization(), TABLE, TABLE),
    (lambda: L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0]), TABLE, None),
    (lambda: L.StringLookup(mask_token="", num_oov_indices=2), KINDS, KINDS[:2]),
    (lambda: L.StringLookup(output_mode="tf_idf"), KINDS, KINDS[:3]),
    (lambda: L.StringLookup(vocabulary=["hare", "wolf"], output_mode="multi_hot"), KINDS, None),
    (lambda: L.TextVectorization(max_tokens=6, output_sequence_length=5), TEXTS, TEXTS),
    (lambda: L.TextVectorization(ngrams=2, output_mode="count"), TEXTS, TEXTS),
    (lambda: L.TextVectorization(output_mode="tf_idf", max_tokens=5), TEXTS, TEXTS),
    (lambda: L.TextVectorization(vocabulary=["horn", "wool"], split="character"), TEXTS, None),
]


def by_learning_layer():
    """With TensorFlow only."""
    for make, x, learned in LEARNING:
        layer = make()
        if learned is not None:
            layer.adapt(learned)
        xs = x if isinstance(x, tuple) else (x,)
        inputs = [
            keras.Input(one.shape[1:], dtype="string" if one.dtype.kind == "U" else str(one.dtype))
            for one in xs
        ]
        model = keras.Model(inputs, layer(inputs if len(inputs) > 1 else inputs[0]))
        yield f"layer_{layer.name}", model, [*xs]


def text_and_table():
    """Trained ones, from raw strings, and from columns by name."""
    vectorize = L.TextVectorization(max_tokens=8, output_sequence_length=6)
    vectorize.adapt(TEXTS)
    texts = keras.Input((1,), dtype="string")
    x = L.GlobalAveragePooling1D()(L.Embedding(8, 4, mask_zero=True)(vectorize(texts)))
    text = keras.Model(texts, L.Dense(1, activation="sigmoid")(x))
    kind, number = keras.Input((1,), dtype="string", name="kind"), keras.Input((1,), name="number")
    lookup, normalize = L.StringLookup(output_mode="one_hot"), L.Normalization()
    lookup.adapt(KINDS[:3])
    normalize.adapt(TABLE[:, :1])
    x = L.Concatenate()([lookup(kind), normalize(number)])
    table = keras.Model([kind, number], L.Dense(1, activation="sigmoid")(x))
    y = np.array([[0], [1], [1], [0]], dtype="float32")
    some = TEXTS[[0, 1, 3]]  # of an empty text the mean is NaN
    # SGD, as TensorFlow's Adam treats the rows of an embedding that a batch does not use otherwise.
    adam, sgd = keras.optimizers.Adam(1e-2), keras.optimizers.SGD(0.5, momentum=0.9)
    for name, model, inputs, optimizer in (
        ("text", text, [some], sgd),
        ("table", table, [KINDS, TABLE[:, :1]], adam),
    ):
        model.compile(optimizer=optimizer, loss="binary_crossentropy")
        yield f"trained_{name}", model, inputs, [y[: len(inputs[0])]]


def randomized(model, seed=2):
    """Weights that are not their first values: biases and statistics too."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            np.abs(w + 0.2 * rng.normal(size=w.shape)).astype(w.dtype)
            if "variance" in v.name
            else (w + 0.2 * rng.normal(size=w.shape)).astype(w.dtype)
            for v, w in zip(model.weights, model.get_weights())
        ]
    )
    return model


class Graph:
    """One random functional model: layers on tensors that are there, merges of equal shapes, shared
    layers, nested models, one to three outputs."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.inputs = [self.new_input() for _ in range(self.rng.integers(1, 3))]
        self.tensors = list(self.inputs)
        self.used = []

    def pick(self, options):
        return options[self.rng.integers(len(options))]

    def new_input(self):
        return keras.Input(self.pick([FLAT, SEQUENCE, IMAGE]))

    def layer_for(self, rank, channels):
        common = [
            lambda: L.Activation(self.pick(["relu", "tanh", "gelu", "silu", "softplus"])),
            lambda: L.BatchNormalization(),
            lambda: L.LayerNormalization(),
            lambda: L.Dropout(0.2),
            lambda: L.Dense(int(self.rng.integers(2, 7)), activation=self.pick([None, "relu"])),
            lambda: L.Rescaling(0.7, offset=0.1),
            lambda: L.Normalization(mean=0.3, variance=2.0),
        ]
        own = {
            2: [lambda: L.RepeatVector(3), lambda: L.Reshape((1, -1)), lambda: L.UnitNormalization()],
            3: [
                lambda: L.Conv1D(4, 2, padding=self.pick(["same", "causal"])),
                lambda: L.GlobalMaxPooling1D(),
                lambda: L.Flatten(),
                lambda: L.ZeroPadding1D(1),
            ],
            4: [
                lambda: L.Conv2D(int(self.rng.integers(2, 6)), 3, padding="same"),
                lambda: L.DepthwiseConv2D(3, padding="same"),
                lambda: L.MaxPooling2D(2, padding="same"),
                lambda: L.AveragePooling2D(2, strides=1, padding="same"),
                lambda: L.GlobalAveragePooling2D(),
                lambda: L.Flatten(),
                lambda: L.ZeroPadding2D(1),
                lambda: L.CenterCrop(3, 3),
            ],
        }[rank]
        return self.pick(common + own)()

    def nested(self, tensor):
        """A model of two layers, functional or Sequential, as a layer."""
        shape = tensor.shape[1:]
        if self.rng.random() < 0.5:
            return keras.Sequential(
                [keras.Input(shape), L.Dense(4, activation="relu"), L.Dense(3)]
            )
        x = keras.Input(shape)
        y = L.Dense(3)(x)
        return keras.Model(x, L.Add()([y, L.Dense(3)(x)]))

    def step(self):
        tensor = self.pick(self.tensors[-4:])
        chance = self.rng.random()
        if chance < 0.2:
            same = [t for t in self.tensors if t.shape == tensor.shape]
            kind = self.pick([L.Add, L.Multiply, L.Average, L.Maximum, L.Concatenate])
            if len(same) > 1:
                self.tensors.append(kind()([tensor, self.pick(same)]))
                return
        if chance < 0.3 and self.used:  # a layer once more
            layer, shape = self.pick(self.used)
            fits = [t for t in self.tensors if t.shape == shape]
            self.tensors.append(layer(self.pick(fits)))
            return
        layer = self.nested(tensor) if chance < 0.4 else self.layer_for(len(tensor.shape), 0)
        self.used.append((layer, tensor.shape))
        self.tensors.append(layer(tensor))

    def model(self):
        for _ in range(self.rng.integers(4, 14)):
            self.step()
        made = self.tensors[len(self.inputs) :]
        outputs = [made[-1]] + [self.pick(made) for _ in range(self.rng.integers(0, 3))]
        outputs = list({id(t): t for t in outputs}.values())
        return keras.Model(self.inputs, outputs if len(outputs) > 1 else outputs[0])


def mixed():
    """Layers that compute in bfloat16, and the last in float32, whose result can be written."""
    for name, shape, layers in (
        ("dense", FLAT, [L.Dense(5, activation="relu"), L.LayerNormalization(), L.Dropout(0.2)]),
        ("images", IMAGE, [L.Conv2D(3, 2), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D()]),
        ("sequence", SEQUENCE, [L.Conv1D(4, 3, activation="gelu"), L.RMSNormalization()]),
    ):
        config = [keras.layers.serialize(layer) for layer in layers]
        for one in config:
            one["config"]["dtype"] = "mixed_bfloat16"
        layers = [keras.layers.deserialize(one) for one in config]
        layers += [L.Flatten(dtype="mixed_bfloat16"), L.Dense(2, dtype="float32")]
        model = randomized(keras.Sequential([keras.Input(shape), *layers]))
        x = np.random.default_rng(6).normal(size=(4, *shape)).astype("float32")
        yield f"mixed_{name}", model, [x]


def graphs(count):
    for seed in range(count):
        graph = Graph(seed)
        model = randomized(graph.model(), seed)
        rng = np.random.default_rng(seed + 1000)
        inputs = [rng.normal(size=(3, *x.shape[1:])).astype("float32") for x in graph.inputs]
        yield f"graph_{seed:02d}", model, inputs


def applications():
    for make, size in [(keras.applications.MobileNetV2, 96), (keras.applications.ResNet50, 64)]:
        model = make(input_shape=(size, size, 3), weights=None, classes=10)
        x = np.random.default_rng(3).normal(size=(2, size, size, 3)).astype("float32")
        yield f"app_{make.__name__}", model, [x]


def trained():
    """Compiled models with the optimizer's state of some steps, and a batch to go on with."""
    schedule = keras.optimizers.schedules.CosineDecay(3e-3, 30)
    optimizers = {
        "sgd": keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        "rmsprop": keras.optimizers.RMSprop(2e-3, momentum=0.5, centered=True),
        "adam": keras.optimizers.Adam(3e-3, amsgrad=True, clipnorm=0.5),
        "adamw": keras.optimizers.AdamW(schedule, use_ema=True),
        "adagrad": keras.optimizers.Adagrad(0.05),
        "adadelta": keras.optimizers.Adadelta(0.5, weight_decay=1e-3),
        "adamax": keras.optimizers.Adamax(3e-3),
        "nadam": keras.optimizers.Nadam(3e-3, use_ema=True),
        "lion": keras.optimizers.Lion(1e-3, weight_decay=1e-2),
        "ftrl": keras.optimizers.Ftrl(0.05, l1_regularization_strength=1e-3, beta=0.1),
        "lamb": keras.optimizers.Lamb(3e-3, global_clipnorm=1.0),
        "accumulating": keras.optimizers.Adam(1e-2, gradient_accumulation_steps=2),
    }
    rng = np.random.default_rng(5)
    x = rng.normal(size=(8, 10, 10, 3)).astype("float32")
    t = rng.integers(0, 4, (8,)).astype("int32")
    for name, optimizer in optimizers.items():
        model = keras.Sequential(
            [
                keras.Input((10, 10, 3)),
                L.Conv2D(6, 3, activation="relu"),
                L.BatchNormalization(),
                L.MaxPooling2D(),
                L.Flatten(),
                L.Dense(8, activation="tanh", kernel_regularizer="l2", kernel_constraint="max_norm"),
                L.Dense(4, activation="softmax"),
            ]
        )
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        for _ in range(6):
            model.train_on_batch(x, t)
        yield f"trained_{name}", model, [x], [t]
    steps = rng.normal(size=(8, 9, 6)).astype("float32")
    labels = np.array([[1, 2, 3, 0], [2, 2, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]] * 2, dtype="int32")
    for name, loss, last, x, t in (
        ("ctc", keras.losses.CTC(), L.Dense(4), steps, labels),
        ("ctc_by_name", "ctc", L.Dense(4), steps, labels),
        ("circle", keras.losses.Circle(gamma=4, margin=0.3), L.UnitNormalization(), steps[:, 0], t),
    ):
        model = keras.Sequential([keras.Input(x.shape[1:]), L.Dense(5, activation="tanh"), last])
        model.compile(keras.optimizers.Adam(1e-2), loss)
        for _ in range(3):
            model.train_on_batch(x, t)
        yield f"trained_{name}", model, [x], [t]
