// weft_onnx DIR: small models of every kind as DIR/<name>.padded.onnx and DIR/<name>.offsets.onnx, and DIR/<name>.json
// with batches of inputs for both and weft's own answers.
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

using Bags = std::vector<std::vector<int64_t>>;
using Weights = std::vector<std::vector<float>>;

struct Data {
  Bags a, b;
  Weights w;             // of a's ids
  std::vector<float> x;  // [batch, 2]
  std::vector<float> y;  // [batch]

  // For lookups that drop nothing: two ids a bag, and weights that cancel out in every second one.
  Bags c() const {
    Bags out;
    for (int64_t i = 0; i < std::ssize(y); ++i) out.push_back({i % 5, (i + 2) % 5});
    return out;
  }
  Weights v() const {
    Weights out;
    for (size_t i = 0; i < y.size(); ++i)
      out.push_back(i % 2 == 0 ? std::vector{2.0f, 0.5f} : std::vector{1.0f, -1.0f});
    return out;
  }
};

const float kNaN = std::nanf("");

// Bags of ids by feature: empty ones, the last one too, several ids, the same id twice, ids and weights that are
// dropped.
std::vector<Data> batches_for(const std::string& model) {
  const Data mixed{.a = {{1}, {}, {0, 3, 3}, {4, 2}, {}, {1, 1, 0, 2}},
                   .b = {{}, {2, 2}, {4}, {-1, 1}, {3}, {}},
                   .w = {{0.5f}, {}, {1, -2, 0.25f}, {0, 3}, {}, {1, 1, 2, 0.5f}},
                   .x = {0.1f, -3, 2, 7.5f, 0, 1e3f, -0.5f, 2, 2.25f, kNaN, 10, -10},
                   .y = {1, -1, 0.5f, 2, 0, -0.25f}};
  const Data dropped{.a = {{-1}, {-1, -1, 2}, {3, 4}},
                     .b = {{0}, {1, -1, 1}, {-1}},
                     .w = {{2}, {kNaN, 1, 0.5f}, {2, 1}},
                     .x = {1, 2, 3, 4, 5, 6},
                     .y = {1, 2, 3}};
  const Data empty{.a = {{}, {}}, .b = {{}, {}}, .w = {{}, {}}, .x = {0, 1, 2, 3}, .y = {3, 4}};
  Data uneven{.a = {{}, {}, {2}}, .b = {{4}, {}, {}}, .w = {{}, {}, {1.5f}}, .x = {5, 1, 2, 0, -2, 2}, .y = {0, 0, 1}};
  for (int64_t i = 0; i < 300; ++i) {
    uneven.a[0].push_back(i * i % 5);
    uneven.w[0].push_back(static_cast<float>(i % 7) / 4 - 0.5f);
    if (i % 3 == 0) uneven.b[1].push_back(i % 4);
  }
  std::vector<Data> out = {mixed, dropped, empty, uneven};
  if (model == "weighted_mean" || model == "weighted_sqrtn") {  // others make NaN of it
    out.push_back(dropped);
    out.back().w[2][0] = kNaN;
  }
  return out;
}

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

// The numbers as rows; JSON has no NaN.
template <class T>
json array(const std::vector<T>& numbers, size_t rows) {
  json out = json::array();
  const size_t width = numbers.size() / rows;
  for (size_t i = 0; i < rows; ++i) {
    json row = json::array();
    for (size_t k = 0; k < width; ++k) {
      const T number = numbers[i * width + k];
      row.push_back(number != number ? json("nan") : json(number));
    }
    out.push_back(row);
  }
  return out;
}

template <class T>
json padded(const std::vector<std::vector<T>>& rows, T padding) {
  size_t length = 5;
  for (const auto& row : rows) length = std::max(length, row.size());
  std::vector<T> out;
  for (auto row : rows) {
    row.resize(length, padding);
    out.insert(out.end(), row.begin(), row.end());
  }
  return array(out, rows.size());
}

std::vector<float> numbers_of(const Tensor& tensor) {
  return {tensor.data(), tensor.data() + tensor.size()};
}

Features features(const Data& data) {
  Features out;
  out["a"] = bags(data.a);
  out["b"] = bags(data.b);
  out["c"] = bags(data.c());
  out["w"] = bags(data.w);
  out["v"] = bags(data.v());
  Feature x = dense_feature(data.x);
  x.shape = {std::ssize(data.y), 2};
  out["x"] = x;
  out["y"] = dense_feature(data.y);
  return out;
}

json inputs(const Data& data, OnnxInput kind) {
  json out = {{"x", array(data.x, data.y.size())}, {"y", array(data.y, data.y.size())}};
  if (kind == OnnxInput::padded) {
    out["a"] = padded<int64_t>(data.a, -1);
    out["b"] = padded<int64_t>(data.b, -1);
    out["c"] = padded<int64_t>(data.c(), -1);
    out["w"] = padded<float>(data.w, 9);
    out["v"] = padded<float>(data.v(), 9);
    return out;
  }
  const Features flat = features(data);
  for (const char* key : {"a", "b", "c"}) {
    out[key] = flat.at(key).integers;
    out[std::string(key) + "_offsets"] = flat.at(key).offsets;
  }
  for (const char* key : {"w", "v"}) out[key] = array(flat.at(key).floats, 1)[0];
  return out;
}

json answers(DNNEstimator& model, const Data& data) {
  Tape tape({.record = false});
  const Tensor logits = model.logits(tape, features(data)).value();
  Predictions predictions;
  model.predict(features(data), predictions);
  json out;
  const std::pair<const char*, const Tensor*> all[] = {{"logits", &logits},
                                                       {"probabilities", &predictions.probabilities},
                                                       {"logistic", &predictions.logistic},
                                                       {"predictions", &predictions.predictions}};
  for (const auto& [key, values] : all) {
    if (values->size() > 0) out[key] = array(numbers_of(*values), data.y.size());
  }
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
    json out;
    for (const auto& [kind, text] : {std::pair(OnnxInput::padded, "padded"), {OnnxInput::offsets, "offsets"}}) {
      export_onnx(model, fmt::format("{}/{}.{}.onnx", directory_, name, text),
                  {.input = kind, .inline_bytes = name.ends_with("beside") ? 16 : 1 << 20});
      for (const Data& data : batches_for(name)) out[text].push_back(inputs(data, kind));
    }
    for (const Data& data : batches_for(name)) out["outputs"].push_back(answers(model, data));
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
  const FeatureColumns unsafe = embedding_column(weighted_categorical_column(ids("c"), {.weight_feature_key = "v"}),
                                                 {.dimension = 2, .use_safe_embedding_lookup = false});
  DNNClassifier cancelled({.hidden_units = {4}, .feature_columns = unsafe});
  models.write("unsafe", cancelled);
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
