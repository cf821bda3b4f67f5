# What the scripts share: weft_interchange as functions, and a check that stops.
import json
import subprocess
import sys

import numpy as np

PROGRAM = sys.argv[1]


def check(holds, what):
    if not holds:
        sys.exit("interchange: " + what)


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


def show(file_format, path):
    """{name: numpy array of the file's type, list of strings, or None} as weft reads the file."""
    result = run("show", file_format, path)
    check(result.returncode == 0, result.stderr)
    tensors = {}
    for name, tensor in json.loads(result.stdout).items():
        if tensor["type"] == "string":
            tensors[name] = [bytes.fromhex(text).decode(errors="surrogateescape") for text in tensor["values"]]
            continue
        if tensor["type"] == "other":
            tensors[name] = None
            continue
        # NumPy has no bfloat16: its bits.
        number = {"bfloat16": "uint16", "boolean": "bool"}.get(tensor["type"], tensor["type"])
        tensors[name] = np.frombuffer(bytes.fromhex(tensor["values"]), dtype=number).reshape(tensor["shape"])
    return tensors


def copy(from_format, from_path, to_format, to_path):
    result = run("copy", from_format, from_path, to_format, to_path)
    check(result.returncode == 0, result.stderr)
