"""Files as NumPy writes them, in hexadecimal, and what it reads from them."""

import io

import ml_dtypes
import numpy as np
from numpy.lib import format as npy

from .common import numbers

ARRAYS = {
    "float32": np.array([[1.5, -0.25, 3], [np.inf, -np.inf, 1e-42]], "<f4"),
    "float64": np.array([0.1, -1e300], "<f8"),
    "scalar": np.array(2.5, "<f4"),
    "empty": np.zeros((3, 0, 2), "<i4"),
    "bool": np.array([[True], [False]]),
    "uint8": np.array([0, 127, 255], "u1"),
    "int8": np.array([-128, -1, 127], "i1"),
    "int16": np.array([-32768, 258, 32767], "<i2"),
    "uint16": np.array([0, 258, 65535], "<u2"),
    "int32": np.array([-(2**31), 16909060, 2**31 - 1], "<i4"),
    "uint32": np.array([0, 16909060, 2**32 - 1], "<u4"),
    "int64": np.array([-(2**63), 2**53 + 1, 2**63 - 1], "<i8"),
    "uint64": np.array([0, 2**53 + 1, 2**63 - 1], "<u8"),
    "float16": np.array(
        [0, -0.0, 1, -2, 65504, 6.1e-5, 6e-8, -5.9e-7, 0.333, np.inf, -np.inf], "<f2"
    ),
    "S": np.array([[b"a", b"", b"xyz"]], "S3"),
    "U": np.array(["", "f\u00fcr", "\u20ac", "\U0001f600!", "abcd"]),
    "no strings": np.array([], "<U1"),
    "bfloat16": np.array([1.5, -3, 0], ml_dtypes.bfloat16),
    "seven axes": np.arange(24, dtype="<i4").reshape(1, 2, 1, 3, 1, 4, 1),
    "a long axis": np.zeros(130, "u1"),
}
BOTH_ORDERS = (
    "float32", "float64", "int16", "uint16", "int32", "int64", "uint64", "float16", "U",
)  # fmt: skip
WIDENED = {
    "int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64",
    "float16": "float32", "bytes24": "string",
}  # fmt: skip


def file(array, version=None):
    out = io.BytesIO()
    npy.write_array(out, array, version=version, allow_pickle=False)
    return out.getvalue()


def case(name, array, data):
    dtype = array.dtype.name
    dtype = "string" if array.dtype.kind in "SU" else WIDENED.get(dtype, dtype)
    texts = dtype == "string"
    values = array.reshape(-1).tolist()
    if texts:
        values = [v.decode() if isinstance(v, bytes) else v for v in values]
    elif array.dtype.kind in "iu":
        values = [str(v) for v in values]
    else:
        values = numbers(array)
    return {
        "name": name,
        "file": data.hex(),
        "dtype": dtype,
        "shape": list(array.shape),
        "values": values,
        # Does NumPy write this array just so?
        "written": array.dtype.name in (dtype, f"str{8 * array.dtype.itemsize}")
        and b"'>" not in data
        and data[6] == 1
        and b"'fortran_order': False" in data
        and dtype != "bfloat16",
    }


def other_spelling():
    """A header as others write it: double quotes, no spaces, Python 2's long integers."""
    header = b'{"shape":(2L,),"fortran_order":False,"descr":"<i4"}\n'
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    return data + np.array([7, -8], "<i4").tobytes()


def archive(save):
    out = io.BytesIO()
    save(out, x_train=np.arange(6, dtype="u1").reshape(2, 3), y=np.array([1.5, 2], "<f4"))
    return out.getvalue().hex()


def cases():
    all_cases = []

    def add(name, array, data):
        all_cases.append(case(name, array, data))

    for name, array in ARRAYS.items():
        add(name, array, file(array))
    for name in BOTH_ORDERS:
        array = ARRAYS[name]
        add(f"{name}, big-endian", array, file(array.astype(array.dtype.newbyteorder(">"))))
    for version in ((2, 0), (3, 0)):
        add(f"version {version[0]}", ARRAYS["float32"], file(ARRAYS["float32"], version))
    cube = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    words = np.array([["a", "b"], ["c", "d"], ["e", "f"]])
    for name, array in (("cube", cube), ("float32", ARRAYS["float32"]), ("words", words)):
        add(f"{name}, Fortran order", array, file(np.asfortranarray(array)))
    add("another spelling", np.array([7, -8], "<i4"), other_spelling())
    all_cases[-1]["written"] = False
    return {
        "archives": {"stored": archive(np.savez), "deflated": archive(np.savez_compressed)},
        "refused": {
            "structured": file(np.zeros(1, [("a", "<f4"), ("b", "<i2")])).hex(),
            "complex": file(np.zeros(1, "<c8")).hex(),
            "date": file(np.zeros(1, "<M8[D]")).hex(),
            "long double": file(np.zeros(1, "<f16")).hex(),
            "uint64": file(np.array([2**63], "<u8")).hex(),
            "not Unicode": (file(np.array(["a"]))[:-4] + b"\x00\xd8\x00\x00").hex(),
        },
        "cases": all_cases,
    }
