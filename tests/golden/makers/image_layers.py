"""Image layers on small images: resizing and cropping, and the random ones with ranges of one
number, so that nothing is left to chance. They are made with TensorFlow, whose rules for places
between pixels and outside of images are the ones that Keras' users know:

    cd tests/golden && KERAS_BACKEND=tensorflow python3 -m makers.image_layers
"""

import pathlib

import keras
import numpy as np
import tensorflow as tf

from .common import Tensors, number, write

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
FILL_MODES = ("reflect", "wrap", "nearest", "constant")


def bytes_image(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("uint8")


def float_image(seed, *shape):
    return np.round(np.random.default_rng(seed).uniform(0, 255, shape), 1).astype("float32")


def resizing(add):
    photo, batch = bytes_image(1, 7, 9, 3), float_image(2, 2, 6, 5, 1)
    large = bytes_image(3, 30, 23, 1)
    for interpolation in INTERPOLATIONS:
        for antialias in (False, True):
            how = {"interpolation": interpolation, "antialias": antialias}
            add("Resizing", {"height": 4, "width": 5, **how}, photo.astype("float32"))
            # 11 from 9: no result lies halfway between two bytes, where a last bit would decide.
            add("Resizing", {"height": 5, "width": 11, **how}, photo)
            add("Resizing", {"height": 6, "width": 3, **how}, batch)
            add("Resizing", {"height": 9, "width": 8, **how}, batch)
            add("Resizing", {"height": 4, "width": 3, **how}, large.astype("float32"))
    add("Resizing", {"height": 7, "width": 9}, photo)
    wide, tall = float_image(4, 5, 12, 1), float_image(5, 1, 13, 4, 1)
    for flag in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        for height, width in ((4, 4), (3, 5), (2, 9), (7, 3), (1, 6), (6, 1)):
            for image in (wide, tall):
                add("Resizing", {"height": height, "width": width, flag: True}, image)
    add("Resizing", {"height": 6, "width": 6, "pad_to_aspect_ratio": True, "fill_value": 100.5}, wide)
    add("Resizing", {"height": 6, "width": 6, "pad_to_aspect_ratio": True, "fill_value": 9}, photo)
    add(
        "Resizing",
        {"height": 4, "width": 4, "crop_to_aspect_ratio": True, "interpolation": "lanczos3",
         "antialias": True},
        photo,
    )  # fmt: skip


def center_crop(add):
    images = bytes_image(6, 2, 6, 7, 2)
    for height, width in ((6, 7), (3, 4), (4, 3), (1, 1), (8, 4), (3, 9), (8, 9), (12, 5), (7, 7)):
        add("CenterCrop", {"height": height, "width": width}, images)
    add("CenterCrop", {"height": 4, "width": 5}, images[0])
    add("CenterCrop", {"height": 9, "width": 5}, images[0])


def transforms(add):
    images, small = float_image(7, 2, 5, 7, 1), float_image(8, 4, 4, 3)
    for fill_mode in FILL_MODES:
        for interpolation in ("nearest", "bilinear"):
            how = {"fill_mode": fill_mode, "interpolation": interpolation}
            if fill_mode == "constant":
                how["fill_value"] = 7.5
            for turn in (0.1, -0.07, 0.25, 0.43):
                # Under wrap a place a rounding past the last pixel is another pixel.
                if fill_mode == "wrap" and turn == 0.25:
                    continue
                add("RandomRotation", {"factor": [turn, turn], **how}, images)
            add("RandomRotation", {"factor": [0.13, 0.13], **how}, small)
            for y, x in ((0.3, 0.3), (-0.4, -0.4), (0.7, -0.35)):
                factors = {"height_factor": [y, y], "width_factor": [x, x]}
                add("RandomZoom", {**factors, **how}, images)
            add("RandomZoom", {"height_factor": [0.9, 0.9], **how}, small)
            for y, x in ((0.23, -0.37), (-0.61, 0.88), (0, 0.4)):
                factors = {"height_factor": [y, y], "width_factor": [x, x]}
                add("RandomTranslation", {**factors, **how}, images)


def brightness(add):
    images = float_image(9, 2, 3, 3, 2)
    for factor in (0.2, -0.3, 0.9, 0):
        add("RandomBrightness", {"factor": [factor, factor]}, images)
    unit = np.round(images / 255, 3).astype("float32")
    add("RandomBrightness", {"factor": [0.25, 0.25], "value_range": [0, 1]}, unit)


def cases():
    inputs, all_cases = Tensors(), []

    def add(name, options, x):
        options_of = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()
        }
        y = np.asarray(getattr(keras.layers, name)(**options_of)(x), dtype="float64")
        all_cases.append(
            {
                "layer": name,
                "options": options,
                "dtype": str(x.dtype),
                "input": inputs.index(x),
                "shape": list(y.shape),
                "values": [number(round(v, 4)) for v in y.reshape(-1)],
            }
        )

    resizing(add)
    center_crop(add)
    transforms(add)
    brightness(add)
    return {"inputs": inputs.all, "cases": all_cases}


if __name__ == "__main__":
    if keras.backend.backend() != "tensorflow":
        raise SystemExit("image_layers: set KERAS_BACKEND=tensorflow")
    target = pathlib.Path(__file__).parent.parent / "image_layers.json"
    write(target, cases(), backend=tf)
    print(f"{target}: {target.stat().st_size / 1024:.0f} KB")
