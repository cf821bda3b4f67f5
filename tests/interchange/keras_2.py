# needs: tensorflow-cpu==2.15.1 numpy<2
# tf.keras of TensorFlow 2.15 (Keras 2) loads what weft writes, in both layouts; weft reads its weights and whole models.
import os
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from support import check, copy, show

keras = tf.keras


def model(seed):
    """Two inputs read one table; trained for its optimizer's slots and the moving averages."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    watched, shown = (keras.Input([4], dtype="int32", name=name) for name in ("watched", "shown"))
    table = keras.layers.Embedding(7, 3, name="table")
    x = keras.layers.Concatenate(name="both")([keras.layers.Flatten()(table(column)) for column in (watched, shown)])
    x = keras.layers.BatchNormalization(name="norm")(keras.layers.Dense(5, activation="relu", name="hidden")(x))
    made = keras.Model([watched, shown], keras.layers.Dense(1, name="logits")(x))
    made.compile(keras.optimizers.legacy.Adagrad(0.1), "mse")
    return made


def predict(made):
    return made.predict([ids, ids[::-1]], verbose=0)


def check_loads(path, what, **arguments):
    other = model(2)
    other.load_weights(path, **arguments)
    check(np.array_equal(predict(other), predictions), f"{what}: other predictions")


ids = np.arange(24).reshape(6, 4) % 7
trained = model(1)
trained.fit([ids, ids[::-1]], np.ones([6, 1], np.float32), epochs=2, batch_size=3, verbose=0)
predictions = predict(trained)
with tempfile.TemporaryDirectory() as directory:
    older, newer, whole = (f"{directory}/theirs{ending}" for ending in (".h5", ".weights.h5", "_whole.h5"))
    trained.save_weights(older)
    trained.save(whole)
    for path in (older, whole):
        read = show("keras", path)
        for weight in trained.weights:
            check(np.array_equal(read[weight.name], weight.numpy()), f"{path}: weft reads another '{weight.name}'")
    slots = [name for name in read if name.startswith("Adagrad/") and name.endswith("accumulator:0")]
    check(len(slots) == len(trained.trainable_weights), f"weft finds these slots: {slots}")
    for variable in trained.optimizer.weights:
        check(np.array_equal(read[variable.name], variable.numpy()), f"weft reads another '{variable.name}'")

    copy("keras", older, "keras", f"{directory}/ours.h5")
    check_loads(f"{directory}/ours.h5", "older layout by name", by_name=True)
    trained.save_weights(newer)
    copy("keras", newer, "keras", f"{directory}/ours.weights.h5")
    check_loads(f"{directory}/ours.weights.h5", "newer layout")
    read = show("keras", newer)
    for name, weight in [("embedding/vars/0", trained.get_layer("table").weights[0]),
                         ("dense_1/vars/0", trained.get_layer("logits").weights[0])]:
        got = [value for key, value in read.items() if key.endswith(name)]
        check(len(got) == 1 and np.array_equal(got[0], weight.numpy()), f"weft reads another '{name}': {sorted(read)}")
