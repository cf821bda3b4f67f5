// Classifier errors: the attempts that family G names, with the data that they stand for.
#include <fmt/format.h>
#include <weft/estimator/dnn_classifier.h>

#include <algorithm>

#include "classifier.h"
#include "errors.h"
#include "family_g.h"
#include "features.h"

namespace weft::reference {
namespace {

// What is tried: labels and features as inline tensors, columns; absent: two rows, two shared columns.
struct Attempt {
  std::string label;
  Json labels = {{"dtype", "int32"}, {"values", {{0}, {1}}}};
  Json features = {{"a", {{"dtype", "int64"}, {"values", {{1}, {2}}}}},
                   {"b", {{"dtype", "int64"}, {"values", {{1}, {2}}}}}};
  Json columns = nullptr;
  /// The interface of the columns, where it is not the estimator's.
  std::string column_api = {};
  bool features_are_a_tensor = false;
};

Json identity(const char* key) {
  return {{"kind", "categorical_column_with_identity"}, {"key", key}, {"num_buckets", 5}};
}

Json shared_columns() {
  return Json::array({{{"kind", "shared_embeddings"},
                       {"categorical_columns", Json::array({identity("a"), identity("b")})},
                       {"dimension", 3}}});
}

Json integers(Json values) {
  return {{"dtype", "int64"}, {"values", std::move(values)}};
}
Json texts(const char* first, const char* second) {
  return {{"dtype", "string"}, {"values", Json::array({Json::array({first}), Json::array({second})})}};
}

Json with_text_weights() {
  Json features = Attempt{}.features;
  features["w"] = texts("x", "y");
  return features;
}

Json two_numeric() {
  const Json numeric = {{"kind", "numeric_column"}, {"key", "a"}};
  return Json::array({numeric, numeric});
}

Json column_of(int64_t first, int64_t second) {
  return integers(Json::array({Json::array({first}), Json::array({second})}));
}

// A row of a case holds the attempt's label, the interface and the classifier's arguments; the data are these.
std::vector<Attempt> attempts() {
  const Json floats = {{"dtype", "float32"}, {"values", {{0.0}, {1.0}}}};
  return {
      {.label = "label out of range, binary", .labels = column_of(0, 2)},
      {.label = "negative label, binary", .labels = column_of(0, -1)},
      {.label = "label out of range, multi", .labels = column_of(0, 3)},
      {.label = "negative label, multi", .labels = column_of(0, -1)},
      {.label = "float labels, multi", .labels = floats},
      {.label = "string labels, no vocabulary", .labels = texts("0", "1")},
      {.label = "string labels, no vocabulary, multi", .labels = texts("0", "1")},
      {.label = "label not in vocabulary", .labels = texts("no", "maybe")},
      {.label = "vocabulary longer than n_classes", .labels = texts("a", "b")},
      {.label = "binary vocabulary of 3", .labels = texts("a", "b")},
      {.label = "labels None", .labels = nullptr},
      {.label = "labels of two columns", .labels = integers({{0, 1}, {1, 0}})},
      {.label = "labels of another batch size", .labels = integers({{0}, {1}, {1}})},
      {.label = "weights of string dtype", .features = with_text_weights()},
      {.label = "features not a dict", .features_are_a_tensor = true},
      {.label = "duplicate columns", .columns = two_numeric()},
      {.label = "categorical column unwrapped", .columns = Json::array({identity("a")})},
      {.label = "no feature columns", .columns = Json::array()},
      {.label = "v2 estimator given v1 shared columns", .column_api = "v1"},
      {.label = "v1 estimator given v2 shared columns (works)", .column_api = "v2"},
      {.label = ""},  // the others have ordinary data: their arguments are wrong
  };
}

void run_attempt(const Attempt& attempt, const Json& row) {
  if (attempt.features_are_a_tensor) throw NotExpressible("features are a tensor");
  const std::string api = row.at("api");
  DNNClassifier classifier(
      classifier_options({.api = api,
                          .columns = attempt.columns.is_null() ? shared_columns() : attempt.columns,
                          .column_api = attempt.column_api.empty() ? api : attempt.column_api,
                          .arguments = row.at("classifier")}));
  const InputFn input_fn = [&attempt] {
    return Dataset([&attempt](Batch& batch) {
      inline_features(attempt.features, batch.features);
      if (!attempt.labels.is_null()) {
        inline_features({{"label", attempt.labels}}, batch.features);
        batch.labels = batch.features.at("label");
      }
      batch.size = 2;
      return true;
    });
  };
  classifier.train(input_fn, {.steps = 1});
}

}  // namespace

void run_classifier_errors(const Fixture& fixture, Report& report) {
  const std::vector<Attempt> known = attempts();
  const Json& rows = fixture.config().at("rows");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Json& row = rows[i];
    const std::string where =
        fmt::format("{} ({})", row.at("case").get<std::string>(), row.at("api").get<std::string>());
    auto attempt = std::ranges::find(known, row.at("case").get<std::string>(), &Attempt::label);
    if (attempt == known.end()) --attempt;
    report.part(where, [&] { compare_error(report, where, {row.at("error")}, [&] { run_attempt(*attempt, row); }); });
  }
}

}  // namespace weft::reference
