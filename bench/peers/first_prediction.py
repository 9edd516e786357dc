"""From the start of a process to the first prediction of a ResNet50 in a .keras file: `keratin predict`
against Python with Keras, in turns.

    python3 bench/peers/first_prediction.py build/release/tools/keratin --backend jax

Python loads the model and calls it on the image, nothing else; keratin prints a table beside. Both must
name the same class. Medians. Needs keras and one of its backends: jax, tensorflow, torch.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

MAKE = """
import sys, keras, numpy as np
keras.utils.set_random_seed(1)
model = keras.applications.ResNet50(weights=None)
rng = np.random.default_rng(2)
# Far enough from the first values that one class stands out.
model.layers[-1].set_weights([w * 40 for w in model.layers[-1].get_weights()])
model.save(sys.argv[1])
np.save(sys.argv[2], rng.normal(size=(1, 224, 224, 3)).astype("float32"))
"""
PREDICT = """
import sys, keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
print("class", int(np.argmax(np.asarray(model(np.load(sys.argv[2]), training=False)))))
"""

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--backend", default="jax")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--folder", help="where the model is made, or is from a run before")
options = parser.parse_args()
ENVIRONMENT = {
    **os.environ,
    "KERAS_BACKEND": options.backend,
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def timed(command):
    """Seconds, and the first class that it names."""
    start = time.perf_counter()
    done = subprocess.run(
        command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return time.perf_counter() - start, re.search(r"class (\d+)", done.stdout).group(1)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.folder or temporary)
        folder.mkdir(exist_ok=True)
        model, image = str(folder / "resnet50.keras"), str(folder / "image.npy")
        if not (os.path.exists(model) and os.path.exists(image)):
            subprocess.run([sys.executable, "-c", MAKE, model, image], env=ENVIRONMENT, check=True)
        theirs, ours = [], []
        for turn in range(options.rounds + 1):
            seconds, label = timed([sys.executable, "-c", PREDICT, model, image])
            mine, my_label = timed([options.program, "predict", model, image])
            if label != my_label:
                raise SystemExit(f"differ: class {my_label}, {options.backend} says {label}")
            if turn > 0:  # the first warms up the system's memory of files
                theirs.append(seconds)
                ours.append(mine)
        theirs, ours = statistics.median(theirs), statistics.median(ours)
        print(
            f"{options.backend}: {theirs:.2f} s, keratin {ours:.2f} s, ratio {theirs / ours:.1f}"
            f" ({os.path.getsize(model) / 1e6:.0f} MB, medians of {options.rounds})"
        )


if __name__ == "__main__":
    main()
