// Predictions: numbers within the tolerance, classes exactly.
#include "predictions.h"

#include <algorithm>

namespace weft::reference {
namespace {

void append(std::vector<float>& to, std::span<const float> from) {
  to.insert(to.end(), from.begin(), from.end());
}
void append(std::vector<int64_t>& to, std::span<const int64_t> from) {
  to.insert(to.end(), from.begin(), from.end());
}
void append(std::vector<std::string>& to, std::span<const std::string_view> from) {
  to.insert(to.end(), from.begin(), from.end());
}

// [count, rest]; a prediction that is not there has no numbers.
void compare_numbers(const Fixture& fixture, Report& report, const std::string& key, int64_t count,
                     const std::vector<float>& got) {
  const std::string name = "predictions/" + key;
  if (!fixture.has(name)) return report.check(name, got.empty(), "TensorFlow predicts no " + key);
  const int64_t shape[] = {count, count == 0 ? 0 : static_cast<int64_t>(got.size()) / count};
  report.close(name, got, shape, fixture.array(name), metrics);
}

}  // namespace

void CollectedPredictions::add(const Predictions& batch) {
  for (int64_t i = 0; i < batch.batch; ++i) add(prediction_at(batch, i));
}

void CollectedPredictions::add(const Prediction& example) {
  ++count_;
  append(logits_, example.logits);
  append(logistic_, example.logistic);
  append(probabilities_, example.probabilities);
  append(class_ids_, example.class_ids);
  append(classes_, example.classes);
  append(all_class_ids_, example.all_class_ids);
  append(all_classes_, example.all_classes);
}

void CollectedPredictions::compare(const Fixture& fixture, Report& report) const {
  compare_numbers(fixture, report, "logits", count_, logits_);
  compare_numbers(fixture, report, "logistic", count_, logistic_);
  compare_numbers(fixture, report, "probabilities", count_, probabilities_);
  const auto integers = [&](const std::string& name, const std::vector<int64_t>& got) {
    if (fixture.has(name)) report.equal(name, got, fixture.integers(name));
  };
  const auto strings = [&](const std::string& name, const std::vector<std::string>& got) {
    if (fixture.has(name)) report.equal(name, got, fixture.array(name).strings);
  };
  integers("predictions/class_ids", class_ids_);
  integers("predictions/all_class_ids", all_class_ids_);
  strings("predictions/classes", classes_);
  strings("predictions/all_classes", all_classes_);
}

void compare_metrics(Report& report, const Metrics& got, const Json& want) {
  std::vector<std::string> names, wanted;
  for (const auto& [name, value] : got) names.push_back(name);
  for (const auto& [name, value] : want.items()) wanted.push_back(name);
  report.equal("names of metrics", names, wanted);
  for (const auto& [name, value] : want.items()) {
    if (got.contains(name)) report.close("metric " + name, got[name], value.get<double>(), metrics);
  }
}

}  // namespace weft::reference
