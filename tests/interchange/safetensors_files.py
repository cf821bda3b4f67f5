# needs: numpy ml_dtypes safetensors
# safetensors in both directions, every type of number. `--data DIR` makes the file in data/safetensors.
import sys
import tempfile

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file, save_file


def tensors():
    kinds = "float16 float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool".split()
    numbers = {kind: np.array([[1, 0, 3], [4, 5, 100]]).astype(kind) for kind in kinds}
    return {
        **numbers,
        "bfloat16": np.array([1.5, -2.25]).astype(ml_dtypes.bfloat16),
        "scalar": np.array(2.5, np.float32),
        "empty": np.zeros((0, 4), np.float32),
        "a/b.c \u00e9": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    }


if sys.argv[1] == "--data":
    save_file(tensors(), f"{sys.argv[2]}/numpy.safetensors", metadata={"format": "np"})
    sys.exit()

from support import check, copy, show  # noqa: E402  (takes the program's path from the arguments)

with tempfile.TemporaryDirectory() as directory:
    ours, theirs = f"{directory}/ours.safetensors", f"{directory}/theirs.safetensors"
    save_file(tensors(), theirs, metadata={"format": "np"})
    copy("safetensors", theirs, "safetensors", ours)
    for what, read in [("weft", show("safetensors", theirs)), ("safetensors", load_file(ours))]:
        check(set(read) == set(tensors()), f"{what} reads other names")
        for name, expected in tensors().items():
            check(expected.shape == read[name].shape, f"{what}: shape of '{name}'")
            check(expected.tobytes() == read[name].tobytes(), f"{what}: numbers of '{name}'")
