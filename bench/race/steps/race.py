"""Whole training steps of keratin, PyTorch and Keras on the same batches and weights, in turns.

    bench/race/steps/with_peers bench/race/steps/race.py build/release/bench/race_steps

Every run is a process of its own: step (the median of some seconds, the lowest of the rounds), time
from the start of the process to the end of the first step, peak of memory. All must compute the
same losses. PyTorch runs with and without channels last, both with freed memory kept in the
process. --torch=PYTHON names another interpreter with another PyTorch (say /usr/bin/python3 with
Debian's python3-torch) that takes part too.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser()
parser.add_argument("program", help="keratin's side, race_steps")
parser.add_argument("--torch", action="append", default=[], metavar="PYTHON")
parser.add_argument("--only", default="", help="words that a task's name must have")
parser.add_argument("--peers", default="torch,keras")
parser.add_argument("--seconds", type=float, default=2.0)
parser.add_argument("--rounds", type=int, default=2)
parser.add_argument("--threads", default=f"1,{len(os.sched_getaffinity(0))}")
parser.add_argument("--markdown", metavar="FILE")
parser.add_argument("--revision", default="unknown")
options = parser.parse_args()

TASKS = [
    ("mnist_cnn", 32),
    ("mnist_cnn", 128),
    ("mlp", 128),
    ("seed_cnn", 64),
    ("text", 32),
    ("adam", 669706),
    ("adam", 10_000_000),
]
# Freed memory stays in the process: without it PyTorch's large tensors fault in anew every step.
REUSE = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
HEADS = ["task", "threads", "who", "step ms", "ratio", "first step ms", "peak MiB"]


def contenders(model):
    yield "keratin", [options.program], {}
    pythons = [(sys.executable, "PyTorch")] + [(p, f"PyTorch of {p}") for p in options.torch]
    for python, name in pythons if "torch" in options.peers else []:
        peers = ["torch", "torch-channels-last"] if "cnn" in model else ["torch"]
        for peer in peers:
            label = name + (", channels last" if peer != "torch" else "")
            yield label, [python, str(here / "peers.py"), peer], REUSE
    for backend in ("tensorflow", "jax", "torch") if "keras" in options.peers else ():
        if model != "adam":
            command = [sys.executable, str(here / "peers.py"), "keras"]
            yield f"Keras on {backend}", command, {"KERAS_BACKEND": backend} | REUSE


def run(name, command, more, model, batch, threads):
    environment = os.environ | more | {"KERATIN_THREADS": str(threads)}
    environment |= {"OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}
    arguments = [model, str(batch), str(options.seconds)]
    if name != "keratin":
        arguments.append(str(threads))
    if "jax" in name:  # has no setting of its own
        cores = sorted(os.sched_getaffinity(0))[:threads]
        command = ["taskset", "-c", ",".join(map(str, cores))] + command
    start = time.monotonic()
    done = subprocess.run(command + arguments, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} on {model} failed:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result["first"] = 1e3 * (result["first"] - start)
    return result


def merge(results):
    best = {key: min(r[key] for r in results) for key in ("ms", "first", "mib")}
    return best | {"losses": results[0]["losses"]}


def check(name, expected, given):
    """The losses of the first steps: what says that all train the same model."""
    for a, b in zip(expected, given):
        if not abs(a - b) <= 2e-3 * max(1, abs(a)):
            return f"{name}: losses {given}, keratin has {expected}"
    return ""


def line(cells):
    widths = [16, 7, 42, 9, 6, 13, 8]
    words = [f"{c:<{w}}" if i in (0, 2) else f"{c:>{w}}" for i, (c, w) in enumerate(zip(cells, widths))]
    return "  ".join(words).rstrip()


def machine():
    with open("/proc/cpuinfo") as file:
        names = [text.split(":")[1].strip() for text in file if text.startswith("model name")]
    return f"CPU {names[0]}, {len(names)} cores"


def versions():
    program = "import importlib.metadata as m; print(', '.join(p + ' ' + m.version(p) for p in "
    program += "('torch', 'keras', 'tensorflow-cpu', 'jax')))"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip()


def main():
    rows, lost, wrong = [], [], []
    print(f"{machine()}\npeers: {versions()}\n\n{line(HEADS)}")
    for threads in dict.fromkeys(int(t) for t in options.threads.split(",")):
        for model, batch in TASKS:
            task = f"{model} {batch}"
            if options.only not in task:
                continue
            field, results = list(contenders(model)), {}
            for _ in range(options.rounds):  # in turns
                for name, command, more in field:
                    one = run(name, command, more, model, batch, threads)
                    results.setdefault(name, []).append(one)
            results = {name: merge(list_) for name, list_ in results.items()}
            ours = results["keratin"]
            for name, theirs in results.items():
                if mistake := check(name, ours["losses"], theirs["losses"]):
                    wrong.append(f"{task}, {threads} threads: {mistake}")
                ratio = theirs["ms"] / ours["ms"]
                if ratio < 1:
                    lost.append(f"{task}, {threads} threads: {ratio:.2f} of {name}'s speed")
                cells = [task, str(threads), name, f"{theirs['ms']:.2f}", f"{ratio:.2f}"]
                rows.append(cells + [f"{theirs['first']:.0f}", f"{theirs['mib']:.0f}"])
                print(line(rows[-1]), flush=True)
    summary = [f"- keratin loses: {text}" for text in lost] or ["keratin loses no row."]
    summary += [f"- losses differ: {text}" for text in wrong]
    print("\n" + "\n".join(summary))
    if options.markdown:
        today = datetime.date.today()
        page = [f"# Race of training steps, {today}, revision {options.revision}", ""]
        page += [machine() + "  ", f"peers: {versions()}", ""] + summary + [""]
        page += ["| " + " | ".join(HEADS) + " |", "|---|---:|---|---:|---:|---:|---:|"]
        page += ["| " + " | ".join(cells) + " |" for cells in rows]
        pathlib.Path(options.markdown).write_text("\n".join(page) + "\n")
    sys.exit(1 if wrong else 0)


main()
