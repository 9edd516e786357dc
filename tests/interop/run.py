"""keratin's files against real Keras, both ways: what is built in Keras is loaded by keratin, gives the
same numbers, trains on the same way, is saved by keratin and loaded by Keras; and what is built in keratin
opens here.

    python3 tests/interop/run.py PROGRAM FOLDER      PROGRAM is built from interop.cpp
    KERAS_BACKEND=tensorflow python3 ...             layers that take strings, which need TensorFlow

Run by `make test-interop`, which makes an environment with what requirements.txt names.
"""

import io
import os
import pathlib
import shutil
import subprocess
import sys
import warnings
import zipfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# After the settings.
import h5py  # noqa: E402
import keras  # noqa: E402
import models  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

ONNX_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}
STEPS = 10
GRAPHS = 50
LEGACY = ("graph_", "app_", "trained_")  # models that are written in the older form too


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


def one_or_all(values):
    if any(v.dtype.kind == "U" for v in values):  # arrays of strings are not for training
        values = [keras.ops.convert_to_tensor(v) for v in values]
    return values[0] if len(values) == 1 else values


def predicted(model, inputs):
    with warnings.catch_warnings():  # one tensor for a list of one input
        warnings.simplefilter("ignore")
        return [np.asarray(y) for y in as_list(model(one_or_all(inputs), training=False))]


def steps(model, inputs, targets):
    losses = []
    for _ in range(STEPS):
        losses.append(model.train_on_batch(one_or_all(inputs), one_or_all(targets), return_dict=True))
    return np.array([float(step["loss"]) for step in losses])


def bytes_of(texts):
    """Strings as bytes with zeros after them, as safetensors has no strings."""
    texts = np.char.encode(texts, "utf-8")
    return texts.view("uint8").reshape(*texts.shape, -1)


def texts_of(array):
    texts = np.ascontiguousarray(array).view(f"S{array.shape[-1]}").reshape(array.shape[:-1])
    return np.char.decode(texts, "utf-8")


def write(folder, name, model, inputs, targets=()):
    tensors = {
        f"text{i}" if x.dtype.kind == "U" else f"x{i}": bytes_of(x) if x.dtype.kind == "U" else x
        for i, x in enumerate(inputs)
    }
    tensors |= {f"y{i}": y for i, y in enumerate(predicted(model, inputs))}
    tensors |= {f"t{i}": t for i, t in enumerate(targets)}
    model.save(folder / f"{name}.keras")
    if name.startswith(LEGACY) and keras.backend.backend() == "jax":  # vocabularies are not in it
        model.save(folder / f"{name}.h5")  # the form from before .keras
        save_file(weights_of(folder / f"{name}.keras"), folder / f"{name}.weights.safetensors")
    if targets:
        tensors["losses"] = steps(model, inputs, targets)
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / f"{name}.safetensors")


class Tally:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def note(self, name, wrong):
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        if wrong:
            print(f"FAILED {name}: {wrong}", flush=True)


def difference(name, mine, theirs):
    """"" or what is wrong."""
    tolerance = {"app_": 1e-4, "mixe": 2e-2}.get(name[:4], 1e-5)
    if len(mine) != len(theirs):
        return f"{len(mine)} results, expected {len(theirs)}"
    for i, (a, b) in enumerate(zip(mine, theirs)):
        if a.shape != b.shape:
            return f"result {i} is {a.shape}, expected {b.shape}"
        largest = max(float(np.abs(b).max(initial=0)), 1e-3)
        worst = float(np.abs(a - b).max(initial=0))
        if not worst <= tolerance * largest:
            return f"result {i} differs by {worst:.2e}, largest is {largest:.2e}"
    return ""


def weights_of(path):
    """All weights in a .keras file by their paths, those of layers only."""
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: item[()]}) if hasattr(item, "dtype") else None)
    kept = {k: np.asarray(v) for k, v in found.items() if not k.startswith("optimizer/") and "seed_generator" not in k}
    return kept


def same_weights(path):
    """Holds NAME.back.safetensors against the weights that Keras wrote."""
    mine = load_file(path)
    theirs = weights_of(path.with_name(path.name.replace(".back.safetensors", ".keras")))
    if sorted(mine) != sorted(theirs):
        return f"names are {sorted(mine)}, expected {sorted(theirs)}"
    wrong = [name for name in mine if not np.array_equal(mine[name], theirs[name])]
    return f"{wrong} differ" if wrong else ""


def opens(path, tensors, trains=True):
    """Opens a file of keratin's in Keras: predictions, and ten more steps of training."""
    given = load_file(tensors)
    given = {k.replace("text", "x"): texts_of(t) if "text" in k else t for k, t in given.items()}
    pick = lambda kind: [given[f"{kind}{i}"] for i in range(9) if f"{kind}{i}" in given]  # noqa: E731
    name = path.name
    try:
        model = keras.saving.load_model(path)
        wrong = difference(name, predicted(model, pick("x")), pick("y"))
        if not trains:
            return wrong
        if not wrong and "losses" in given:
            last = steps(model, pick("x"), pick("t"))[-1]
            if not abs(last - given["losses"][-1]) <= 1e-4 * abs(given["losses"][-1]):
                wrong = f"after {STEPS} steps the loss is {last}, expected {given['losses'][-1]}"
            model.fit(one_or_all(pick("x")), one_or_all(pick("t")), verbose=0)
        elif not wrong and name.startswith("graph_"):  # trains on, whatever its structure
            model.compile("sgd", "mse", run_eagerly=True)
            model.fit(one_or_all(pick("x")), one_or_all(pick("y")), verbose=0)
        return wrong
    except Exception as error:  # whatever it is, it is a failure of this file
        return f"{type(error).__name__}: {error}"


def runs(path, tensors):
    """Runs an ONNX file of keratin's by onnxruntime: the checker's word, and predictions."""
    given = load_file(tensors)
    pick = lambda kind: [given[f"{kind}{i}"] for i in range(9) if f"{kind}{i}" in given]  # noqa: E731
    try:
        onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        inputs = {
            slot.name: x.astype(ONNX_TYPES[slot.type])
            for slot, x in zip(session.get_inputs(), pick("x"), strict=True)
        }
        return difference(path.name, session.run(None, inputs), pick("y"))
    except Exception as error:  # whatever it is, it is a failure of this file
        return f"{type(error).__name__}: {error}"


def keratin(program, command, folder, **settings):
    done = subprocess.run(
        [program, command, folder], env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
    )
    print(done.stdout, end="", flush=True)
    return done.returncode


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    built, written, reference = folder / "keras", folder / "keratin", folder / "reference"
    for made in (built, written, reference):
        made.mkdir(parents=True)
    texts = keras.backend.backend() == "tensorflow"
    if texts:
        plain, trained = models.by_learning_layer(), models.text_and_table()
    else:
        plain = [*models.by_layer(), *models.merges(), *models.activations(), *models.masked()]
        plain += [*models.graphs(GRAPHS), *models.applications(), *models.mixed()]
        trained = models.trained()
    for name, model, inputs in plain:
        write(built, name, model, inputs)
    for name, model, inputs, targets in trained:
        write(built, name, model, inputs, targets)

    print(f"Keras {keras.__version__} -> keratin", flush=True)
    failed = keratin(program, "check", built)
    if not texts:
        print("the same by the reference kernels of convolution", flush=True)
        failed |= keratin(program, "check", built, KERATIN_KERNEL="conv2d=reference")
    print("keratin -> Keras", flush=True)
    failed |= keratin(program, "write-texts" if texts else "write", written)
    if not texts:
        failed |= keratin(program, "write", reference, KERATIN_KERNEL="conv2d=reference")
    tally = Tally()
    for path in sorted(built.glob("*.back.keras")):
        tally.note(path.name, opens(path, built / path.name.replace(".back.keras", ".safetensors")))
    for path in sorted(written.glob("*.keras")):
        tally.note(path.name, opens(path, path.with_suffix(".safetensors")))
    for path in sorted(reference.glob("*.keras")):  # written by the reference kernels of convolution
        tally.note(path.name, opens(path, path.with_suffix(".safetensors"), trains=False))
    for path in sorted(built.glob("*.back.safetensors")):
        tally.note(path.name, same_weights(path))
    print("keratin -> ONNX", flush=True)
    exported = sorted(built.glob("*.onnx"))
    if not texts and not exported:
        tally.note("ONNX", "no file was written")
    for path in exported:
        tally.note(path.name, runs(path, path.with_suffix(".safetensors")))
    print(f"interop: {tally.passed} passed, {tally.failed} failed")
    sys.exit(failed or tally.failed > 0 or tally.passed == 0)


if __name__ == "__main__":
    main()
