// weft_estimator: takes a tf.estimator's checkpoint, predicts, goes on training, and gives it back.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "estimators.h"

int main(int argc, char** argv) {
  if (argc != 6) {
    fmt::print(stderr, "usage: weft_estimator dnn|wide_and_deep DIRECTORY CHECKPOINT STEPS OUT\n");
    return 2;
  }
  try {
    InterchangeModel model(argv[1], argv[2]);
    const weft::NameReport report = model.estimator().import_checkpoint(argv[3]);
    nlohmann::json out;
    out["report"] = to_string(report);
    out["complete"] = report.complete() && report.missing_state.empty() && report.surplus_state.empty();
    out["global_step"] = model.estimator().global_step();
    out["predictions"] = model.predict();
    out["losses"] = model.train(std::stoll(argv[4]));
    out["later_predictions"] = model.predict();
    model.estimator().export_checkpoint(argv[5]);
    fmt::print("{}\n", out.dump());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
