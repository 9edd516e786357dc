"""CSV files read into columns: keratin against pandas' default engine, in turns.

    python3 bench/peers/read_csv.py build/release/bench/peer_read_csv

Three files of random values: floating numbers of 16 digits; short ones and whole ones; numbers,
texts and missing values. Both must find the same columns, types and sums. Files are in the system's
memory. Both run on as many threads: pandas from 3.1 on reads large files on several, the versions
before on one. Needs numpy and pandas.
"""

import argparse
import math
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--rows", type=int, default=300_000)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
options = parser.parse_args()


def tables(rows):
    random = np.random.default_rng(0)
    words = np.array(["red", "green", "blue", "a longer text of words", "magenta, dark"])
    cities = np.array([f"city {i}" for i in range(1000)])
    height = np.round(random.normal(170, 10, rows), 1)
    yield "long numbers", {f"f{i}": random.normal(size=rows) for i in range(8)}
    yield "short numbers", {
        f"f{i}": np.round(random.normal(size=rows) * 100, 3) for i in range(8)
    } | {f"i{i}": random.integers(0, 10 ** (i + 1), rows) for i in range(6)}
    yield "mixed", {
        "id": np.arange(rows),
        "age": random.integers(1, 99, rows),
        "income": np.round(random.gamma(2, 20000, rows), 2),
        "colour": words[random.integers(0, 5, rows)],
        "city": cities[random.integers(0, 1000, rows)],
        "score": random.uniform(size=rows),
        "flag": random.integers(0, 2, rows),
        "height": np.where(random.uniform(size=rows) < 0.02, np.nan, height),
    }


def keratin_lines(file, passes, threads):
    environment = {**os.environ, "KERATIN_THREADS": str(threads)}
    command = [options.program, file, str(passes)]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return run.stdout.splitlines()


def pandas_seconds(file, threads):
    try:
        pd.set_option("mode.max_threads", threads)
    except KeyError:  # a version with one thread only
        pass
    start = time.perf_counter()
    pd.read_csv(file)
    return time.perf_counter() - start


def check_same(file):
    """The same names, types, rows, and sums of the numbers or of the texts' bytes."""
    table = pd.read_csv(file)
    for name, line in zip(table.columns, keratin_lines(file, 0, options.threads), strict=True):
        column = table[name]
        text = column.dtype.name in ("object", "str")
        total = column.str.encode("utf-8").str.len().sum() if text else column.sum()
        given = line.split("\t")
        wanted = [name, "string" if text else column.dtype.name, str(len(table))]
        if given[:3] != wanted or not math.isclose(float(given[3]), total, rel_tol=1e-9):
            raise SystemExit(f"differ: {given}, {wanted + [total]}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, columns in tables(options.rows):
            file = str(pathlib.Path(folder, "table.csv"))
            pd.DataFrame(columns).to_csv(file, index=False)
            check_same(file)
            megabytes = os.path.getsize(file) / 1e6
            threads = sorted({1, options.threads})
            print(f"{name}: {options.rows} rows, {megabytes:.0f} MB; pandas {pd.__version__}")
            for count in threads:
                theirs, ours = [], []
                for _ in range(options.rounds):
                    theirs.append(pandas_seconds(file, count))
                    ours.append(float(keratin_lines(file, 2, count)[-1]))  # the first warms up
                theirs, ours = statistics.median(theirs), statistics.median(ours)
                print(
                    f"  {count} thread{'s' if count > 1 else ' '}"
                    f"  pandas {megabytes / theirs:5.0f} MB/s, keratin {megabytes / ours:5.0f} MB/s"
                    f"  ratio {theirs / ours:5.2f}"
                )


if __name__ == "__main__":
    main()
