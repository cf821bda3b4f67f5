# needs: tensorflow-cpu==2.15.1 numpy<2
# A trained tf.estimator goes to weft and comes back: both predict the same from its checkpoint, go on training with the
# same losses to the same numbers, and TensorFlow restores, warm-starts from and goes on with what weft wrote. With a
# directory as second argument the files of the DNNClassifier are kept there: tests/interchange/data/tf_estimator.
import json
import os
import shutil
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from support import PROGRAM, check

v1 = tf.compat.v1
v1.disable_eager_execution()
v1.logging.set_verbosity(v1.logging.ERROR)
columns = v1.feature_column

WORDS, EXAMPLES, BATCH, STEPS, MORE_STEPS = 20, 88, 16, 40, 12


def write_data(directory):
    """Lists of words, some unknown, some empty; clicks that depend on them; a last batch that is short."""
    draws = np.random.default_rng(11)
    words = [f"video_{i}" for i in range(WORDS)]
    with open(f"{directory}/words.txt", "w") as file:
        file.write("".join(word + "\n" for word in words))
    with tf.io.TFRecordWriter(f"{directory}/examples.tfrecord") as writer:
        for _ in range(EXAMPLES):
            lists = {key: [words[i] if i < WORDS else "unknown" for i in draws.integers(0, WORDS + 2, draws.integers(0, 4))]
                     for key in ("watched", "shown")}
            age = float(draws.normal())
            liked = sum(word.endswith(("1", "3", "7")) for word in lists["watched"] + lists["shown"]) + age
            feature = {key: tf.train.Feature(bytes_list=tf.train.BytesList(value=[w.encode() for w in value]))
                       for key, value in lists.items()}
            feature["age"] = tf.train.Feature(float_list=tf.train.FloatList(value=[age]))
            feature["clicked"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(liked + draws.normal() > 1)]))
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def input_fn(directory, repeat=None):
    spec = {"watched": tf.io.VarLenFeature(tf.string), "shown": tf.io.VarLenFeature(tf.string),
            "age": tf.io.FixedLenFeature([1], tf.float32), "clicked": tf.io.FixedLenFeature([1], tf.int64)}

    def parse(examples):
        features = tf.io.parse_example(examples, spec)
        return features, features.pop("clicked")

    return lambda: tf.data.TFRecordDataset(f"{directory}/examples.tfrecord").batch(BATCH).repeat(repeat).map(parse)


def make(kind, directory, model_dir, **arguments):
    watched, shown = (columns.categorical_column_with_vocabulary_file(key, f"{directory}/words.txt")
                      for key in ("watched", "shown"))
    deep = columns.shared_embedding_columns([watched, shown], 3) + [columns.numeric_column("age")]
    config = tf.estimator.RunConfig(model_dir=model_dir, tf_random_seed=7)
    if kind == "dnn":
        return v1.estimator.DNNClassifier([6, 4], deep, config=config, **{"optimizer": "Adagrad", **arguments})
    wide = [watched, columns.crossed_column(["watched", "shown"], 30)]
    return v1.estimator.DNNLinearCombinedClassifier(
        linear_feature_columns=wide, dnn_feature_columns=deep, dnn_hidden_units=[6, 4],
        dnn_optimizer=v1.train.AdagradOptimizer(0.05), config=config)


class Losses(v1.train.SessionRunHook):
    def __init__(self):
        self.values = []

    def before_run(self, context):
        return v1.train.SessionRunArgs(v1.get_collection(v1.GraphKeys.LOSSES)[0])

    def after_run(self, context, values):
        self.values.append(float(values.results))


def train(estimator, directory, steps):
    losses = Losses()
    estimator.train(input_fn(directory), steps=steps, hooks=[losses])
    return losses.values


def predict(estimator, directory):
    return [float(p["logistic"][0]) for p in estimator.predict(input_fn(directory, 1))]


def contents(prefix):
    reader = tf.train.load_checkpoint(prefix)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def close(got, want, what, rtol=1e-4, atol=1e-5):
    got, want = np.asarray(got), np.asarray(want)
    check(got.shape == want.shape and np.allclose(got, want, rtol, atol), f"{what}: got {got}, expected {want}")


def there_and_back(kind, directory):
    first = make(kind, directory, f"{directory}/{kind}")
    train(first, directory, STEPS)
    trained = f"{directory}/trained_{kind}"
    shutil.copytree(first.model_dir, trained)
    predictions = predict(first, directory)
    out = f"{directory}/weft_{kind}"
    os.mkdir(out)
    prefix = f"{out}/model.ckpt-{STEPS + MORE_STEPS}"
    program = os.path.join(os.path.dirname(PROGRAM), "weft_estimator")
    result = subprocess.run([program, kind, directory, trained, str(MORE_STEPS), prefix], capture_output=True, text=True)
    check(result.returncode == 0, result.stderr)
    weft = json.loads(result.stdout)

    check(weft["complete"], f"{kind}: weft does not take the whole checkpoint:\n" + weft["report"])
    check(weft["global_step"] == STEPS, f"{kind}: global step {weft['global_step']}")
    close(weft["predictions"], predictions, f"{kind}: weft's predictions")
    losses = train(first, directory, MORE_STEPS)
    close(weft["losses"], losses, f"{kind}: weft's losses as it goes on")
    later = predict(first, directory)
    close(weft["later_predictions"], later, f"{kind}: weft's predictions after that")

    got, want = contents(prefix), contents(first.latest_checkpoint())
    check(sorted(got) == sorted(want), f"{kind}: weft writes {sorted(got)}, TensorFlow {sorted(want)}")
    for name, value in want.items():
        check(got[name].dtype == value.dtype, f"{kind}: {name} is {got[name].dtype}")
        close(got[name], value, f"{kind}: {name}")

    again = make(kind, directory, out)
    check(again.latest_checkpoint() == prefix, f"{kind}: TensorFlow does not find weft's checkpoint")
    close(predict(again, directory), weft["later_predictions"], f"{kind}: TensorFlow's predictions from weft's checkpoint")
    close(train(again, directory, MORE_STEPS), train(first, directory, MORE_STEPS), f"{kind}: losses after weft's steps")
    check(again.get_variable_value("global_step") == STEPS + 2 * MORE_STEPS, f"{kind}: the steps are not counted on")
    return {"prefix": prefix, "trained": trained, "predictions": predictions, "losses": losses,
            "later_predictions": later, "steps": STEPS, "expected": weft["later_predictions"]}


def warm_start(directory, run):
    """A new estimator takes weft's variables, and keeps them: its learning rate is 0."""
    for vars_to_warm_start in (".*", ".*shared_embedding.*"):
        model_dir = tempfile.mkdtemp(dir=directory)
        still = v1.train.GradientDescentOptimizer(0.0)
        settings = v1.estimator.WarmStartSettings(run["prefix"], vars_to_warm_start)
        estimator = make("dnn", directory, model_dir, optimizer=still, warm_start_from=settings)
        train(estimator, directory, 1)
        table = "dnn/input_from_feature_columns/input_layer/shown_watched_shared_embedding/embedding_weights"
        close(estimator.get_variable_value(table), contents(run["prefix"])[table], "warm-started table", 0, 0)
        if vars_to_warm_start == ".*":
            close(predict(estimator, directory), run["expected"], "warm-started predictions")


def keep(directory, run, target):
    os.makedirs(target, exist_ok=True)
    for name in ("words.txt", "examples.tfrecord"):
        shutil.copy(f"{directory}/{name}", target)
    for ending in ("index", "data-00000-of-00001"):
        shutil.copy(f"{run['trained']}/model.ckpt-{STEPS}.{ending}", target)
    with open(f"{target}/expected.json", "w") as file:
        json.dump({key: run[key] for key in ("steps", "predictions", "losses", "later_predictions")}, file, indent=1)
        file.write("\n")


with tempfile.TemporaryDirectory() as directory:
    write_data(directory)
    dnn = there_and_back("dnn", directory)
    warm_start(directory, dnn)
    if len(sys.argv) > 2:
        keep(directory, dnn, sys.argv[2])
    there_and_back("wide_and_deep", directory)
