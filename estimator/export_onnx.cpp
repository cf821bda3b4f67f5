// export_onnx: the input columns, the layers and the head as ONNX's operators.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/dnn_classifier.h>
#include <weft/estimator/export_onnx.h>
#include <weft/estimator/export_onnx_bags.h>
#include <weft/estimator/export_onnx_inputs.h>
#include <weft/estimator/naming.h>
#include <weft/estimator/networks/dnn_network.h>
#include <weft/io/formats/onnx_model.h>

#include <algorithm>

namespace weft {
namespace {

using Number = OnnxModel::Number;

// What a column reads: numbers [batch, width] or ids.
struct Read {
  std::string numbers;
  OnnxBags bags;
};

class Exporter {
 public:
  Exporter(const DNNEstimator& estimator, OnnxInput input)
      : estimator_(estimator), params_(estimator.params()), inputs_(model_, input) {}

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
    if (const auto* numeric = column.get_if<NumericColumn>()) return {.numbers = inputs_.numbers(*numeric), .bags = {}};
    if (const auto* embedding = column.get_if<EmbeddingColumn>())
      return {{}, inputs_.bags(embedding->categorical_column)};
    if (const auto* indicator = column.get_if<IndicatorColumn>())
      return {{}, inputs_.bags(indicator->categorical_column)};
    return {{}, inputs_.bags(*column.get_if<CategoricalColumn>())};
  }

  std::string column(const FeatureColumn& column, const Read& read, size_t place) {
    if (const auto* embedding = column.get_if<EmbeddingColumn>()) {
      return looked_up(*embedding, read.bags, *estimator_.input_layer().table(place));
    }
    if (column.get_if<NumericColumn>()) return read.numbers;
    // A bucketized column stands for its indicator.
    return counted(read.bags, column.width());
  }

  std::string looked_up(const EmbeddingColumn& column, OnnxBags bags, const Parameter& table) {
    const std::string rows = clipped(model_.node("Gather", {tensor(table), bags.ids}), column.max_norm);
    if (column.combiner == Combiner::sum) return summed(bags, weighted_sum(model_, bags.weights, rows));
    const std::string zero = model_.floats({0});
    if (column.use_safe_embedding_lookup) {  // weights <= 0 are dropped, and NaN
      bags.weights = model_.node("Where", {model_.node("Greater", {bags.weights, zero}), bags.weights, zero});
    }
    const std::string sum = summed(bags, weighted_sum(model_, bags.weights, rows));
    const bool mean = column.combiner == Combiner::mean;
    const std::string parts = mean ? bags.weights : model_.node("Mul", {bags.weights, bags.weights});
    std::string divisor =
        summed(bags, model_.node("ReduceSum", {parts, model_.integers({1})}, {{"keepdims", int64_t{1}}}));
    if (!mean) divisor = model_.node("Sqrt", {divisor});
    // An empty bag is zeros, and so is one whose weights cancel out.
    const std::string none = model_.node("Equal", {divisor, zero});
    return model_.node("Mul", {sum, model_.node("Where", {none, zero, model_.node("Reciprocal", {divisor})})});
  }

  // [rows, width] -> [batch, width].
  std::string summed(const OnnxBags& bags, const std::string& values) {
    return bags.pieces ? sum_pieces(model_, *bags.pieces, values) : values;
  }

  std::string clipped(const std::string& rows, const std::optional<float>& max_norm) {
    if (!max_norm) return rows;
    const std::string norm = model_.node("ReduceL2", {rows}, {{"axes", std::vector<int64_t>{2}}});
    const std::string limit = model_.floats({*max_norm});
    return model_.node("Mul", {rows, model_.node("Div", {limit, model_.node("Max", {norm, limit})})});
  }

  std::string counted(const OnnxBags& bags, int64_t width) {
    const std::string each = model_.node("OneHot", {bags.ids, model_.integers({width}), model_.floats({0, 1})});
    return summed(bags, weighted_sum(model_, bags.weights, each));
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
  OnnxInputs inputs_;
};

}  // namespace

void export_onnx(const DNNEstimator& estimator, const std::string& path, const ExportOnnxOptions& options) {
  Exporter(estimator, options.input).build().write(path, options.inline_bytes);
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
  const auto column = [](const char* key) {
    return indicator_column(categorical_column_with_identity({.key = key, .num_buckets = 3}));
  };
  DNNClassifier taken({.hidden_units = {2}, .feature_columns = {column("x"), column("x_offsets")}});
  CHECK_THROWS_WITH_AS(export_onnx(taken, directory.file("m"), {.input = OnnxInput::offsets}),
                       "[export_onnx] input 'x_offsets' can't be: got offsets and ids under one name, expected one of "
                       "them. Give the features other keys.",
                       ValueError);
  CHECK(directory.entries() == 0);
  export_onnx(taken, directory.file("padded"));
}

TEST_CASE("export_onnx: with offsets, columns that read the same ids share them, and cut them once") {
  const auto x = categorical_column_with_identity({.key = "x", .num_buckets = 3});
  const auto weighted = weighted_categorical_column(x, {.weight_feature_key = "w"});
  DNNClassifier one({.hidden_units = {2}, .feature_columns = indicator_column(x)});
  DNNClassifier two({.hidden_units = {2}, .feature_columns = {indicator_column(x), indicator_column(weighted)}});
  const TestDirectory directory;
  const auto count = [&](const DNNEstimator& model, const std::string& what) {
    export_onnx(model, directory.file("m.onnx"), {.input = OnnxInput::offsets});
    const std::string bytes = directory.text("m.onnx");
    int found = 0;
    for (size_t at = bytes.find(what); at != std::string::npos; at = bytes.find(what, at + 1)) ++found;
    return found;
  };
  CHECK(count(one, "CumSum") > 0);
  CHECK(count(two, "CumSum") == count(one, "CumSum"));
  CHECK(count(two, "x_bags_and_1") == 1);
}

}  // namespace weft
