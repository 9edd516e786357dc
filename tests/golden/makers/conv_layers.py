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


def cases():
    return [*depthwise(), *separable()]
