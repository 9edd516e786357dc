"""Writes the golden files of this folder: what Keras computes, to hold keratin's tests against.

    python3 -m venv venv
    venv/bin/pip install keras==3.15.1 "jax[cpu]==0.10.2" numpy==2.4.6
    venv/bin/python tests/golden/make.py                    # all of them
    venv/bin/python tests/golden/make.py losses layers      # some

makers/image_layers.py, images.py, datasets.py and preprocessing.py need TensorFlow instead of JAX, csv.py pandas:
these are started by themselves.

Each file is {"made_with": versions, "cases": ...}. Numbers are computed in float64 unless a case
says otherwise, from inputs with few decimals, so that both float32 and float64 results can be
compared with them. A tensor is {"shape", "values"}, its values row by row; NaN and infinities are
the strings "nan", "inf" and "-inf". Everything is seeded: the same versions write the same bytes
on the same kind of machine.
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

# After the settings.
import keras  # noqa: E402
from keras.src.backend.common import dtypes  # noqa: E402
from makers import activations, callbacks, constraints, conv_layers, counts  # noqa: E402
from makers import initializers, layers, losses, masks  # noqa: E402
from makers import metrics, mixed_precision, npy, optimizers, other_losses, sequence_layers  # noqa: E402
from makers import summary, training  # noqa: E402
from makers.common import write  # noqa: E402

FILES = {
    "activations": activations,
    "callbacks": callbacks,
    "initializers": initializers,
    "losses": losses,
    "metrics": metrics,
    "npy": npy,
    "optimizers": optimizers,
    "layers": layers,
    "sequence_layers": sequence_layers,
    "masks": masks,
    "other_losses": other_losses,
    "constraints": constraints,
    "conv_layers": conv_layers,
    "counts": counts,
    "training": training,
    "summary": summary,
    "mixed_precision": mixed_precision,
}


def main():
    wanted = sys.argv[1:] or list(FILES)
    unknown = [name for name in wanted if name not in FILES]
    if unknown:
        sys.exit(
            f"make.py: no such golden file: {', '.join(unknown)}; there are {', '.join(FILES)}"
        )
    keras.config.set_floatx("float64")
    # On JAX some operations would fall back to float32.
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    folder = pathlib.Path(__file__).parent
    for name in wanted:
        path = folder / f"{name}.json"
        write(path, FILES[name].cases())
        print(f"{path}: {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
