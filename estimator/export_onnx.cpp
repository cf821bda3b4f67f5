// export_onnx: the input columns, the layers and the head as ONNX's operators.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/dnn_classifier.h>
#include <weft/estimator/export_onnx.h>
#include <weft/estimator/naming.h>
#include <weft/estimator/networks/dnn_network.h>
#include <weft/io/formats/onnx_model.h>

#include <algorithm>
#include <limits>
#include <map>

namespace weft {
namespace {

using Number = OnnxModel::Number;

// [batch, ids] each: which places hold an id (as 0 and 1, or its weight), and ids with 0 in the others.
struct Bags {
  std::string ids;
  std::string weights;
};

// What a column reads: numbers [batch, width] or ids.
struct Read {
  std::string numbers;
  Bags bags;
};

class Exporter {
 public:
  explicit Exporter(const DNNEstimator& estimator) : estimator_(estimator), params_(estimator.params()) {}

  OnnxModel build() {
    outputs();
    std::string x = inputs();
    x = hidden_layers(x);
    head(dense(x, logits_layer_name(), "logits"));
    return std::move(model_);
  }

 private:
  std::string inputs() {
    const DnnNetworkOptions& options = estimator_.network().options();
    std::vector<FeatureColumn> columns(options.feature_columns.begin(), options.feature_columns.end());
    std::sort(columns.begin(), columns.end(),
              [](const FeatureColumn& a, const FeatureColumn& b) { return a.name() < b.name(); });
    // All inputs come first: a table that is called like one gets another name.
    std::vector<Read> read;
    for (const FeatureColumn& column : columns) read.push_back(this->read(column));
    std::vector<std::string> parts;
    for (size_t i = 0; i < columns.size(); ++i) parts.push_back(column(columns[i], read[i], i));
    return parts.size() == 1 ? parts[0] : model_.node("Concat", parts, {{"axis", int64_t{1}}});
  }

  Read read(const FeatureColumn& column) {
    if (const auto* numeric = column.get_if<NumericColumn>()) return {.numbers = numbers(*numeric), .bags = {}};
    if (const auto* embedding = column.get_if<EmbeddingColumn>()) return {{}, bags(embedding->categorical_column)};
    if (const auto* indicator = column.get_if<IndicatorColumn>()) return {{}, bags(indicator->categorical_column)};
    return {{}, bags(*column.get_if<CategoricalColumn>())};
  }

  std::string column(const FeatureColumn& column, const Read& read, size_t place) {
    if (const auto* embedding = column.get_if<EmbeddingColumn>()) {
      return looked_up(*embedding, read.bags, *estimator_.input_layer().table(place));
    }
    if (column.get_if<NumericColumn>()) return read.numbers;
    // A bucketized column stands for its indicator.
    return counted(read.bags, column.width());
  }

  // One input a name: columns over the same feature read the same numbers.
  std::string input(const std::string& name, Number number, const std::vector<OnnxModel::Extent>& shape) {
    const auto [place, made] = inputs_.try_emplace(name, number);
    if (made) return model_.input(name, number, shape);
    if (place->second == number) return name;
    throw ValueError(
        fmt::format("[export_onnx] input '{}' can't be: got numbers and ids under one name, expected one of "
                    "them. Give the features other keys.",
                    name));
  }

  std::string numbers(const NumericColumn& column) {
    if (column.normalizer_fn) {
      throw ValueError(
          fmt::format("[export_onnx] column '{}' can't be written: got a normalizer_fn, expected none. "
                      "Normalise in the data, or feed the model in weft.",
                      column.key));
    }
    return input(column.key, Number::float32, {std::string("batch"), column.width()});
  }

  Bags bags(const CategoricalColumn& column) {
    if (const auto* bucketized = column.get_if<BucketizedColumn>()) return buckets(*bucketized);
    const auto* weighted = column.get_if<WeightedColumn>();
    const std::string name = weighted ? weighted->categorical_column->name() : column.name();
    const std::vector<OnnxModel::Extent> shape = {std::string("batch"), name + "_ids"};
    const std::string given = input(name, Number::int64, shape);
    const std::string zero = model_.integers({0});
    Bags out{.ids = model_.node("Max", {given, zero}), .weights = {}};
    out.weights = to_float(model_.node("GreaterOrEqual", {given, zero}));
    if (weighted) {
      const std::string factors = input(weighted->weight_feature_key, Number::float32, shape);
      // Selected, not multiplied: padding may hold anything.
      out.weights = model_.node("Where", {model_.node("GreaterOrEqual", {given, zero}), factors, model_.floats({0})});
    }
    return out;
  }

  // Element k of the source has its own ids: bucket + k * buckets.
  Bags buckets(const BucketizedColumn& column) {
    const std::string x = numbers(column.source_column);
    const std::string apart = model_.node("Unsqueeze", {x, model_.integers({2})});
    // NaN lies in the last bucket: it is below no boundary.
    const std::string below = to_float(model_.node("Less", {apart, model_.floats(column.boundaries)}));
    const auto boundaries = std::ssize(column.boundaries);
    const std::string passed =
        model_.node("Sub", {model_.scalar(static_cast<float>(boundaries)),
                            model_.node("ReduceSum", {below, model_.integers({2})}, {{"keepdims", int64_t{0}}})});
    std::vector<int64_t> first(static_cast<size_t>(column.source_column.width()));
    for (size_t k = 0; k < first.size(); ++k) first[k] = static_cast<int64_t>(k) * (boundaries + 1);
    const std::string bucket = model_.node("Cast", {passed}, {{"to", static_cast<int64_t>(Number::int64)}});
    return {.ids = model_.node("Add", {bucket, model_.integers(first)}),
            .weights = to_float(model_.node("GreaterOrEqual", {passed, model_.scalar(0)}))};
  }

  std::string to_float(const std::string& value) {
    return model_.node("Cast", {value}, {{"to", static_cast<int64_t>(Number::float32)}});
  }

  // [batch, ids] and [batch, ids, width] -> [batch, width].
  std::string weighted_sum(const std::string& weights, const std::string& rows) {
    const std::string row = model_.node("Unsqueeze", {weights, model_.integers({1})});
    return model_.node("Squeeze", {model_.node("MatMul", {row, rows}), model_.integers({1})});
  }

  std::string looked_up(const EmbeddingColumn& column, Bags bag, const Parameter& table) {
    if (column.use_safe_embedding_lookup && column.combiner != Combiner::sum) {
      bag.weights = model_.node("Max", {bag.weights, model_.floats({0})});  // weights <= 0 are dropped
    }
    const std::string rows = clipped(model_.node("Gather", {tensor(table), bag.ids}), column.max_norm);
    const std::string sum = weighted_sum(bag.weights, rows);
    if (column.combiner == Combiner::sum) return sum;
    const bool mean = column.combiner == Combiner::mean;
    const std::string parts = mean ? bag.weights : model_.node("Mul", {bag.weights, bag.weights});
    std::string divisor = model_.node("ReduceSum", {parts, model_.integers({1})}, {{"keepdims", int64_t{1}}});
    if (!mean) divisor = model_.node("Sqrt", {divisor});
    // An empty bag is zeros: 0 / 1.
    const std::string empty = model_.node("Equal", {divisor, model_.floats({0})});
    return model_.node("Div", {sum, model_.node("Where", {empty, model_.floats({1}), divisor})});
  }

  std::string clipped(const std::string& rows, const std::optional<float>& max_norm) {
    if (!max_norm) return rows;
    const std::string norm = model_.node("ReduceL2", {rows}, {{"axes", std::vector<int64_t>{2}}});
    const std::string limit = model_.floats({*max_norm});
    return model_.node("Mul", {rows, model_.node("Div", {limit, model_.node("Max", {norm, limit})})});
  }

  std::string counted(const Bags& bag, int64_t width) {
    const std::string depth = model_.integers({width});
    return weighted_sum(bag.weights, model_.node("OneHot", {bag.ids, depth, model_.floats({0, 1})}));
  }

  std::string tensor(const Parameter& parameter) {
    const auto shape = parameter.shape().extents();
    return model_.tensor(parameter.name(), {shape.begin(), shape.end()}, parameter.value());
  }
  std::string tensor(const std::string& name) { return tensor(*params_.find(name)); }

  std::string dense(const std::string& x, const std::string& name, const std::string& output = {}) {
    return model_.node("Gemm", {x, tensor(name + "/kernel"), tensor(name + "/bias")}, {}, output);
  }

  std::string hidden_layers(std::string x) {
    const DnnNetworkOptions& options = estimator_.network().options();
    for (int64_t i = 0; i < std::ssize(options.hidden_units); ++i) {
      x = activated(dense(x, hidden_layer_name(i)), options.activation_fn);
      if (!options.batch_norm) continue;
      const std::string norm = batch_norm_name(i);
      x = model_.node("BatchNormalization",
                      {x, tensor(norm + "/gamma"), tensor(norm + "/beta"), tensor(norm + "/moving_mean"),
                       tensor(norm + "/moving_variance")},
                      {{"epsilon", BatchNormLayerOptions{}.epsilon}});
    }
    return x;
  }

  std::string activated(const std::string& x, Activation activation) {
    if (activation == nullptr) return x;
    if (activation == relu) return model_.node("Relu", {x});
    if (activation == relu6) return model_.node("Clip", {x, model_.scalar(0), model_.scalar(6)});
    if (activation == leaky_relu) return model_.node("LeakyRelu", {x}, {{"alpha", 0.2f}});
    if (activation == elu) return model_.node("Elu", {x});
    if (activation == selu) return model_.node("Selu", {x});
    if (activation == weft::tanh) return model_.node("Tanh", {x});
    if (activation == sigmoid) return model_.node("Sigmoid", {x});
    if (activation == softplus) return model_.node("Softplus", {x});
    if (activation == swish) return model_.node("Mul", {x, model_.node("Sigmoid", {x})});
    if (activation == gelu) {
      const std::string part = model_.node("Erf", {model_.node("Mul", {x, model_.scalar(0.70710678f)})});
      const std::string half = model_.node("Mul", {x, model_.scalar(0.5f)});
      return model_.node("Mul", {half, model_.node("Add", {part, model_.scalar(1)})});
    }
    throw ValueError(
        "[export_onnx] activation_fn can't be written: got one that ONNX has no operator for, expected one "
        "of relu, relu6, leaky_relu, elu, selu, gelu, swish, tanh, sigmoid, softplus. Train with one of them.");
  }

  void outputs() {
    const Head& head = estimator_.head();
    const int64_t units = head.logits_dimension();
    const auto out = [&](const char* name, int64_t width) {
      model_.output(name, Number::float32, {std::string("batch"), width});
    };
    out("logits", units);
    if (head.get_if<RegressionHead>()) return out("predictions", units);
    const auto* classes = head.get_if<ClassHead>();
    const bool binary = classes && classes->binary();
    if (binary) out("logistic", units);
    out("probabilities", binary ? 2 : units);
  }

  void head(const std::string& logits) {
    const Head& head = estimator_.head();
    if (head.get_if<RegressionHead>()) {
      model_.node("Identity", {logits}, {}, "predictions");
      return;
    }
    const auto* classes = head.get_if<ClassHead>();
    if (classes && !classes->binary()) {
      model_.node("Softmax", {logits}, {{"axis", int64_t{1}}}, "probabilities");
      return;
    }
    const std::string logistic = model_.node("Sigmoid", {logits}, {}, classes ? "logistic" : "probabilities");
    if (!classes) return;
    // 1 - p by the sigmoid of -x, which keeps its digits where p is near 1.
    const std::string other = model_.node("Sigmoid", {model_.node("Neg", {logits})});
    model_.node("Concat", {other, logistic}, {{"axis", int64_t{1}}}, "probabilities");
  }

  const DNNEstimator& estimator_;
  const ParameterStore& params_;
  OnnxModel model_{"weft"};
  std::map<std::string, Number> inputs_;
};

}  // namespace

void export_onnx(const DNNEstimator& estimator, const std::string& path, const ExportOnnxOptions& options) {
  Exporter(estimator).build().write(path, options.inline_bytes);
}

TEST_CASE("export_onnx: a shared table is written once, under its name") {
  const auto columns = shared_embedding_columns({categorical_column_with_identity({.key = "a", .num_buckets = 50}),
                                                 categorical_column_with_identity({.key = "b", .num_buckets = 50})},
                                                {.dimension = 16});
  DNNClassifier model({.hidden_units = {4}, .feature_columns = columns});
  const TestDirectory directory;
  export_onnx(model, directory.file("model.onnx"));
  const std::string bytes = directory.text("model.onnx");
  // The table is 3200 bytes, the layers' 33 * 4 + 4 + 1 numbers less than 600.
  CHECK(bytes.size() > 3200);
  CHECK(bytes.size() < 2 * 3200);
  for (const char* name : {"a_b_shared_embedding/embedding_weights", "dnn/logits/kernel", "a_ids", "probabilities"}) {
    CHECK(bytes.find(name) != std::string::npos);
  }
  CHECK(directory.entries() == 1);
}

TEST_CASE("export_onnx: what ONNX can't say is refused, and no file is written") {
  const TestDirectory directory;
  const auto halved = numeric_column({.key = "x", .normalizer_fn = [](float x) { return x / 2; }});
  DNNClassifier normalised({.hidden_units = {2}, .feature_columns = halved});
  CHECK_THROWS_WITH_AS(
      export_onnx(normalised, directory.file("m")),
      "[export_onnx] column 'x' can't be written: got a normalizer_fn, expected none. Normalise in the "
      "data, or feed the model in weft.",
      ValueError);
  DNNClassifier own({.hidden_units = {2}, .feature_columns = numeric_column({.key = "x"}), .activation_fn = [](Var x) {
                       return relu(x);
                     }});
  CHECK_THROWS_AS(export_onnx(own, directory.file("m")), ValueError);
  const auto ids = indicator_column(categorical_column_with_identity({.key = "x", .num_buckets = 3}));
  DNNClassifier both({.hidden_units = {2}, .feature_columns = {ids, numeric_column({.key = "x"})}});
  CHECK_THROWS_AS(export_onnx(both, directory.file("m")), ValueError);
  CHECK(directory.entries() == 0);
}

}  // namespace weft
