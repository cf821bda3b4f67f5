// Family F: optimizers, every variable after every step, and the errors of bad arguments.
#include <fmt/format.h>
#include <weft/core/error.h>

#include <algorithm>
#include <set>

#include "errors.h"
#include "families.h"
#include "optimizer_errors.h"
#include "optimizers.h"
#include "tables.h"
#include "unsupported.h"

namespace weft::reference {
namespace {

// Constants that Keras keeps among its variables; here they are options of the optimizer.
const std::set<std::string> hyperparameters = {"decay",
                                               "learning_rate",
                                               "momentum",
                                               "beta_1",
                                               "beta_2",
                                               "beta",
                                               "rho",
                                               "epsilon",
                                               "learning_rate_power",
                                               "l1_regularization_strength",
                                               "l2_regularization_strength"};

// A variable of the case: all steps, [steps + 1, ...].
struct Track {
  std::string name;
  Array values;
};

std::span<const double> at_step(const Array& values, int64_t step) {
  const auto size = static_cast<size_t>(values.size() / values.shape.at(0));
  return std::span(values.floats).subspan(static_cast<size_t>(step) * size, size);
}

Shape shape_after_steps(const Array& values) {
  return Shape(std::span(values.shape).subspan(1));
}

// What one case runs on: the parameters with their first values, and the gradients of every step.
class Run {
 public:
  Run(const Fixture& fixture, Report& report)
      : fixture_(fixture),
        report_(report),
        keras_(fixture.config().at("api") != "v1"),
        optimizer_(make_optimizer(fixture.config().at("api"), fixture.config().at("optimizer"),
                                  fixture.config().at("arguments"))),
        tolerance_(optimizer_.name == "Ftrl" ? ftrl_state : optimizer_state) {
    if (keras_) optimizer_ = with_keras_names(optimizer_);
    for (const std::string& name : fixture.children("gradients")) add_parameter(name);
    optimizer_.prepare(params_);
  }

  void all_steps() {
    const auto steps = fixture_.config().at("steps").get<int64_t>();
    compare_names();
    compare_state(0);
    for (int64_t step = 0; step < steps; ++step) {
      for (Parameter& parameter : params_) add_gradient(parameter, step);
      optimizer_.step(params_);
      compare_state(step + 1);
    }
  }

 private:
  void add_parameter(const std::string& name) {
    const Array track = fixture_.array("state/" + name);
    Parameter& parameter = params_.add({.name = name,
                                        .shape = shape_after_steps(track),
                                        .initializer = zeros_initializer(),
                                        .table = fixture_.has("gradients/" + name + "/rows")});
    const auto first = at_step(track, 0);
    load(parameter.value(), std::vector<float>(first.begin(), first.end()));
  }

  void add_gradient(Parameter& parameter, int64_t step) {
    const std::string group = "gradients/" + parameter.name();
    if (!parameter.table()) {
      const Array all = fixture_.array(group);
      const auto gradient = at_step(all, step);
      return add_dense(parameter, std::vector<float>(gradient.begin(), gradient.end()));
    }
    const std::vector<int64_t> rows = fixture_.integers(group + "/rows");
    const std::vector<int64_t> offsets = fixture_.integers(group + "/step_offsets");
    const std::vector<float> values = fixture_.floats(group + "/values");
    const auto width = static_cast<size_t>(parameter.value().width);
    const auto first = static_cast<size_t>(offsets[static_cast<size_t>(step)]);
    const auto last = static_cast<size_t>(offsets[static_cast<size_t>(step) + 1]);
    // TensorFlow clips slices before it sums repeated rows, and weft what each lookup has summed: a share ends where a
    // row would come again. So are there several shares, as several columns of one table leave them.
    std::set<int64_t> of_share;
    size_t from = first;
    for (size_t i = first; i <= last; ++i) {
      if (i < last && of_share.insert(rows[i]).second) continue;
      add_rows(parameter, std::span(rows).subspan(from, i - from),
               std::span(values).subspan(from * width, (i - from) * width));
      if (i < last) of_share = {rows[i]};
      from = i;
    }
  }

  std::string slot_name(const Parameter& parameter, const Parameter::Slot& slot) const {
    if (!keras_) return parameter.name() + "/" + slot.name;
    return optimizer_.name + "/" + parameter.name() + "/" + slot.name;
  }

  bool is_hyperparameter(const std::string& name) const {
    return keras_ && name.starts_with(optimizer_.name + "/") &&
           hyperparameters.contains(name.substr(optimizer_.name.size() + 1));
  }

  void compare_names() {
    std::set<std::string> want, got = {"global_step"};
    for (const auto& [name, shape] : fixture_.config().at("variables").items()) {
      if (!is_hyperparameter(name)) want.insert(name);
    }
    for (const Parameter& parameter : params_) {
      got.insert(parameter.name());
      for (size_t i = 0; i < parameter.slot_count(); ++i) got.insert(slot_name(parameter, parameter.slot(i)));
    }
    for (const auto& [name, value] : params_.scalars()) got.insert(name);
    report_.equal("variables", std::vector(got.begin(), got.end()), std::vector(want.begin(), want.end()));
  }

  void compare(const std::string& name, int64_t step, std::span<const float> got) {
    std::string member = name;
    std::ranges::replace(member, '/', '|');
    Array want = fixture_.array("state/" + member);
    const auto values = at_step(want, step);
    want.floats = {values.begin(), values.end()};
    want.shape.erase(want.shape.begin());
    report_.close(fmt::format("{} after step {}", name, step), got, want, tolerance_);
  }

  void compare_state(int64_t step) {
    for (const Parameter& parameter : params_) {
      compare(parameter.name(), step, numbers(parameter.value()));
      for (size_t i = 0; i < parameter.slot_count(); ++i) {
        compare(slot_name(parameter, parameter.slot(i)), step, numbers(parameter.slot(i).view));
      }
    }
    for (const auto& [name, value] : params_.scalars()) compare(name, step, std::span(&value, 1));
    const std::string rate = "state/" + optimizer_.name + "|learning_rate";
    if (keras_ && fixture_.has(rate)) {
      report_.close("learning_rate", optimizer_.learning_rate.at(0), at_step(fixture_.array(rate), step)[0],
                    tolerance_);
    }
    const std::vector<int64_t> steps = fixture_.integers("state/global_step");
    report_.equal("global_step", std::span(&params_.global_step, 1),
                  std::span(steps).subspan(static_cast<size_t>(step), 1));
  }

  const Fixture& fixture_;
  Report& report_;
  bool keras_;
  Optimizer optimizer_;
  Tolerance tolerance_;
  ParameterStore params_;
};

// The class of a `signatures` key ("v1.AdagradOptimizer") with the arguments that differ by class.
void compare_signature(Report& report, const std::string& key, const Json& signature) {
  const std::string api = key.substr(0, key.find('.')), kind = key.substr(key.find('.') + 1);
  const Optimizer optimizer = make_optimizer(api, kind, Json::object());
  if (signature.at("learning_rate").is_number()) {
    report.close(key + " learning_rate", optimizer.learning_rate.at(0), signature.at("learning_rate").get<float>(),
                 exact);
  }
  if (signature.contains("initial_accumulator_value")) {
    report.close(key + " initial_accumulator_value", optimizer.slots.at(0).initial_value,
                 signature.at("initial_accumulator_value").get<float>(), exact);
  }
}

void run_defaults(const Fixture& fixture, Report& report) {
  for (const auto& [key, signature] : fixture.config().at("signatures").items()) {
    report.part(key, [&, key = key, signature = signature] { compare_signature(report, key, signature); });
  }
  for (const auto& [key, canned] : fixture.config().at("canned").items()) {
    report.part("canned " + key, [&, key = key, canned = canned] {
      const Optimizer optimizer = named_optimizer(key.substr(0, 2), key.substr(3));
      const Json& rate =
          canned.contains("config") ? canned.at("config").at("learning_rate") : canned.at("learning_rate");
      report.close(key + " learning_rate", optimizer.learning_rate.at(0), rate.get<float>(), exact);
    });
  }
}

}  // namespace

void run_family_f(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("signatures")) return run_defaults(fixture, report);
  if (config.contains("rows")) return run_optimizer_errors(fixture, report);
  if (config.contains("error")) {
    return compare_error(report, "", errors_of(config), [&] { Run(fixture, report).all_steps(); });
  }
  Run(fixture, report).all_steps();
}

}  // namespace weft::reference
