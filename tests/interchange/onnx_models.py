# needs: numpy onnx onnxruntime
# onnxruntime gives the numbers that weft gives, for small models of every kind of column, layer and head.
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


with tempfile.TemporaryDirectory() as directory:
    program = os.path.join(os.path.dirname(sys.argv[1]), "weft_onnx")
    check(subprocess.run([program, directory]).returncode == 0, "weft_onnx failed")
    names = sorted(name[:-5] for name in os.listdir(directory) if name.endswith(".onnx"))
    check(len(names) > 15, "too few models")
    for name in names:
        path = os.path.join(directory, name + ".onnx")
        onnx.checker.check_model(path, full_check=True)
        with open(path[:-5] + ".json") as file:
            expected = json.load(file)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        numbers = {"tensor(int64)": np.int64, "tensor(float)": np.float32}
        given = {i.name: array(expected["inputs"][i.name], numbers[i.type]) for i in session.get_inputs()}
        outputs = [output.name for output in session.get_outputs()]
        check(set(outputs) == set(expected["outputs"]), f"{name}: outputs {outputs}")
        for output, values in zip(outputs, session.run(outputs, given)):
            theirs = array(expected["outputs"][output], np.float32)
            check(values.shape == theirs.shape, f"{name}: {output} has shape {values.shape}")
            far = np.abs(values - theirs) > TOLERANCE * (1 + np.abs(theirs))
            check(not far.any(), f"{name}: {output} is {values}, expected {theirs}")
        # Bags of no room at all, in a batch of one.
        bags = {i.name: given[i.name] for i in session.get_inputs() if given[i.name].shape[1] == 5}
        if bags and len(bags) == len(given):
            empty = {key: np.zeros((1, 0), value.dtype) for key, value in bags.items()}
            padded = {key: np.full((1, 2), -1, value.dtype) for key, value in bags.items()}
            for a, b in zip(session.run(None, empty), session.run(None, padded)):
                check(np.array_equal(a, b), f"{name}: an empty bag is not what padding gives")
