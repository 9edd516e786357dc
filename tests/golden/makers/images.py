"""Small image files of every kind and what TensorFlow decodes them to, and folders of them as
Keras reads them. Files and pixels are written in hexadecimal.

    cd tests/golden && KERAS_BACKEND=tensorflow python3 -m makers.images

Beside Keras and TensorFlow it needs Pillow, which writes the files; kinds of PNG and BMP that it
cannot write are put together here.
"""

import io
import pathlib
import struct
import tempfile
import zlib

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from .common import numbers, write

HEIGHT, WIDTH = 7, 11


def noise(seed, *shape, high=256):
    return np.random.default_rng(seed).integers(0, high, shape)


def picture(channels=3):
    """Smooth colours and some noise, so that JPEG has something to do and little to lose."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [128 + 90 * np.sin(rows / (2 + c) + columns / (3 - c / 2)) for c in range(channels)]
    image = np.stack(waves, -1) + noise(channels, HEIGHT, WIDTH, channels, high=30) - 15
    return np.clip(image, 0, 255).astype("uint8")


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed(samples, bits):
    """Rows of samples as bytes, each row filled up."""
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in samples]
    rows = []
    for row in samples:
        text = "".join(f"{v:0{bits}b}" for v in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big") if text else b"")
    return rows


def png(samples, bits, colour_type, interlaced=False, chunks=()):
    """samples: [height, width, channels]"""
    height, width, _ = samples.shape
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2)]
        passes += [(0, 1, 2, 2), (1, 0, 2, 1)]
    data = b""
    for top, left, down, across in passes:
        part = samples[top::down, left::across]
        if part.size:
            flat = part.reshape(part.shape[0], -1)
            data += b"".join(b"\0" + row for row in packed(flat, bits))
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, int(interlaced))
    body = b"".join(chunk(*c) for c in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + body
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def png_files():
    names = {0: "gray", 2: "rgb", 3: "palette", 4: "gray and alpha", 6: "rgba"}
    counts = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    for colour_type, name in names.items():
        for bits in depths[colour_type]:
            high = min(1 << bits, 200) if colour_type == 3 else 1 << bits
            samples = noise(bits, HEIGHT, WIDTH, counts[colour_type], high=high)
            palette = [(b"PLTE", noise(9, 3 * high).astype("uint8").tobytes())]
            chunks = palette if colour_type == 3 else []
            for interlaced in (False, True):
                how = ", interlaced" if interlaced else ""
                yield f"PNG {name} {bits} bit{how}", png(samples, bits, colour_type, interlaced, chunks)
            if colour_type in (0, 2):
                key = samples[1, 2].astype(">u2").tobytes()
                yield f"PNG {name} {bits} bit, tRNS", png(
                    samples, bits, colour_type, False, [(b"tRNS", key)]
                )
            if colour_type == 3:
                alpha = noise(8, high // 2).astype("uint8").tobytes()
                yield f"PNG palette {bits} bit, tRNS", png(
                    samples, bits, 3, False, chunks + [(b"tRNS", alpha)]
                )
    gamma = [(b"gAMA", struct.pack(">I", 45455))]
    yield "PNG rgb 8 bit, gAMA", png(noise(4, HEIGHT, WIDTH, 3), 8, 2, False, gamma)
    yield "PNG of one pixel", png(noise(4, 1, 1, 3), 8, 2)


def jpeg_files():
    photo = Image.fromarray(picture())
    for sampling in ("4:4:4", "4:2:2", "4:2:0"):
        for progressive in (False, True):
            how = " progressive" if progressive else ""
            yield f"JPEG {sampling}{how}", saved(
                photo, "JPEG", subsampling=sampling, progressive=progressive, quality=85
            )
    yield "JPEG gray", saved(Image.fromarray(picture(1)[..., 0]), "JPEG", quality=90)
    yield "JPEG CMYK", saved(photo.convert("CMYK"), "JPEG", quality=90)
    yield "JPEG RGB", saved(photo, "JPEG", keep_rgb=True, quality=90)
    yield "JPEG of large quantisers", saved(photo, "JPEG", qtables=[[300] * 64, [90] * 64])
    yield "JPEG with restarts", saved(photo, "JPEG", restart_marker_blocks=1, quality=70)
    yield "JPEG of one pixel", saved(photo.crop((0, 0, 1, 1)), "JPEG")


def bmp(rows, bits, header):
    """rows: bytes of each row, the lowest first"""
    rows = b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    offset = 14 + len(header)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + header + rows


def info_header(height, bits, compression=0, colours=0, size=40):
    return struct.pack("<IiiHHIIiiII", size, WIDTH, height, 1, bits, compression, 0, 0, 0, colours, 0)


def bmp_files():
    photo = Image.fromarray(picture())
    yield "BMP 24 bit", saved(photo, "BMP")
    yield "BMP 32 bit", saved(Image.fromarray(picture(4)), "BMP")
    yield "BMP gray", saved(photo.convert("L"), "BMP")
    rows = [row.tobytes() for row in picture()[..., ::-1]]
    yield "BMP 24 bit, the highest row first", bmp(rows, 24, info_header(-HEIGHT, 24))


def gif_files():
    image = Image.fromarray(noise(1, HEIGHT, WIDTH, high=60).astype("uint8"), "P")
    image.putpalette(noise(2, 180).astype("uint8").tobytes())
    yield "GIF", saved(image, "GIF", interlace=0)
    yield "GIF interlaced", saved(image, "GIF", interlace=1)
    yield "GIF transparent", saved(image, "GIF", transparency=5)
    yield "GIF transparent, background", saved(image, "GIF", transparency=5, background=3)
    other = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    yield "GIF of two frames", saved(image, "GIF", save_all=True, append_images=[other])
    two = Image.fromarray(noise(3, HEIGHT, WIDTH, high=2).astype("uint8"), "P")
    two.putpalette([0, 10, 20, 200, 210, 220])
    yield "GIF of two colours", saved(two, "GIF")


def pixels(file, channels):
    try:
        image = tf.io.decode_image(file, channels=channels, expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError:
        return None  # TensorFlow does not read this file into so many channels
    return {"shape": list(image.shape), "bytes": image.tobytes().hex()}


def files():
    for kind in (jpeg_files, png_files, bmp_files, gif_files):
        for name, file in kind():
            case = {"name": name, "file": file.hex()}
            for mode, channels in (("grayscale", 1), ("rgb", 3), ("rgba", 4)):
                case[mode] = pixels(file, channels)
            yield case


SIZES = ((5, 9), (12, 4), (7, 7), (1, 3))


def resized():
    """A folder of images of different sizes, by every way to resize."""
    with tempfile.TemporaryDirectory() as folder:
        images = [noise(i, h, w).astype("uint8") for i, (h, w) in enumerate(SIZES)]
        path = pathlib.Path(folder, "all")
        path.mkdir()
        for i, image in enumerate(images):
            Image.fromarray(image).save(path / f"{i}.png")
        for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
            for how in ("", "crop", "pad"):
                batches = keras.utils.image_dataset_from_directory(
                    folder,
                    labels=None,
                    color_mode="grayscale",
                    image_size=(6, 8),
                    interpolation=interpolation,
                    shuffle=False,
                    crop_to_aspect_ratio=how == "crop",
                    pad_to_aspect_ratio=how == "pad",
                    verbose=False,
                )
                values = [np.asarray(image, "float32") for image in next(iter(batches))]
                yield {
                    "interpolation": interpolation,
                    "how": how,
                    "values": numbers(np.round(np.stack(values).astype("float64"), 4)),
                }


def orders():
    for seed in (0, 1, 7, 123456, 2**32 - 1):
        for count in (1, 2, 3, 16, 17, 40):
            order = list(range(count))
            np.random.RandomState(seed).shuffle(order)
            yield {"seed": seed, "order": order}


def cases():
    images = [noise(i, h, w).astype("uint8") for i, (h, w) in enumerate(SIZES)]
    return {
        "images": [{"size": list(i.shape), "bytes": i.tobytes().hex()} for i in images],
        "resized": list(resized()),
        "orders": list(orders()),
        "cases": list(files()),
    }


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent.parent / "images.json"
    write(path, cases(), backend=tf)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KB")
