// weft_onnx DIR: small models of every kind as DIR/<name>.onnx, and DIR/<name>.json with inputs and weft's own answers.
#include <fmt/format.h>
#include <weft/weft.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace {

using namespace weft;
using nlohmann::json;

constexpr int64_t kBatch = 6;
// Bags of ids by feature: empty ones, several ids, the same id twice.
const std::vector<std::vector<int64_t>> kA = {{1}, {}, {0, 3, 3}, {4, 2}, {}, {1, 1, 0, 2}};
const std::vector<std::vector<int64_t>> kB = {{}, {2, 2}, {4}, {}, {3}, {0, 1}};
const std::vector<std::vector<float>> kWeights = {{0.5f}, {}, {1, -2, 0.25f}, {0, 3}, {}, {1, 1, 2, 0.5f}};
const std::vector<float> kX = {0.1f, -3, 2, 7.5f, 0, 1e3f, -0.5f, 2, 2.25f, std::nanf(""), 10, -10};  // [6, 2]
const std::vector<float> kY = {1, -1, 0.5f, 2, 0, -0.25f};

template <class T>
Feature bags(const std::vector<std::vector<T>>& rows) {
  Feature feature;
  feature.sparse = true;
  feature.offsets = {0};
  for (const auto& row : rows) {
    if constexpr (std::is_same_v<T, float>) {
      feature.type = DataType::float32;
      feature.floats.insert(feature.floats.end(), row.begin(), row.end());
    } else {
      feature.type = DataType::int64;
      feature.integers.insert(feature.integers.end(), row.begin(), row.end());
    }
    feature.offsets.push_back(feature.offsets.back() + std::ssize(row));
  }
  return feature;
}

template <class T>
json padded(const std::vector<std::vector<T>>& rows, T padding) {
  json out;
  for (auto row : rows) {
    row.resize(5, padding);
    out.push_back(row);
  }
  return out;
}

json rows_of(const std::vector<float>& numbers) {
  json out;
  const auto width = std::ssize(numbers) / kBatch;
  for (int64_t i = 0; i < kBatch; ++i) {
    json row;
    for (int64_t k = 0; k < width; ++k) {
      const float number = numbers[static_cast<size_t>(i * width + k)];
      row.push_back(std::isnan(number) ? json("nan") : json(number));
    }
    out.push_back(row);
  }
  return out;
}

std::vector<float> numbers_of(const Tensor& tensor) {
  return {tensor.data(), tensor.data() + tensor.size()};
}

Features features() {
  Features out;
  out["a"] = bags(kA);
  out["b"] = bags(kB);
  out["w"] = bags(kWeights);
  Feature x = dense_feature(kX);
  x.shape = {kBatch, 2};
  out["x"] = x;
  out["y"] = dense_feature(kY);
  return out;
}

class Models {
 public:
  explicit Models(std::string directory) : directory_(std::move(directory)) {}

  void write(const std::string& name, DNNEstimator& model) const {
    // Numbers that initializers would leave equal or zero move: biases, and the averages of batch normalisation.
    for (Parameter& parameter : model.params()) {
      float next = 0.3f;
      const RowsView view = parameter.value();
      for (int64_t i = 0; i < view.rows; ++i) {
        for (float& number : view.row(i)) number += (next = std::fmod(next * 1.7f + 0.11f, 0.9f));
      }
    }
    export_onnx(model, directory_ + "/" + name + ".onnx", {.inline_bytes = name.ends_with("beside") ? 16 : 1 << 20});
    Tape tape({.record = false});
    const Tensor logits = model.logits(tape, features()).value();
    Predictions predictions;
    model.predict(features(), predictions);
    json out;
    out["inputs"] = {{"a", padded<int64_t>(kA, -1)},
                     {"b", padded<int64_t>(kB, -1)},
                     {"w", padded<float>(kWeights, 9)},
                     {"x", rows_of(kX)},
                     {"y", rows_of(kY)}};
    out["outputs"]["logits"] = rows_of(numbers_of(logits));
    const std::pair<const char*, const Tensor*> others[] = {{"probabilities", &predictions.probabilities},
                                                            {"logistic", &predictions.logistic},
                                                            {"predictions", &predictions.predictions}};
    for (const auto& [key, values] : others) {
      if (values->size() > 0) out["outputs"][key] = rows_of(numbers_of(*values));
    }
    std::ofstream(directory_ + "/" + name + ".json") << out.dump();
  }

 private:
  std::string directory_;
};

CategoricalColumn ids(const char* key) {
  return categorical_column_with_identity({.key = key, .num_buckets = 5});
}

void write_all(const Models& models) {
  const auto y = numeric_column({.key = "y"});
  const auto weighted = weighted_categorical_column(ids("a"), {.weight_feature_key = "w"});
  const auto bucketized = bucketized_column(numeric_column({.key = "x", .shape = {2}}), {-1, 0, 2, 10});
  for (const Combiner combiner : {Combiner::mean, Combiner::sqrtn, Combiner::sum}) {
    const FeatureColumns shared =
        shared_embedding_columns({ids("a"), ids("b")}, {.dimension = 3, .combiner = combiner});
    DNNClassifier plain({.hidden_units = {4, 3}, .feature_columns = shared});
    models.write(fmt::format("shared_{}", to_string(combiner)), plain);
    DNNClassifier by_weight({.hidden_units = {4},
                             .feature_columns = embedding_column(weighted, {.dimension = 2, .combiner = combiner}),
                             .n_classes = 3});
    models.write(fmt::format("weighted_{}", to_string(combiner)), by_weight);
  }
  // Tables that are called like an input and like an output.
  for (const char* name : {"b", "logits"}) {
    const FeatureColumns named =
        shared_embeddings({ids("a"), ids("b")}, {.dimension = 3, .shared_embedding_collection_name = name});
    DNNClassifier renamed({.hidden_units = {4}, .feature_columns = named});
    models.write(fmt::format("table_called_{}", name), renamed);
  }
  const FeatureColumns clipped = embedding_column(ids("a"), {.dimension = 3, .max_norm = 0.4f});
  std::vector<float> boundaries(400);
  for (size_t i = 0; i < boundaries.size(); ++i) boundaries[i] = static_cast<float>(i) / 40 - 5;
  DNNClassifier beside(
      {.hidden_units = {300},
       .feature_columns = {clipped, y, bucketized_column(numeric_column({.key = "x", .shape = {2}}), boundaries)}});
  models.write("beside", beside);
  DNNClassifier counted({.hidden_units = {4},
                         .feature_columns = {indicator_column(weighted), indicator_column(ids("b"))},
                         .batch_norm = true});
  models.write("indicator_batch_norm", counted);
  DNNClassifier flat({.hidden_units = {}, .feature_columns = y});
  models.write("no_hidden_layer", flat);
  DNNRegressor regressor({.hidden_units = {3}, .feature_columns = {y, bucketized}, .label_dimension = 2});
  models.write("regressor", regressor);
  for (const char* name :
       {"relu6", "leaky_relu", "elu", "selu", "gelu", "swish", "tanh", "sigmoid", "softplus", "linear"}) {
    DNNClassifier activated({.hidden_units = {4}, .feature_columns = y, .activation_fn = activation_of(name)});
    models.write(fmt::format("activation_{}", name), activated);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: weft_onnx DIR\n");
    return 2;
  }
  try {
    write_all(Models(argv[1]));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
