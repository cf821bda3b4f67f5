# needs: tensorflow-cpu==2.15.1 numpy<2
# TensorFlow's checkpoints and SavedModels: the real one restores what weft writes, weft reads what the real one writes.
# With "--data DIRECTORY" the SavedModel that ctest reads is made: tests/interchange/data/saved_model.
import os
import shutil
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf


def save_model(directory):
    """Number k of variable i is i + k / 64; its variables, without the graph that weft has no use for."""
    module = tf.Module()
    for i, (name, shape, dtype) in enumerate([("table", [6, 2], tf.float32), ("half", [2, 3], tf.bfloat16),
                                              ("wide", [3], tf.float64), ("steps", [], tf.int64)]):
        count = int(np.prod(shape, dtype=np.int64))
        setattr(module, name, tf.Variable(tf.cast(tf.reshape(i + np.arange(count) / 64, shape), dtype), name=name))
    with tempfile.TemporaryDirectory() as whole:
        tf.saved_model.save(module, whole)
        shutil.copytree(f"{whole}/variables", f"{directory}/variables", dirs_exist_ok=True)
    return {name: getattr(module, name) for name in ("table", "half", "wide", "steps")}


if sys.argv[1] == "--data":
    save_model(sys.argv[2])
    sys.exit()

from support import check, copy, show  # noqa: E402  (takes the program's path from the arguments)

v1 = tf.compat.v1
bfloat16 = tf.bfloat16.as_numpy_dtype
draws = np.random.default_rng(5)
values = {
    "tables/video": draws.normal(size=(5000, 8)).astype(np.float32),
    "tables/wide": draws.normal(size=(4, 5)).astype(np.float32),
    "global_step": np.array(42, np.int64),
    "half": np.array([1.5, -2.0], np.float16),
    "brain": np.array([[1.5, -2.0, 0.25]]).astype(bfloat16),
    "double": draws.normal(size=(3, 2)),
    "small": np.array([-7, 2**31 - 1], np.int32),
    "flags": np.array([True, False, True]),
    "words": np.array([b"", b"abc", b"\xc3\xa9" * 200], object),
}


def save(prefix):
    """With one variable in three parts along its rows and one in two along its columns."""
    with tf.Graph().as_default():
        for name, value in values.items():
            axis_and_parts = {"tables/video": (0, 3), "tables/wide": (1, 2)}.get(name)
            if axis_and_parts is None:
                v1.get_variable(name, initializer=tf.constant(value), use_resource=False)
                continue
            axis, parts = axis_and_parts
            v1.get_variable(name, shape=value.shape, partitioner=v1.fixed_size_partitioner(parts, axis=axis),
                            initializer=lambda shape, dtype=None, partition_info=None, value=value: tf.constant(
                                value[tuple(slice(o, o + n) for o, n in zip(partition_info.var_offset, shape))]))
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            return v1.train.Saver().save(session, prefix, write_meta_graph=False)


def same(got, want):
    if want.dtype == object:
        return list(got) == [text.decode() for text in want]
    if want.dtype == bfloat16:
        want = want.view(np.uint16)
    return got.dtype == want.dtype and np.array_equal(got, want)


def restore(prefix):
    with tf.Graph().as_default():
        variables = {n: v1.get_variable(n, initializer=tf.zeros_like(v), use_resource=False)
                     for n, v in values.items() if v.dtype != object}
        with v1.Session() as session:
            v1.train.Saver().restore(session, prefix)
            return session.run(variables)


with tempfile.TemporaryDirectory() as directory:
    os.mkdir(f"{directory}/out")
    prefix = save(f"{directory}/model.ckpt")
    read = show("tensorflow", directory)
    check(sorted(read) == sorted(values), "weft lists other names")
    for name, value in values.items():
        check(same(read[name], value), f"weft reads another {name}")
    saved = save_model(f"{directory}/saved")
    for path in (f"{directory}/saved", f"{directory}/saved/variables", f"{directory}/saved/variables/variables"):
        read = show("tensorflow", path)
        for name, variable in saved.items():
            check(same(read[f"{name}/.ATTRIBUTES/VARIABLE_VALUE"], variable.numpy()), f"{path}: weft reads another {name}")
    copy("tensorflow", prefix, "tensorflow", f"{directory}/out/model.ckpt")
    check(tf.train.latest_checkpoint(f"{directory}/out") == f"{directory}/out/model.ckpt", "no state file")
    reader = tf.train.load_checkpoint(f"{directory}/out")
    for name, value in values.items():
        got = reader.get_tensor(name)
        check(got.dtype == value.dtype and np.array_equal(got, value), f"TensorFlow reads another {name}")
    for name, value in restore(f"{directory}/out/model.ckpt").items():
        check(np.array_equal(value, values[name]), f"Saver restores another {name}")
