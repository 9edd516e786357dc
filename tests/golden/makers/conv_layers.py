"""Convolutions beside Conv1D and Conv2D."""

from .common import normal
from .layers import case


def depthwise():
    x = normal(61, 2, 7, 6, 3)
    for padding in ("valid", "same"):
        p = {"padding": padding}
        yield case("DepthwiseConv2D", {"kernel_size": 3, **p}, [x], [[None, None, 3]])
        yield case("DepthwiseConv2D", {"kernel_size": [2, 3], "depth_multiplier": 2, **p}, [x])
        yield case("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, **p}, [x])
        yield case("DepthwiseConv2D", {"kernel_size": 2, "dilation_rate": 2, **p}, [x])
        o = {"kernel_size": 3, "use_bias": False, "activation": "relu", **p}
        yield case("DepthwiseConv2D", o, [x])


def separable():
    x = normal(62, 2, 6, 7, 3)
    for padding in ("valid", "same"):
        p = {"filters": 4, "padding": padding}
        yield case("SeparableConv2D", {"kernel_size": 3, **p}, [x], [[None, None, 3]])
        o = {"kernel_size": [2, 3], "depth_multiplier": 2, "activation": "tanh", **p}
        yield case("SeparableConv2D", o, [x])
        yield case("SeparableConv2D", {"kernel_size": 3, "strides": 2, "use_bias": False, **p}, [x])
        yield case("SeparableConv2D", {"kernel_size": 2, "dilation_rate": 2, **p}, [x])


def transposed():
    x = normal(63, 1, 4, 3, 2)
    for padding in ("valid", "same"):
        p = {"filters": 2, "padding": padding}
        yield case("Conv2DTranspose", {"kernel_size": 3, **p}, [x], [[None, None, 2]])
        yield case("Conv2DTranspose", {"kernel_size": 3, "strides": 2, **p}, [x], [[None, 3, 2]])
        yield case("Conv2DTranspose", {"kernel_size": [2, 4], "strides": [3, 2], **p}, [x])
        o = {"kernel_size": 3, "dilation_rate": [2, 3], "activation": "relu", **p}
        yield case("Conv2DTranspose", o, [x])
        o = {"kernel_size": [3, 4], "strides": [3, 2], "output_padding": [2, 1], **p}
        yield case("Conv2DTranspose", o, [x], [[None, None, 2]])
        o = {"kernel_size": [4, 5], "strides": 2, "output_padding": 0, "use_bias": False, **p}
        yield case("Conv2DTranspose", o, [x])
        yield case("Conv2DTranspose", {"kernel_size": 1, "strides": 2, **p}, [x])
    x = normal(64, 2, 4, 2)
    for padding in ("valid", "same"):
        p = {"filters": 2, "padding": padding}
        yield case("Conv1DTranspose", {"kernel_size": 3, **p}, [x], [[None, 2]])
        yield case("Conv1DTranspose", {"kernel_size": 2, "strides": 3, **p}, [x])
        yield case("Conv1DTranspose", {"kernel_size": 3, "dilation_rate": 2, **p}, [x])
        o = {"kernel_size": 4, "strides": 3, "output_padding": 2, "activation": "tanh", **p}
        yield case("Conv1DTranspose", o, [x], [[None, 2]])


def sequences():
    x = normal(65, 2, 6, 2)
    for padding in ("valid", "same"):
        p = {"padding": padding}
        yield case("DepthwiseConv1D", {"kernel_size": 3, **p}, [x], [[None, 2]])
        o = {"kernel_size": 2, "strides": 3, "depth_multiplier": 2, "activation": "relu", **p}
        yield case("DepthwiseConv1D", o, [x])
        yield case("DepthwiseConv1D", {"kernel_size": 2, "dilation_rate": 2, **p}, [x])
        p = {"filters": 3, "padding": padding}
        yield case("SeparableConv1D", {"kernel_size": 3, **p}, [x], [[None, 2]])
        o = {"kernel_size": 2, "depth_multiplier": 2, "activation": "tanh", "strides": 2, **p}
        yield case("SeparableConv1D", o, [x])
        o = {"kernel_size": 2, "dilation_rate": 2, "use_bias": False, "activation": "relu", **p}
        yield case("SeparableConv1D", o, [x])


def cases():
    return [*depthwise(), *separable(), *transposed(), *sequences()]
