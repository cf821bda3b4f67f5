# needs: numpy h5py safetensors
# weft's own checkpoints, as docs/checkpoint_format.md describes them, with h5py: what weft writes is read and its check
# sums made anew, plain and compressed; what h5py writes by the description is read by weft, and damage in it is told.
import tempfile

import h5py
import numpy as np
from safetensors.numpy import save_file

from support import check, copy, run, show


def crc_table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return [int(value) for value in table]


TABLE = crc_table()


def crc32c(data):
    """RFC 3720's, a byte after the other."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def pieces(array, rows):
    whole = array.reshape(array.shape or (1,))
    return [whole[first:first + rows] for first in range(0, len(whole), rows)] if whole.size else []


def check_file(path, want, compressed):
    with h5py.File(path) as file:
        check(file.attrs["format"] in ("weft", b"weft") and file.attrs["version"][()].item() == 1, f"{path}: attributes")
        check(set(file) == {"arrays"}, f"{path}: it has {sorted(file)}")
        names = {name.replace("%", "%25").replace("|", "%7C").replace("/", "|"): name for name in want}
        check(set(file["arrays"]) == set(names), f"{path}: it has {sorted(file['arrays'])}")
        for object_name, name in names.items():
            dataset, value = file["arrays"][object_name], want[name]
            check(dataset.dtype == value.dtype and dataset.shape == value.shape, f"{name}: {dataset}")
            check(np.array_equal(dataset[()], value), f"{name}: other numbers")
            rows = dataset.attrs["crc32c_rows"].item()
            sums = [crc32c(piece.tobytes()) for piece in pieces(value, rows)]
            check(dataset.attrs["crc32c"].tolist() == sums, f"{name}: its check sums")
            # Scalars and arrays without rows are never compressed.
            expected = ("gzip", True) if compressed and value.shape and value.size else (None, False)
            check((dataset.compression, dataset.shuffle) == expected, f"{name}: {dataset.compression}")


def write_file(path, arrays):
    """By the description; check sums of pieces of two rows."""
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "weft"
        file.attrs["version"] = np.array([1], np.int64)
        for name, value in arrays.items():
            dataset = file.create_dataset("arrays/" + name.replace("/", "|"), data=value)
            dataset.attrs["crc32c_rows"] = np.array([2], np.int64)
            dataset.attrs["crc32c"] = np.array([crc32c(piece.tobytes()) for piece in pieces(value, 2)], np.int64)


check(crc32c(b"123456789") == 0xE3069283, "this script's own check sum")
draws = np.random.default_rng(3)
arrays = {
    "dnn/table": draws.normal(size=(9000, 40)).astype(np.float32),  # two pieces
    "dnn/logits/bias": np.array([0.5], np.float32),
    "dnn/logits/bias/t_0/Adagrad": np.array([0.1], np.float32),
    "beta1_power": np.array(0.9, np.float32),
    "nothing": np.zeros([0, 3], np.float32),
    "odd|name%": np.ones([2, 2, 2], np.float32),
    "global_step": np.array(200, np.int64),
    "weft/input_position": np.array([1, 2, -3], np.int64),
}
with tempfile.TemporaryDirectory() as directory:
    save_file(arrays, f"{directory}/arrays.safetensors")
    for kind in ("weft", "weft_compressed"):
        copy("safetensors", f"{directory}/arrays.safetensors", kind, f"{directory}/{kind}.h5")
        check_file(f"{directory}/{kind}.h5", arrays, kind == "weft_compressed")

        with h5py.File(f"{directory}/{kind}.h5", "r+") as file:
            file["arrays/dnn|table"][8999, 39] += 1  # of the second piece
        result = run("show", "weft", f"{directory}/{kind}.h5")
        check(result.returncode == 1 and "dnn/table" in result.stderr, f"{kind}, a changed number: {result.stderr}")

    theirs = f"{directory}/theirs.h5"
    written = {name: value for name, value in arrays.items() if "|" not in name and value.size < 1000}
    write_file(theirs, written)
    read = show("weft", theirs)
    check(set(read) == set(written), f"weft reads {sorted(read)}")
    for name, value in written.items():
        check(read[name].dtype == value.dtype and np.array_equal(read[name], value), f"weft reads another '{name}'")
    with h5py.File(theirs, "r+") as file:
        file["arrays/dnn|logits|bias"][0] = 0.25
    result = run("show", "weft", theirs)
    check(result.returncode == 1 and "dnn/logits/bias" in result.stderr, f"a changed number: {result.stderr}")
