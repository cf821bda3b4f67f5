// Summaries: the loss and the speed of a training run, and the metrics of evaluations, as TensorBoard shows them.
#pragma once
#include <weft/estimator/metrics/metrics.h>
#include <weft/estimator/training/train_hook.h>
#include <weft/io/events.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace weft {

/// A hook that writes the scalars `loss`, `global_step/sec` and `examples/sec` to an event file in the directory, after
/// the first step and then every `every_steps` steps. What it throws is EventWriter's IoError.
TrainHook summary_hook(const std::string& directory, int64_t every_steps);

/// Where the metrics of an evaluation go: "<model_dir>/eval", with a name "<model_dir>/eval_<name>".
std::string eval_dir(const std::string& model_dir, const std::string& name = {});

/// Evaluations by the global step that they were made at.
using EvalHistory = std::map<int64_t, Metrics>;

/// Adds the metrics, as scalars at their global_step, to an event file. Throws IoError.
void write_eval_metrics(EventWriter& writer, const Metrics& metrics);

/// The evaluations that the event files of a directory tell of, TensorFlow's too (read_eval_metrics). Numbers are
/// float32. Where bytes are damaged the rest of that file is passed over, and `log` is told.
EvalHistory read_eval_metrics(const std::string& directory, const std::function<void(const std::string&)>& log = {});

}  // namespace weft
