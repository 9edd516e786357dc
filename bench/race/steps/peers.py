"""A peer's side of the race of whole training steps, in a process of its own, run by race.py:

    peers.py PEER MODEL BATCH SECONDS THREADS

PEER: torch, torch-channels-last, keras. Trains on the batch and from the weights that
race_steps makes, and prints the same JSON.
"""

import json
import math
import os
import resource
import statistics
import sys
import time

import numpy as np

peer, model_name, batch, seconds, threads = sys.argv[1:]
batch, seconds, threads = int(batch), float(seconds), int(threads)


def numbers(shape, dtype, scale=1.0, shift=0.0):
    count = math.prod(shape)
    integers = np.arange(count, dtype=np.uint64) * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)
    return (integers / 2.0**32 * scale + shift).astype(dtype).reshape(shape)


def weight(shape):  # in Keras' layout
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    a = math.sqrt(3.0 * shape[-1] / math.prod(shape))
    return numbers(shape, np.float32, 2 * a, -a)


def data():
    digits = numbers((batch,), np.int32, 10)
    if model_name == "mnist_cnn":
        return numbers((batch, 28, 28, 1), np.float32), digits
    if model_name == "mlp":
        return numbers((batch, 784), np.float32), digits
    if model_name == "seed_cnn":
        return numbers((batch, 200, 200, 3), np.uint8, 256), digits
    return numbers((batch, 200), np.int32, 10000), numbers((batch, 1), np.int32, 2)


def torch_step(channels_last):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    fused = {"fused": True} if int(torch.__version__.split(".")[0]) >= 2 else {"foreach": True}
    if model_name == "adam":
        sizes = [784 * 512, 512, 512 * 512, 512, 5120, 10] if batch == 669706 else [batch]
        tensors = [nn.Parameter(torch.full((size,), 1e-3)) for size in sizes]
        for tensor in tensors:
            tensor.grad = torch.full_like(tensor, 1e-3)
        return torch.optim.Adam(tensors, eps=1e-7, **fused).step

    class Mean(nn.Module):
        def __init__(self, axes):
            super().__init__()
            self.axes = axes

        def forward(self, x):
            return x.mean(self.axes)

    class CropScale(nn.Module):
        def forward(self, x):
            x = x[:, :, 25:175, 25:175].to(torch.float32)
            if channels_last:
                x = x.contiguous(memory_format=torch.channels_last)
            return x.mul_(1.0 / 255)

    class FlattenAsKeras(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)

    if model_name == "mnist_cnn":
        layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU()]
        layers += [nn.MaxPool2d(2), FlattenAsKeras(), nn.Linear(1600, 10)]
    elif model_name == "mlp":
        layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    elif model_name == "seed_cnn":
        layers = [CropScale()]
        for channels in (3, 32, 32):
            layers += [nn.Conv2d(channels, 32, 3), nn.ReLU(), nn.MaxPool2d(3)]
        layers += [Mean((2, 3)), nn.Linear(32, 10)]
    else:
        layers = [nn.Embedding(10000, 64), Mean(1), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 1)]
    model = nn.Sequential(*layers)
    with torch.no_grad():
        for parameter in model.parameters():
            shape = tuple(parameter.shape)
            if len(shape) == 4:  # (out, in, h, w) from (h, w, in, out)
                value = weight((shape[2], shape[3], shape[1], shape[0])).transpose(3, 2, 0, 1)
            elif len(shape) == 2 and shape[0] != 10000:
                value = weight((shape[1], shape[0])).T
            else:
                value = weight(shape)
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
    x, y = data()
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2)
        x = x.contiguous(memory_format=torch.channels_last) if channels_last else x.contiguous()
        if channels_last:
            model = model.to(memory_format=torch.channels_last)
    if model_name == "text":
        loss_of, y = nn.BCEWithLogitsLoss(), y.to(torch.float32)
    else:
        loss_of, y = nn.CrossEntropyLoss(), y.to(torch.int64)
    optimizer = torch.optim.Adam(model.parameters(), eps=1e-7, **fused)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def keras_step():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    backend = os.environ["KERAS_BACKEND"]
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    elif backend == "torch":
        import torch

        torch.set_num_threads(threads)
    import keras
    from keras import layers

    def conv(filters):
        return layers.Conv2D(filters, 3, activation="relu")

    if model_name == "mnist_cnn":
        stack = [keras.Input((28, 28, 1)), conv(32), layers.MaxPooling2D(), conv(64)]
        stack += [layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10)]
    elif model_name == "mlp":
        stack = [keras.Input((784,)), layers.Dense(512, activation="relu")]
        stack += [layers.Dense(512, activation="relu"), layers.Dense(10)]
    elif model_name == "seed_cnn":
        stack = [keras.Input((200, 200, 3), dtype="uint8"), layers.Cropping2D(25)]
        stack += [layers.Rescaling(1.0 / 255)]
        for _ in range(3):
            stack += [conv(32), layers.MaxPooling2D(3)]
        stack += [layers.GlobalAveragePooling2D(), layers.Dense(10)]
    else:
        stack = [keras.Input((200,), dtype="int32"), layers.Embedding(10000, 64)]
        stack += [layers.GlobalAveragePooling1D(), layers.Dense(16, activation="relu")]
        stack += [layers.Dense(1)]
    model = keras.Sequential(stack)
    if model_name == "text":
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    model.set_weights([weight(w.shape) for w in model.get_weights()])
    x, y = data()

    def step():
        # The mean over all batches since the metrics were reset: of this one only.
        model.reset_metrics()
        return float(model.train_on_batch(x, y))

    return step


def main():
    step = keras_step() if peer == "keras" else torch_step(peer == "torch-channels-last")
    losses = [step()]
    first = time.monotonic()
    losses += [step() for _ in range(4)]
    times, start = [], time.monotonic()
    end = start + seconds
    while start < end or len(times) < 5:
        step()
        then = time.monotonic()
        times.append(then - start)
        start = then
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    losses = [] if model_name == "adam" else losses[:3]
    ms = 1e3 * statistics.median(times)
    print(json.dumps({"losses": losses, "first": first, "ms": ms, "mib": round(mib)}))


main()
