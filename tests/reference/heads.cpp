// Heads: losses and gradients under every reduction; metrics and predictions of an evaluation.
#include <fmt/format.h>
#include <weft/core/tape.h>
#include <weft/estimator/heads/head.h>
#include <weft/estimator/heads/reduction.h>

#include "errors.h"
#include "family_g.h"
#include "features.h"
#include "predictions.h"

namespace weft::reference {
namespace {

ClassHeadOptions head_options(const Fixture& fixture) {
  const Json& config = fixture.config();
  ClassHeadOptions options{.n_classes = config.at("n_classes")};
  if (fixture.has("weights")) options.weight_column = "w";
  if (!config.at("label_vocabulary").is_null()) {
    options.label_vocabulary = config.at("label_vocabulary").get<std::vector<std::string>>();
  }
  for (const Json& threshold : config.value("thresholds", Json::array())) {
    options.thresholds.push_back(threshold.get<float>());
  }
  options.metrics = config.at("api") == "v1" ? MetricDefinitions::v1 : MetricDefinitions::keras;
  return options;
}

Reduction default_reduction(const Fixture& fixture) {
  return fixture.config().at("api") == "v1" ? Reduction::sum : Reduction::sum_over_batch_size;
}

// Rows [first, last) of what a head is given.
struct HeadBatch {
  Tensor logits;
  Features features;
  Feature labels;
  int64_t size = 0;

  HeadBatch(const Fixture& fixture, int64_t first, int64_t last) : size(last - first) {
    const Array all = fixture.array("logits");
    const int64_t width = all.shape.at(1);
    const std::vector<float> numbers = all.as_floats();
    logits = Tensor(Shape{size, width},
                    std::span(numbers).subspan(static_cast<size_t>(first * width), static_cast<size_t>(size * width)));
    labels = slice(make_feature(fixture.value("labels"), features), first, last);
    if (fixture.has("weights")) {
      features["w"] = slice(make_feature(fixture.value("weights"), features), first, last);
    }
  }
};

// TensorFlow's v2 reductions refuse the others of v1; weft has one list.
void run_reduction(const Fixture& fixture, Report& report, const std::string& name, const Json& result) {
  ClassHeadOptions options = head_options(fixture);
  if (result.contains("error")) {
    return compare_error(report, name, {result.at("error")}, [&] { options.loss_reduction = reduction_of(name); });
  }
  options.loss_reduction = reduction_of(name);
  const Head head = ClassHead(options);
  const HeadBatch batch(fixture, 0, fixture.array("logits").shape.at(0));
  Targets targets;
  head.read_targets(batch.labels, batch.features, batch.size, targets);
  Tape tape;
  const Var logits = tape.leaf(batch.logits);
  const Var value = head.loss(logits, targets);
  report.close(name + " loss", value.item(), result.at("loss").get<double>(), loss);
  tape.backward(value);
  const Array want = fixture.array("gradients/" + name);
  const Tensor* got = logits.gradient();
  const Tensor nothing = Tensor::zeros(batch.logits.shape());
  report.close(name + " gradient", (got ? *got : nothing).values(), batch.logits.shape().extents(), want, loss);
}

}  // namespace

void run_head_losses(const Fixture& fixture, Report& report) {
  for (const auto& [name, result] : fixture.config().at("results").items()) {
    report.part(name, [&, name = name, result = result] { run_reduction(fixture, report, name, result); });
  }
}

void run_head_evaluation(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  ClassHeadOptions options = head_options(fixture);
  options.loss_reduction = default_reduction(fixture);
  const Head head = ClassHead(options);
  HeadMetrics evaluation(head);
  CollectedPredictions predictions;
  int64_t first = 0;
  for (size_t i = 0; i < config.at("batch_sizes").size(); ++i) {
    const auto size = config.at("batch_sizes")[i].get<int64_t>();
    const HeadBatch batch(fixture, first, first + size);
    Targets targets;
    head.read_targets(batch.labels, batch.features, size, targets);
    report.close(fmt::format("loss of batch {}", i), evaluation.add(batch.logits, targets),
                 config.at("losses")[i].get<double>(), loss);
    Predictions made;
    head.predict(batch.logits, made);
    predictions.add(made);
    first += size;
  }
  compare_metrics(report, evaluation.result(), config.at("metrics"));
  predictions.compare(fixture, report);
}

}  // namespace weft::reference
