// RunConfig: checks.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/training/run_config.h>

namespace weft {

void check_run_config(const RunConfig& config) {
  const auto require = [](bool good, const char* what, auto got, const char* expected) {
    if (!good)
      throw ValueError(
          fmt::format("[RunConfig] {}: got {}, expected {}. Check the configuration.", what, got, expected));
  };
  if (config.save_checkpoints_steps && config.save_checkpoints_secs) {
    throw ValueError(
        "[RunConfig] Can not provide both save_checkpoints_steps and save_checkpoints_secs: got both, expected one. "
        "Leave one out.");
  }
  require(config.checkpoint_compression >= 0 && config.checkpoint_compression <= 9, "checkpoint_compression can't be",
          config.checkpoint_compression, "0 to 9");
  require(config.save_checkpoints_steps.value_or(1) > 0, "save_checkpoints_steps should be > 0",
          config.save_checkpoints_steps.value_or(1), "at least 1");
  require(config.save_checkpoints_secs.value_or(1.0) > 0, "save_checkpoints_secs should be > 0",
          config.save_checkpoints_secs.value_or(1.0), "more than 0");
  require(config.keep_checkpoint_max >= 0, "keep_checkpoint_max should be >= 0", config.keep_checkpoint_max,
          "0 (all) or more");
  require(config.save_summary_steps.value_or(1) > 0, "save_summary_steps should be > 0",
          config.save_summary_steps.value_or(1), "at least 1");
  require(config.log_step_count_steps.value_or(1) > 0, "log_step_count_steps should be > 0",
          config.log_step_count_steps.value_or(1), "at least 1");
  require(config.threads >= 0, "threads should be >= 0", config.threads, "0 (all) or more");
}

TEST_CASE("run config: what can't be is refused") {
  CHECK_NOTHROW(check_run_config({}));
  CHECK_NOTHROW(check_run_config({.save_checkpoints_steps = 5, .keep_checkpoint_max = 0}));
  CHECK_THROWS_WITH_AS(check_run_config({.save_checkpoints_steps = 5, .save_checkpoints_secs = 60.0}),
                       doctest::Contains("Can not provide both save_checkpoints_steps and save_checkpoints_secs"),
                       ValueError);
  CHECK_THROWS_AS(check_run_config({.save_checkpoints_steps = 0}), ValueError);
  CHECK_THROWS_AS(check_run_config({.checkpoint_compression = 10}), ValueError);
  CHECK_THROWS_AS(check_run_config({.save_checkpoints_secs = 0.0}), ValueError);
  CHECK_THROWS_AS(check_run_config({.keep_checkpoint_max = -1}), ValueError);
  CHECK_THROWS_AS(check_run_config({.save_summary_steps = 0}), ValueError);
  CHECK_THROWS_AS(check_run_config({.log_step_count_steps = -1}), ValueError);
  CHECK_THROWS_AS(check_run_config({.threads = -1}), ValueError);
}

}  // namespace weft
