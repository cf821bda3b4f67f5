// Training: a classifier from TensorFlow's first state through every loss to its last state, metrics and predictions.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/dnn_classifier.h>
#include <weft/io/example.h>
#include <weft/layers/feature_column.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "classifier.h"
#include "errors.h"
#include "family_g.h"
#include "predictions.h"
#include "tables.h"

namespace weft::reference {
namespace {

using Values = std::map<std::string, std::vector<float>>;

ClassifierCase classifier_case(const Fixture& fixture, const std::string& model_dir) {
  const Json& config = fixture.config();
  const std::string api = config.at("api");
  return {.api = api,
          .columns = config.at("columns"),
          .column_api = config.at("column_api"),
          .arguments = config.at("classifier"),
          .weight_column = config.at("weight_column").is_null() ? "" : config.at("weight_column").get<std::string>(),
          .directory = fixture.data(),
          .model_dir = model_dir,
          .train_shared_tables = api == "v1" || config.at("patched_to_train_the_table").get<bool>()};
}

ParseSpec parse_spec(const Fixture& fixture, const DNNClassifierOptions& options) {
  ParseSpec spec = make_parse_example_spec(options.feature_columns);
  const std::string kind = fixture.config().at("label_kind");
  const DataType label = kind == "string" ? DataType::string : kind == "float" ? DataType::float32 : DataType::int64;
  spec[fixture.config().at("label_key").get<std::string>()] = FixedLenFeature{.shape = {1}, .type = label};
  if (!options.weight_column.empty()) spec[options.weight_column] = FixedLenFeature{.shape = {1}};
  return spec;
}

// Serialized rows in order, `batch_size` at a time, the last batch short; for ever, or once.
struct Input {
  std::vector<std::string> rows;
  int64_t batch_size = 0;
  bool repeat = false;
  std::string label;
  ExampleParser parser;

  Input(const Fixture& fixture, const std::string& group, const DNNClassifierOptions& options)
      : rows(fixture.array(group + "/examples").strings),
        batch_size(fixture.config().at(group == "train" ? "batch_size" : "eval_batch_size").get<int64_t>()),
        repeat(group == "train"),
        label(fixture.config().at("label_key").get<std::string>()),
        parser(parse_spec(fixture, options)) {}

  bool fill(size_t& next, Batch& batch) const {
    if (next >= rows.size() && repeat) next = 0;
    if (next >= rows.size()) return false;
    const size_t last = std::min(rows.size(), next + static_cast<size_t>(batch_size));
    const std::vector<std::string_view> views(rows.begin() + static_cast<std::ptrdiff_t>(next),
                                              rows.begin() + static_cast<std::ptrdiff_t>(last));
    batch.features.clear_values();
    parser.parse(views, batch.features);
    batch.labels = batch.features.at(label);
    batch.size = static_cast<int64_t>(views.size());
    next = last;
    return true;
  }

  InputFn function() const {
    return [this] { return Dataset([this, next = size_t{0}](Batch& batch) mutable { return fill(next, batch); }); };
  }
};

class TrainingRun {
 public:
  TrainingRun(const Fixture& fixture, Report& report)
      : fixture_(fixture),
        report_(report),
        options_(classifier_options(classifier_case(fixture, directory_.path()))),
        scheme_(naming_scheme(fixture.config().at("api"), fixture.config().at("column_api"))),
        train_(fixture, "train", options_),
        eval_(fixture, "eval", options_),
        classifier_(options_) {}

  void train_only() { classifier_.train(train_.function(), {.steps = fixture_.config().at("steps").get<int64_t>()}); }

  void compare() {
    load_first_state();
    const Values first = values();
    const std::vector<float> losses = fixture_.floats("loss");
    classifier_.train(train_.function(), {.steps = fixture_.config().at("steps").get<int64_t>(),
                                          .progress = [&](const TrainProgress& at) { compare_step(at, losses); },
                                          .progress_steps = 1});
    report_.check("steps", compared_steps_ == static_cast<int64_t>(losses.size()), "another count of steps");
    const bool adam = options_.optimizer.name == "Adam";
    compare_state("final", adam ? final_state_adam : final_state);
    compare_names(first);
    compare_metrics(report_, classifier_.evaluate(eval_.function()), fixture_.config().at("metrics"));
    CollectedPredictions predictions;
    for (const Prediction& prediction : classifier_.predict(eval_.function())) predictions.add(prediction);
    predictions.compare(fixture_, report_);
  }

 private:
  static std::string member(const std::string& group, std::string name) {
    std::ranges::replace(name, '/', '|');
    return group + "/" + name;
  }

  // A partitioned table is one array here. TensorFlow has a slot for each part k, "<variable>/t_<k>/<slot>", of the
  // whole table's shape with zeros outside the part: their sum is the one slot.
  int64_t partitions() const { return fixture_.config().at("classifier").value("partitions", int64_t{1}); }

  static std::string slot_of_part(const std::string& name, int64_t part) {
    const size_t at = name.find("/t_0/");
    return at == std::string::npos ? "" : name.substr(0, at) + fmt::format("/t_{}/", part) + name.substr(at + 5);
  }

  bool of_later_part(const std::string& name) const {
    const size_t at = name.find("/t_");
    return partitions() > 1 && at != std::string::npos && name[at + 3] != '0';
  }

  Array stored(const std::string& group, const std::string& name) const {
    Array whole = fixture_.array(member(group, name));
    for (int64_t part = 1; part < partitions(); ++part) {
      const std::string slot = slot_of_part(name, part);
      if (slot.empty() || !fixture_.has(member(group, slot))) continue;
      const Array more = fixture_.array(member(group, slot));
      std::ranges::transform(whole.floats, more.floats, whole.floats.begin(), std::plus<>());
    }
    return whole;
  }

  std::string slot_name(const Parameter& parameter, const Parameter::Slot& slot) const {
    return weft::slot_name(scheme_, options_.optimizer.name, parameter.name(), slot.name);
  }

  // Calls f(name in the checkpoint, numbers) for every parameter and slot.
  template <class F>
  void for_each_array(F&& f) {
    for (Parameter& parameter : classifier_.params()) {
      f(parameter.name(), parameter.value());
      for (size_t i = 0; i < parameter.slot_count(); ++i) {
        f(slot_name(parameter, parameter.slot(i)), parameter.slot(i).view);
      }
    }
  }

  void load_first_state() {
    with_names_of(scheme_, options_.optimizer).prepare(classifier_.params());
    for_each_array(
        [&](const std::string& name, const RowsView& view) { load(view, stored("state_0000", name).as_floats()); });
  }

  Values values() {
    Values out;
    for_each_array([&](const std::string& name, const RowsView& view) { out[name] = numbers(view); });
    for (const auto& [name, value] : classifier_.params().scalars()) out[name] = {value};
    out["global_step"] = {static_cast<float>(classifier_.global_step())};
    return out;
  }

  void compare_step(const TrainProgress& at, const std::vector<float>& losses) {
    const auto i = static_cast<size_t>(at.step - 1);
    if (i < losses.size()) report_.close(fmt::format("loss of step {}", at.step), at.loss, losses[i], loss);
    ++compared_steps_;
    const std::string group = fmt::format("state_{:04}", at.step);
    if (!fixture_.children(group).empty()) compare_state(group, early_state);
  }

  // Every variable that TensorFlow has, and no other.
  void compare_state(const std::string& group, const Tolerance& tolerance) {
    const Values got = values();
    std::vector<std::string> names, wanted;
    for (const auto& [name, numbers] : got) names.push_back(name);
    for (std::string name : fixture_.children(group)) {
      std::ranges::replace(name, '|', '/');
      if (!is_keras_constant(name) && !of_later_part(name)) wanted.push_back(name);
    }
    std::ranges::sort(wanted);
    report_.equal(group, names, wanted);
    for (const auto& [name, numbers] : got) {
      if (!fixture_.has(member(group, name))) continue;
      report_.close(group + "/" + name, numbers, stored(group, name), tolerance);
    }
  }

  void compare_names(const Values& first) {
    const Json& config = fixture_.config();
    const Json& variables = config.at("checkpoint_variables");
    Listing listing = expected_listing(variables, false);
    std::erase_if(listing, [&](const auto& variable) { return of_later_part(variable.first); });
    compare_listings(report_, "checkpoint_variables", checkpoint_listing(directory_.path()), listing);
    std::vector<std::string> changed, wanted;
    for (const auto& [name, numbers] : values()) {
      if (numbers != first.at(name)) changed.push_back(name);
    }
    wanted = config.at("changed_variables").get<std::vector<std::string>>();
    std::erase_if(wanted, [&](const std::string& name) { return of_later_part(name); });
    std::ranges::sort(wanted);
    report_.equal("changed_variables", changed, wanted);
  }

  const Fixture& fixture_;
  Report& report_;
  TemporaryDirectory directory_;
  DNNClassifierOptions options_;
  NamingScheme scheme_;
  Input train_, eval_;
  DNNClassifier classifier_;
  int64_t compared_steps_ = 0;
};

}  // namespace

void run_training(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("error")) {
    return compare_error(report, "error", errors_of(config), [&] { TrainingRun(fixture, report).train_only(); });
  }
  TrainingRun(fixture, report).compare();
}

}  // namespace weft::reference
