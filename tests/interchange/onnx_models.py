# needs: numpy onnx onnxruntime
# onnxruntime gives the numbers that weft gives, for small models of every kind of column, layer and head, fed either way.
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

from support import check

TOLERANCE = 2e-6


def array(values, number):
    return np.array(values, dtype=object).astype(np.float64).astype(number)


def same(values, theirs, what):
    check(values.shape == theirs.shape, f"{what} has shape {values.shape}")
    fine = np.isclose(values, theirs, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    check(fine.all(), f"{what} is {values}, expected {theirs}")


def run_bags(session, kind, bags):
    """All outputs for bags of ids; numeric inputs and weights are ones."""
    given = {}
    for i in session.get_inputs():
        if i.name.endswith("_offsets"):
            given[i.name] = np.cumsum([0, *map(len, bags)])
        elif kind == "offsets" and i.name in IDS:
            flat = [value for bag in bags for value in bag]
            given[i.name] = np.array(flat, np.int64) if i.type == "tensor(int64)" else np.ones(len(flat), np.float32)
        elif i.name in IDS:
            length = max(map(len, bags), default=0)
            padded = np.full((len(bags), length), -1)
            for row, bag in enumerate(bags):
                padded[row, : len(bag)] = bag
            given[i.name] = padded if i.type == "tensor(int64)" else np.ones(padded.shape, np.float32)
        else:
            given[i.name] = np.ones((len(bags), i.shape[1]), np.float32)
    return session.run(None, given)


IDS = ("a", "b", "c", "v", "w")
NUMBERS = {"tensor(int64)": np.int64, "tensor(float)": np.float32}
random = np.random.default_rng(7)
LENGTHS = [[0, 0, 0], [], [0], [1], [1] * 50, random.integers(0, 9, 200), [2000, 0, 3, 0, 0, 1, 500], [0] * 100 + [64]]

with tempfile.TemporaryDirectory() as directory:
    program = os.path.join(os.path.dirname(sys.argv[1]), "weft_onnx")
    check(subprocess.run([program, directory]).returncode == 0, "weft_onnx failed")
    names = sorted(name[:-5] for name in os.listdir(directory) if name.endswith(".json"))
    check(len(names) > 15, "too few models")
    for name in names:
        with open(os.path.join(directory, name + ".json")) as file:
            expected = json.load(file)
        sessions = {}
        for kind in ("padded", "offsets"):
            path = os.path.join(directory, f"{name}.{kind}.onnx")
            onnx.checker.check_model(path, full_check=True)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            sessions[kind] = session
            outputs = [output.name for output in session.get_outputs()]
            for batch, (inputs, theirs) in enumerate(zip(expected[kind], expected["outputs"], strict=True)):
                given = {i.name: array(inputs[i.name], NUMBERS[i.type]) for i in session.get_inputs()}
                check(set(outputs) == set(theirs), f"{name}: outputs {outputs}")
                for output, values in zip(outputs, session.run(outputs, given)):
                    same(values, array(theirs[output], np.float32), f"{name}, {kind}, batch {batch}: {output}")
        # Both ways of feeding say the same of bags of many lengths, and of none.
        for lengths in LENGTHS:
            bags = [random.integers(-1, 5, length) for length in lengths]
            ours, theirs = (run_bags(session, kind, bags) for kind, session in sessions.items())
            for a, b in zip(ours, theirs):
                same(a, b, f"{name}, {len(bags)} bags")
