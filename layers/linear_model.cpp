// LinearModel: categorical columns look their weights up, dense ones are multiplied with theirs; one op adds all.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/core/ops/weighted_sum.h>
#include <weft/layers/column_parts.h>
#include <weft/layers/embedding_table.h>
#include <weft/layers/input_columns.h>
#include <weft/layers/linear_model.h>

#include <set>

namespace weft {
namespace {

InputLayerOptions names_of(const LinearModelOptions& options) {
  return {.scope = options.scope, .shared_table_name = options.shared_table_name, .plain_names = true};
}

}  // namespace

struct LinearModel::State {
  ColumnParts parts{{.where = "linear_model"}};
  std::vector<WeightedBlock> blocks;
  std::vector<Place> places;
  Parameter* bias = nullptr;

  void add(ParameterStore& params, const FeatureColumn& column, const std::string& variable,
           const LinearModelOptions& options);
};

void LinearModel::State::add(ParameterStore& params, const FeatureColumn& column, const std::string& variable,
                             const LinearModelOptions& options) {
  const auto* categorical = column.get_if<CategoricalColumn>();
  const std::string name = column.name();
  ColumnPart part = categorical != nullptr ? ColumnPart{.name = name, .column = column, .width = options.units}
                                           : input_part(params, name, column, names_of(options));
  const int64_t inputs = categorical != nullptr ? categorical->num_buckets() : part.width;
  Parameter& weights = params.add({.name = variable,
                                   .shape = {inputs, options.units},
                                   .initializer = zeros_initializer(),
                                   .trainable = options.trainable,
                                   .table = categorical != nullptr});
  if (categorical != nullptr) {
    part.table = &weights;
    part.lookup = {.combiner = options.sparse_combiner, .name = name};
  } else {
    part.keys = bag_keys(column);
  }
  places.push_back({name, &weights});
  blocks.push_back({.first = parts.width(),
                    .width = part.width,
                    .kernel = categorical != nullptr ? nullptr : &weights,
                    .constant = part.table == nullptr});
  parts.add(std::move(part));
}

namespace {

// TensorFlow opens a scope a column: that of shared_embedding_columns bears the collection's name, and a second one of
// a name gets a number.
std::string variable_of(const FeatureColumn& column, const std::string& scope, std::set<std::string>& taken) {
  const auto* embedding = column.get_if<EmbeddingColumn>();
  const bool v1 = embedding != nullptr && embedding->table->origin == EmbeddingTable::Origin::shared_v1;
  const std::string name = plain_name(v1 ? embedding->table->name : column.name());
  std::string free = name;
  for (int i = 1; !taken.insert(free).second; ++i) free = fmt::format("{}_{}", name, i);
  return scope + "/" + free + "/weights";
}

}  // namespace

LinearModel::LinearModel(ParameterStore& params, const FeatureColumns& columns, const LinearModelOptions& options)
    : state_(std::make_unique<State>()) {
  if (options.units < 1) {
    throw ValueError(
        fmt::format("[linear_model] units: got {}, expected at least 1. Dimension {} must be >= 0. Give "
                    "the numbers of a result.",
                    options.units, options.units));
  }
  const auto sorted = linear_columns(columns, names_of(options));
  NewParameters made(params);
  std::set<std::string> taken;
  for (const auto& [name, column] : sorted) {
    state_->add(params, column, variable_of(column, options.scope, taken), options);
  }
  state_->bias = &params.add({.name = options.scope + "/bias_weights",
                              .shape = {options.units},
                              .initializer = zeros_initializer(),
                              .trainable = options.trainable});
  made.keep();
}

LinearModel::LinearModel(LinearModel&&) noexcept = default;
LinearModel& LinearModel::operator=(LinearModel&&) noexcept = default;
LinearModel::~LinearModel() = default;

int64_t LinearModel::units() const {
  return state_->bias->value().size();
}
const std::vector<LinearModel::Place>& LinearModel::places() const {
  return state_->places;
}
Parameter& LinearModel::bias() const {
  return *state_->bias;
}

void LinearModel::prepare(Features& features) const {
  state_->parts.prepare(features);
}

Var LinearModel::operator()(Tape& tape, const Features& features) const {
  const ColumnParts& parts = state_->parts;
  const Var x = parts(tape, features, [&](const std::vector<Ids>& ids) { return parts.check_rows(features, ids); });
  return weighted_sum(x, state_->blocks, *state_->bias);
}

std::optional<RowOrigin> LinearModel::origin(const Parameter& table, int64_t row, const Features& features,
                                             int64_t example) const {
  return state_->parts.origin(table, row, features, example);
}

std::vector<ColumnCounts> LinearModel::counts() const {
  return state_->parts.counts();
}

void LinearModel::reset_counts() {
  state_->parts.reset_counts();
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
using FloatRows = std::vector<std::vector<float>>;

weft::CategoricalColumn identity_of(const char* key, int64_t buckets = 4) {
  return weft::categorical_column_with_identity({.key = key, .num_buckets = buckets});
}

// 1, 2, 3, ... times `scale` in the weights of a column.
void number_weights(const weft::LinearModel& model, size_t place, float scale = 1.0f) {
  const weft::RowsView view = model.places()[place].weights->value();
  for (int64_t i = 0; i < view.size(); ++i) view.data[i] = scale * static_cast<float>(i + 1);
}

weft::Features linear_features() {
  weft::Features features;
  features["a"] = weft::sparse_feature(IntegerRows{{0, 3, 3}, {}});
  features["x"] = weft::dense_feature(std::vector<float>{0.5f, -1});
  return features;
}
}  // namespace

TEST_CASE("linear model: weights of ids and numbers add, gradients of ids stay rows") {
  using namespace weft;
  ParameterStore params;
  const LinearModel model(params, {numeric_column({.key = "x"}), identity_of("a")});
  CHECK(params.size() == 3);
  CHECK(&params.at("linear_model/a/weights") == model.places()[0].weights);
  CHECK(params.at("linear_model/a/weights").shape() == Shape{4, 1});
  CHECK(params.at("linear_model/x/weights").shape() == Shape{1, 1});
  CHECK(&params.at("linear_model/bias_weights") == &model.bias());
  Tape zero;
  CHECK(model(zero, linear_features()).value()[0] == 0);
  number_weights(model, 0);
  number_weights(model, 1, 10);
  model.bias().value().data[0] = 100;
  Tape tape;
  const Var out = model(tape, linear_features());
  CHECK(out.shape() == Shape{2, 1});
  CHECK(out.value()[0] == 100 + 1 + 4 + 4 + 5);
  CHECK(out.value()[1] == 100 - 10);
  tape.backward(out, Tensor({2, 1}, {1, 2}));
  CHECK(model.places()[0].weights->dense_gradient() == nullptr);
  const CoalescedRows rows = coalesced(*model.places()[0].weights);
  CHECK(rows.rows == std::vector<int64_t>{0, 3});
  CHECK(rows.gradients[0] == 1);
  CHECK(rows.gradients[1] == 2);
  CHECK(model.places()[1].weights->dense_gradient()[0] == -1.5f);
  CHECK(model.bias().dense_gradient()[0] == 3);
}

TEST_CASE("linear model: units, the combiner, and weights that are not trained") {
  using namespace weft;
  ParameterStore params;
  const LinearModel model(params, identity_of("a"),
                          {.scope = "linear/linear_model", .units = 2, .sparse_combiner = Combiner::mean});
  number_weights(model, 0);
  Tape tape;
  const Var out = model(tape, linear_features());
  CHECK(model.units() == 2);
  CHECK(out.value()[0] == doctest::Approx((1 + 7 + 7) / 3.0));
  CHECK(out.value()[1] == doctest::Approx((2 + 8 + 8) / 3.0));
  CHECK(out.value()[2] == 0);
  CHECK(params.find("linear/linear_model/bias_weights") != nullptr);
  ParameterStore others;
  const LinearModel still(others, {identity_of("a"), numeric_column({.key = "x"})}, {.trainable = false});
  Tape other;
  other.backward(still(other, linear_features()), Tensor({2, 1}, {1, 1}));
  for (const Parameter& parameter : others) CHECK_FALSE(parameter.has_gradient());
}

TEST_CASE("linear model: columns of every kind, prepared or not") {
  using namespace weft;
  ParameterStore params;
  const auto a = identity_of("a");
  const auto w = weighted_categorical_column(a, {.weight_feature_key = "w"});
  const auto shared = shared_embedding_columns(
      {a, identity_of("b")}, {.dimension = 1, .combiner = Combiner::sum, .initializer = constant_initializer(2)});
  LinearModel model(params, {w, bucketized_column(numeric_column({.key = "x"}), {0}), indicator_column(a), shared,
                             crossed_column({"a", "b"}, {.hash_bucket_size = 1})});
  // In ASCII order; TensorFlow's scope of a shared embedding is its collection's, the second one numbered.
  std::vector<std::string> names;
  for (const auto& place : model.places()) names.push_back(place.weights->name());
  CHECK(names ==
        std::vector<std::string>{"linear_model/a_X_b/weights", "linear_model/a_indicator/weights",
                                 "linear_model/a_b_shared_embedding/weights", "linear_model/a_weighted_by_w/weights",
                                 "linear_model/a_b_shared_embedding_1/weights", "linear_model/x_bucketized/weights"});
  CHECK(params.find("linear_model/a_b_shared_embedding/embedding_weights") != nullptr);
  for (size_t i = 0; i < names.size(); ++i) number_weights(model, i);
  Features features = linear_features();
  features["b"] = dense_feature(std::vector<int64_t>{1, 2});
  features["w"] = sparse_feature(FloatRows{{0.5f, -1, 3}, {}});
  // Example 0: crosses 3, indicator 1 + 2 * 4, a's rows 3 * 2, weighted 0.5 - 4 + 12, b's row 2, bucket 2.
  // Example 1: b's row 2, bucket 1.
  for (const bool prepared : {false, true}) {
    if (prepared) model.prepare(features);
    Tape tape;
    const Var out = model(tape, features);
    CHECK(out.value()[0] == 3 + 9 + 6 + 8.5f + 2 + 2);
    CHECK(out.value()[1] == 3);
    tape.backward(out, Tensor({2, 1}, {1, 1}));
  }
  CHECK(model.counts()[0].column == "a_X_b");
  CHECK(model.counts()[0].counts.values == 6);
  model.reset_counts();
  CHECK(model.counts()[0].counts.values == 0);
  const Parameter& table = params.at("linear_model/a_b_shared_embedding/embedding_weights");
  CHECK(table.row_gradient().shares.size() == 4);
}

TEST_CASE("linear model: dense ids of any rank are one bag an example") {
  using namespace weft;
  ParameterStore params;
  const auto words = categorical_column_with_vocabulary_list({.key = "v", .vocabulary_list = {"x", "y"}});
  const LinearModel model(params, {identity_of("a"), words});
  number_weights(model, 0);
  number_weights(model, 1, 10);
  Features features;
  Feature& a = features["a"];
  a = dense_feature(std::vector<int64_t>{1, -1, 2, 3, -1, -1, 0, -1});
  a.shape = {2, 2, 2};
  features["v"] = sparse_feature(std::vector<std::vector<std::string_view>>{{"x", "", "y"}, {"", "?", ""}});
  features["v"].sparse = false;
  Tape tape;
  const Var out = model(tape, features);
  CHECK(out.value()[0] == 2 + 3 + 4 + 10 + 20);
  CHECK(out.value()[1] == 1);
}

TEST_CASE("linear model: what can't be, leaves the store as it was") {
  using namespace weft;
  ParameterStore params;
  const auto refuses = [&](const FeatureColumns& columns, const LinearModelOptions& options, const char* text) {
    CHECK_THROWS_WITH_AS(LinearModel(params, columns, options), doctest::Contains(text), ValueError);
    CHECK(params.size() == 0);
  };
  refuses({}, {}, "feature_columns must not be empty.");
  refuses({identity_of("a"), identity_of("a", 5)}, {}, "Duplicate feature column name found");
  refuses(identity_of("a"), {.units = 0}, "units: got 0, expected at least 1.");
  refuses(identity_of("a b"), {}, "'a b' is not a valid scope name");
  refuses({identity_of("a/b"), sequence_numeric_column({.key = "n"})}, {}, "either a DenseColumn or CategoricalColumn");
  const LinearModel model(params, {identity_of("a"), numeric_column({.key = "x"})});
  CHECK_THROWS_AS(LinearModel(params, {identity_of("Z"), identity_of("a")}), ValueError);
  CHECK(params.find("linear_model/Z/weights") == nullptr);
  Features features = linear_features();
  features["x"] = dense_feature(std::vector<float>{1, 2, 3});
  Tape tape;
  CHECK_THROWS_WITH_AS(model(tape, features), doctest::Contains("Batch size of columns (a, x): (2, 3)"), ValueError);
  features["a"] = sparse_feature(IntegerRows{{1}, {4}, {}});
  CHECK_THROWS_WITH_AS(model(tape, features), doctest::Contains("4 is not in [0, 4)"), ValueError);
}
