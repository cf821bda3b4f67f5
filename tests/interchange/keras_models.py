# needs: numpy keras>=3 h5py jax safetensors ml_dtypes
# Keras 3 loads what weft writes, in both layouts, and weft reads what Keras 3 writes: whole models, weights, bfloat16,
# booleans, int8.
# With "--data DIRECTORY" the files that ctest reads are made: tests/interchange/data/keras.
import os
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
import keras  # noqa: E402
import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402


def build(seed, dtype="float32"):
    keras.utils.set_random_seed(seed)
    keras.utils.clear_session()
    watched = keras.Input([4], dtype="int32", name="watched")
    x = keras.layers.Embedding(7, 3, name="b_table", dtype=dtype)(watched)
    x = keras.layers.Dense(5, name="c_dense", dtype=dtype)(keras.layers.Flatten(name="c_flat")(x))
    x = keras.layers.BatchNormalization(name="d_norm", dtype=dtype)(x)
    made = keras.Model(watched, keras.layers.Dense(2, name="e_logits", dtype=dtype)(x))
    made.compile("adam", "mse")
    return made


def numbered(dtype="float32"):
    """Number k of variable i is i + (k % 4) / 4, of the model and then of its optimizer; which bfloat16 holds too."""
    made = build(1, dtype)
    made.optimizer.build(made.trainable_variables)
    slots = [variable for variable in made.optimizer.variables if variable.name not in ("iteration", "learning_rate")]
    for i, variable in enumerate(made.weights + slots):
        variable.assign((i + np.arange(np.prod(variable.shape)) % 4 / 4).reshape(variable.shape))
    made.optimizer.iterations.assign(12)
    return made


def files(directory):
    os.makedirs(directory, exist_ok=True)
    numbered().save(f"{directory}/model.keras")
    numbered().save_weights(f"{directory}/model.weights.h5")
    numbered("bfloat16").save_weights(f"{directory}/bfloat16.weights.h5")


if sys.argv[1] == "--data":
    files(sys.argv[2])
    sys.exit()

from safetensors.numpy import save_file  # noqa: E402

from support import check, copy, show  # noqa: E402  (takes the program's path from the arguments)


def model(seed):
    made = build(seed)
    ids = np.arange(24).reshape(6, 4) % 7
    made.fit(ids, np.ones([6, 2], np.float32), epochs=2, batch_size=3, verbose=0)
    return made, made.predict(ids, verbose=0), ids


def check_loads(path, what, **arguments):
    other, _, ids = model(2)
    other.load_weights(path, **arguments)
    check(np.array_equal(other.predict(ids, verbose=0), predictions), f"{what}: other predictions")


def check_reads(path, made, what):
    """Every variable is there under the path of its layer, with its numbers."""
    read = show("keras_archive" if path.endswith(".keras") else "keras", path)
    numbers = [name for name in read if "/vars/" in name and not name.startswith("optimizer")]
    check(len(numbers) == len(made.weights), f"{what}: weft lists {sorted(read)}")
    place = {"b_table": "embedding", "c_dense": "dense", "d_norm": "batch_normalization", "e_logits": "dense_1"}
    for layer in made.layers:
        for i, weight in enumerate(layer.weights):
            got, want = read[f"layers/{place[layer.name]}/vars/{i}"], weight.numpy()
            if want.dtype == ml_dtypes.bfloat16:
                want = want.view(np.uint16)
            check(got.dtype == want.dtype and np.array_equal(got, want), f"{what}: '{layer.name}/{weight.name}'")
    for i, variable in enumerate(made.optimizer.variables):
        want = variable.numpy()
        if want.dtype == ml_dtypes.bfloat16:
            want = want.view(np.uint16)
        got = read[f"optimizer/vars/{i}"]
        check(np.array_equal(got.reshape(-1).astype(want.dtype), want.reshape(-1)), f"{what}: '{variable.path}'")


class Flagged(keras.layers.Layer):
    def build(self, shape):
        self.add_weight(name="flags", shape=(3,), dtype="bool", initializer="zeros", trainable=False)

    def call(self, x):
        return x


def check_small_types(directory):
    """Variables of types that HDF5 or NumPy have under other names."""
    path = f"{directory}/small.weights.h5"
    flagged = keras.Sequential([keras.Input([4]), Flagged(name="flagged")])
    flagged.weights[0].assign(np.array([True, False, True]))
    flagged.save_weights(path)
    got = show("keras", path)
    check([value.tolist() for value in got.values()] == [[1, 0, 1]], f"booleans: {got}")
    copy("keras", path, "keras", f"{directory}/ours_small.weights.h5")
    flagged.weights[0].assign(np.zeros(3, bool))
    flagged.load_weights(f"{directory}/ours_small.weights.h5")
    check(flagged.weights[0].numpy().tolist() == [True, False, True], "booleans: Keras reads others")
    whole = keras.Sequential([keras.Input([4]), keras.layers.Dense(3, name="d")])
    whole.quantize("int8")
    whole.save_weights(path)
    got = show("keras", path)
    weights = {weight.name: weight.numpy() for weight in whole.weights}
    for i, name in enumerate(["kernel", "bias", "kernel_scale"]):
        check(np.array_equal(got[f"layers/dense/vars/{i}"], weights[name]), f"int8: '{name}' of {list(weights)}")


trained, predictions, _ = model(1)
with tempfile.TemporaryDirectory() as directory:
    newer, ours = f"{directory}/theirs.weights.h5", f"{directory}/ours.weights.h5"
    trained.save_weights(newer)
    copy("keras", newer, "keras", ours)
    check_loads(ours, "newer layout")
    check_reads(newer, trained, "weights")
    trained.save(f"{directory}/theirs.keras")
    check_reads(f"{directory}/theirs.keras", trained, "whole model")
    half = numbered("bfloat16")
    half.save_weights(f"{directory}/half.weights.h5")
    check_reads(f"{directory}/half.weights.h5", half, "bfloat16")
    half.save(f"{directory}/half.keras")
    check_reads(f"{directory}/half.keras", half, "whole model of bfloat16")
    copy("keras", f"{directory}/half.weights.h5", "keras", f"{directory}/ours_half.weights.h5")
    other = build(2, "bfloat16")
    other.load_weights(f"{directory}/ours_half.weights.h5")
    for got, want in zip(other.weights, half.weights):
        same = got.dtype == want.dtype and np.array_equal(got.numpy(), want.numpy())
        check(same, f"bfloat16: Keras reads another '{want.path}'")
    check_small_types(directory)

    whole, older = f"{directory}/theirs.h5", f"{directory}/older.h5"
    trained.save(whole)
    read = show("keras", whole)
    for layer in trained.layers:
        for weight in layer.weights:
            named = [value for key, value in read.items() if key.endswith(f"{layer.name}/{weight.name}")]
            check(len(named) == 1 and np.array_equal(named[0], weight.numpy()), f"'{layer.name}/{weight.name}'")

    # Weights alone, under plain names, as another program would give them.
    plain = {f"{layer.name}/{weight.name}": weight.numpy() for layer in trained.layers for weight in layer.weights}
    save_file(plain, f"{directory}/plain.safetensors")
    copy("safetensors", f"{directory}/plain.safetensors", "keras", older)
    check_loads(older, "older layout by name", by_name=True)
    check_loads(older, "older layout by order")
