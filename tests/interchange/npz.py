# needs: numpy
# NumPy's files in both directions: every type and order, compressed or not.
import tempfile

import numpy as np

from support import check, copy, show

kinds = "float16 float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool".split()
cube = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
arrays = {kind: np.array([[1, 0, 3], [4, 5, 100]]).astype(kind) for kind in kinds}
arrays |= {
    "scalar": np.array(2.5, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    "a/b \u00e9": cube,
    "fortran": np.asfortranarray(cube),
    "big_endian": cube.astype(">f4"),
}


def compare(what, read):
    check(set(read) == set(arrays), f"{what} reads other names")
    for name, expected in arrays.items():
        check(expected.shape == read[name].shape, f"{what}: shape of '{name}'")
        check(np.array_equal(expected, read[name]), f"{what}: numbers of '{name}'")


with tempfile.TemporaryDirectory() as directory:
    theirs, ours = f"{directory}/theirs.npz", f"{directory}/ours.npz"
    for save in np.savez, np.savez_compressed:
        save(theirs, **arrays)
        compare("weft", show("npz", theirs))
        copy("npz", theirs, "npz", ours)
        compare("NumPy", np.load(ours))
    for version in (1, 0), (2, 0), (3, 0):
        with open(f"{directory}/one.npy", "wb") as file:
            np.lib.format.write_array(file, cube, version)
        check(np.array_equal(show("npy", f"{directory}/one.npy")["array"], cube), f"version {version}")
