# needs: numpy keras>=3 h5py jax safetensors
# Keras 3 loads what weft writes, in both layouts, and weft reads what Keras 3 writes.
import os
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
import keras  # noqa: E402
import numpy as np  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

from support import check, copy, show  # noqa: E402


def model(seed):
    keras.utils.set_random_seed(seed)
    keras.utils.clear_session()
    watched = keras.Input([4], dtype="int32", name="watched")
    x = keras.layers.Embedding(7, 3, name="b_table")(watched)
    x = keras.layers.Dense(5, name="c_dense")(keras.layers.Flatten(name="c_flat")(x))
    x = keras.layers.BatchNormalization(name="d_norm")(x)
    made = keras.Model(watched, keras.layers.Dense(2, name="e_logits")(x))
    made.compile("adam", "mse")
    ids = np.arange(24).reshape(6, 4) % 7
    made.fit(ids, np.ones([6, 2], np.float32), epochs=2, batch_size=3, verbose=0)
    return made, made.predict(ids, verbose=0), ids


def check_loads(path, what, **arguments):
    other, _, ids = model(2)
    other.load_weights(path, **arguments)
    check(np.array_equal(other.predict(ids, verbose=0), predictions), f"{what}: other predictions")


trained, predictions, _ = model(1)
with tempfile.TemporaryDirectory() as directory:
    newer, ours = f"{directory}/theirs.weights.h5", f"{directory}/ours.weights.h5"
    trained.save_weights(newer)
    copy("keras", newer, "keras", ours)
    check_loads(ours, "newer layout")
    read = show("keras", newer)
    for name, weight in [("embedding/vars/0", trained.weights[0]), ("dense_1/vars/0", trained.weights[7])]:
        check(np.array_equal(read["layers/" + name], weight.numpy()), f"weft reads another '{name}'")

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
