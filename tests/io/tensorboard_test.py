"""TensorBoard and its projector read what write_events wrote: tensorboard_test.py WRITE_EVENTS. 77 where there is no TensorBoard."""
import os
import subprocess
import sys
import tempfile

try:
    from google.protobuf import text_format
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.plugins.pr_curve import plugin_data_pb2
    from tensorboard.plugins.projector import projector_config_pb2, projector_plugin
    from tensorboard.util import tensor_util
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)


def check(directory):
    events = event_accumulator.EventAccumulator(directory, purge_orphaned_data=True)
    events.Reload()
    tags = events.Tags()
    scalars = {event.step: event.value for event in events.Scalars("loss")}
    assert scalars[3] == 8.0 and abs(scalars[4] - 0.25) < 1e-7, scalars  # session_start(4) took the first 4 and 5 away
    assert sorted(scalars) == list(range(1, 11)) and len(events.Scalars("loss")) == 10, scalars

    histogram = events.Histograms("weights")[0].histogram_value
    assert histogram.num == 1000 and histogram.min == -5.0 and abs(histogram.max - 4.99) < 1e-6
    assert sum(histogram.bucket) == 1000 and len(histogram.bucket) == len(histogram.bucket_limit)

    assert {"pr", "notes"} <= set(tags["tensors"]), tags
    curve = tensor_util.make_ndarray(events.Tensors("pr")[0].tensor_proto)
    assert curve.shape == (6, 3) and curve[4].tolist()[1] == 0.75 and curve[5].tolist() == [1.0, 0.75, 0.0], curve
    metadata = events.SummaryMetadata("pr").plugin_data
    assert metadata.plugin_name == "pr_curves"
    assert plugin_data_pb2.PrCurvePluginData.FromString(metadata.content).num_thresholds == 3
    assert events.SummaryMetadata("notes").plugin_data.plugin_name == "text"
    assert tensor_util.make_ndarray(events.Tensors("notes")[0].tensor_proto).item() == b"**bold**"


def check_projector(directory, rows, read):
    with open(os.path.join(directory, "projector_config.pbtxt")) as text:
        config = text_format.Parse(text.read(), projector_config_pb2.ProjectorConfig())
    (table,) = config.embeddings
    assert table.tensor_name == "video/shared" and list(table.tensor_shape) == [rows, 2], config
    tensor = read(os.path.join(directory, table.tensor_path), list(table.tensor_shape))
    assert tensor.shape == (rows, 2) and tensor[0].tolist() == [-5.0, -4.989999771118164], tensor
    with open(os.path.join(directory, table.metadata_path)) as metadata:
        assert metadata.read().splitlines() == ["a\\tb\\n"] + [str(row) for row in range(1, rows)]


with tempfile.TemporaryDirectory() as directory:
    subprocess.run([sys.argv[1], directory], check=True)
    check(directory)
    check_projector(directory, 100, lambda path, _: projector_plugin._read_tensor_tsv_file(path))
    check_projector(os.path.join(directory, "bytes"), 500, projector_plugin._read_tensor_binary_file)
print("TensorBoard reads it")
