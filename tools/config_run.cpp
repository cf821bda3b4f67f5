// How a configuration's model is run: steps, checkpoints, threads, evaluations, early stopping.
#include "config_run.h"

#include <fmt/format.h>

using namespace weft;

namespace {

/// An integer with its least value.
template <class T>
void read_count(Section& section, const char* key, T& out, int64_t least) {
  int64_t number = 0;
  if (!section.get(key, number)) return;
  section.at_least(key, static_cast<double>(number), static_cast<double>(least));
  out = static_cast<typename std::conditional_t<std::is_same_v<T, int>, int, int64_t>>(number);
}

void read_config(Section& section, RunConfig& config) {
  section.get("seed", config.tf_random_seed);
  section.get("threads", config.threads);
  section.at_least("threads", config.threads, 0);
  read_count(section, "save_checkpoints_steps", config.save_checkpoints_steps, 1);
  section.get("save_checkpoints_secs", config.save_checkpoints_secs);
  section.get("keep_checkpoint_max", config.keep_checkpoint_max);
  section.get("checkpoint_compression", config.checkpoint_compression);
  read_count(section, "save_summary_steps", config.save_summary_steps, 1);
  read_count(section, "log_step_count_steps", config.log_step_count_steps, 1);
  std::string precision = "float32";
  section.choose("matmul_precision", precision, {"float32", "bfloat16"});
  if (precision == "bfloat16") config.matmul_precision = MatmulPrecision::bfloat16;
  attempt(section, "", [&] { check_run_config(config); });
}

/// A copy of the checkpoints with the best of a metric.
void read_best(Section& eval, ConfigRun& run) {
  const ConfigJson* json = eval.find("export_best");
  if (json == nullptr) return;
  Section section(*json, eval.path("export_best"), eval.errors());
  std::string metric = "loss", goal = "min";
  BestExporterOptions options;
  section.get("metric_name", metric);
  section.choose("goal", goal, {"min", "max"});
  section.get("name", options.name);
  section.get("exports_to_keep", options.exports_to_keep);
  section.finish("export_best");
  options.compare_fn = goal == "min" ? metric_smaller(metric) : metric_larger(metric);
  attempt(section, "", [&] { run.exporters.emplace_back(options); });
}

void read_eval(Section& parent, ConfigRun& run) {
  const ConfigJson* json = parent.find("eval");
  if (json == nullptr) return;
  Section section(*json, parent.path("eval"), parent.errors());
  section.get("while_training", run.evaluates);
  read_count(section, "steps", run.eval_steps, 1);
  section.get("throttle_secs", run.throttle_secs);
  section.at_least("throttle_secs", run.throttle_secs, 0);
  read_best(section, run);
  if (!run.exporters.empty() && !run.evaluates) {
    section.fail("export_best", "needs \"while_training\": true, as copies are made after evaluations");
  }
  section.finish("eval");
}

StopCondition read_condition(Section& section) {
  std::string rule, metric = "loss";
  int64_t min_steps = 0, max_steps = 0;
  double threshold = 0.0;
  section.get("metric_name", metric);
  section.get("min_steps", min_steps);
  if (!section.has("stop_if", "no_decrease, no_increase, higher or lower")) return {};
  if (!section.choose("stop_if", rule, {"no_decrease", "no_increase", "higher", "lower"})) return {};
  if (rule == "no_decrease") {
    section.require("max_steps_without_decrease", max_steps);
    return stop_if_no_decrease({metric, max_steps, min_steps});
  }
  if (rule == "no_increase") {
    section.require("max_steps_without_increase", max_steps);
    return stop_if_no_increase({metric, max_steps, min_steps});
  }
  section.require("threshold", threshold);
  return rule == "higher" ? stop_if_higher({metric, threshold, min_steps})
                          : stop_if_lower({metric, threshold, min_steps});
}

void read_early_stopping(Section& parent, ConfigRun& run) {
  for (Section& section : sections(parent, "early_stopping")) {
    attempt(section, "", [&] {
      if (StopCondition condition = read_condition(section)) run.early_stopping.push_back(std::move(condition));
    });
    section.finish("a condition of early stopping");
  }
  if (parent.find("early_stopping") != nullptr && !run.evaluates) {
    parent.fail("early_stopping", "needs \"eval\": {\"while_training\": true}, as it looks at evaluations");
  }
}

}  // namespace

ConfigRun read_run(Section& config) {
  ConfigRun run;
  if (!config.has("run", "an object with the model's directory")) return run;
  Section section(*config.find("run"), config.path("run"), config.errors());
  section.require("model_dir", run.model_dir);
  read_count(section, "max_steps", run.max_steps, 1);
  read_config(section, run.config);
  run.warm_start = read_warm_start(section);
  read_eval(section, run);
  read_early_stopping(section, run);
  section.finish("run");
  return run;
}
