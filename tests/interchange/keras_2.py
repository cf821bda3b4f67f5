# needs: tensorflow-cpu==2.15.1 numpy<2
# tf.keras of TensorFlow 2.15 (Keras 2) loads what weft writes, in both layouts; weft reads its weights, whole models and
# SavedModels.
import os
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from support import check, copy, show

keras = tf.keras


def model(seed):
    """Two inputs read one table; trained for its optimizer's slots and the moving averages. Layers with weights are
    in the order of their names, which is that of weft's files."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    watched, shown = (keras.Input([4], dtype="int32", name=name) for name in ("watched", "shown"))
    table = keras.layers.Embedding(7, 3, name="a_table")
    x = keras.layers.Concatenate(name="both")([keras.layers.Flatten()(table(column)) for column in (watched, shown)])
    x = keras.layers.BatchNormalization(name="c_norm")(keras.layers.Dense(5, activation="relu", name="b_hidden")(x))
    made = keras.Model([watched, shown], keras.layers.Dense(1, name="d_logits")(x))
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
    check_loads(f"{directory}/ours.h5", "older layout by order")
    trained.save_weights(newer)
    copy("keras", newer, "keras", f"{directory}/ours.weights.h5")
    check_loads(f"{directory}/ours.weights.h5", "newer layout")
    trained.save(f"{directory}/theirs.keras")
    for file_format, path in [("keras", newer), ("keras_archive", f"{directory}/theirs.keras")]:
        read = show(file_format, path)
        for place, name in [("embedding", "a_table"), ("dense", "b_hidden"), ("batch_normalization", "c_norm"),
                            ("dense_1", "d_logits")]:
            for i, weight in enumerate(trained.get_layer(name).weights):
                got = [value for key, value in read.items() if key.endswith(f"/{place}/vars/{i}")]
                same = len(got) == 1 and np.array_equal(got[0], weight.numpy())
                check(same, f"{path}: weft reads another '{weight.name}': {sorted(read)}")

    trained.save(f"{directory}/saved")
    read = show("tensorflow", f"{directory}/saved")
    end = "/.ATTRIBUTES/VARIABLE_VALUE"
    for i, name in enumerate(["a_table", "b_hidden", "c_norm", "d_logits"]):
        for weight in trained.get_layer(name).weights:
            got = read[f"layer_with_weights-{i}/{weight.name.split('/')[-1].split(':')[0]}{end}"]
            check(np.array_equal(got, weight.numpy()), f"SavedModel: weft reads another '{weight.name}'")
    slots = [value for key, value in read.items() if "/.OPTIMIZER_SLOT/" in key]
    check(len(slots) == len(trained.trainable_weights), f"SavedModel: {sorted(read)}")
