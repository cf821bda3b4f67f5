// Tests of InputLayer.
#include <doctest/doctest.h>
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/core/row_places.h>
#include <weft/layers/input_layer.h>

#include <thread>

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;

weft::CategoricalColumn identity(const char* key, int64_t buckets = 4) {
  return weft::categorical_column_with_identity({.key = key, .num_buckets = buckets});
}

// Row i of a table is (10 i, 10 i + 1, ...).
void count_rows(std::span<float> out, int64_t first, const weft::Shape& shape, const weft::RandomStream&) {
  for (float& x : out) {
    x = static_cast<float>(10 * (first / shape[1]) + first % shape[1]);
    ++first;
  }
}

std::vector<weft::FeatureColumn> shared_a_b() {
  return weft::shared_embedding_columns(
      {identity("a"), identity("b")},
      {.dimension = 2, .combiner = weft::Combiner::sum, .initializer = weft::Initializer(count_rows)});
}

weft::Features features_a_b() {
  weft::Features features;
  features["a"] = weft::sparse_feature(IntegerRows{{1, 2}, {}});
  features["b"] = weft::sparse_feature(IntegerRows{{3}, {1}});
  return features;
}

[[maybe_unused]] std::vector<float> numbers(const weft::Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}
}  // namespace

TEST_CASE("input layer: columns that share read one parameter, and its gradient holds both") {
  using namespace weft;
  ParameterStore params;
  const InputLayer input(params, shared_a_b());
  CHECK(params.size() == 1);
  CHECK(input.width() == 4);
  Parameter& table = params.at("input_layer/a_b_shared_embedding/embedding_weights");
  CHECK(table.shape() == Shape{4, 2});

  Tape tape;
  const Var out = input(tape, features_a_b());
  CHECK(numbers(out.value()) == std::vector<float>{30, 32, 30, 31, 0, 0, 10, 11});
  tape.backward(out, Tensor({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  const CoalescedRows gradient = coalesced(table);
  // Row 1 is read by a (row 0) and by b (row 1); row 0 is touched by a's empty bag.
  CHECK(gradient.rows == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(numbers(gradient.gradients) == std::vector<float>{0, 0, 8, 10, 1, 2, 3, 4});
}

TEST_CASE("input layer: one table a store, also in two layers; two models have two tables") {
  using namespace weft;
  const auto columns = shared_a_b();
  ParameterStore one, other;
  const InputLayer user(one, columns[0], {.scope = "user"}), item(one, columns[1], {.scope = "item"});
  CHECK(one.size() == 1);
  const InputLayer second(other, columns);
  CHECK(other.size() == 1);
  one.begin()->value().data[2] = 100;
  Tape tape;
  CHECK(numbers(item(tape, features_a_b()).value()) == std::vector<float>{30, 31, 100, 11});
  CHECK(numbers(second(tape, features_a_b()).value()) == std::vector<float>{30, 32, 30, 31, 0, 0, 10, 11});
}

TEST_CASE("input layer: columns of all kinds come in ASCII order of their names") {
  using namespace weft;
  ParameterStore params;
  const auto embed = [](const char* key) {
    return embedding_column(identity(key),
                            {.dimension = 1, .combiner = Combiner::sum, .initializer = Initializer(count_rows)});
  };
  const auto x = numeric_column({.key = "x", .shape = {2}});
  const InputLayer input(params, {x, embed("z"), embed("a"), indicator_column(identity("a", 3)),
                                  bucketized_column(numeric_column({.key = "M"}), {0})});
  std::vector<std::string> names;
  for (const auto& place : input.places()) names.push_back(place.column);
  CHECK(names == std::vector<std::string>{"M_bucketized", "a_embedding", "a_indicator", "x", "z_embedding"});
  CHECK(input.places()[3].first == 6);
  CHECK(input.width() == 9);
  CHECK(params.find("input_layer/z_embedding/embedding_weights") != nullptr);

  Features features;
  features["a"] = sparse_feature(IntegerRows{{1, 1}, {2}});
  features["z"] = sparse_feature(IntegerRows{{3}, {}});
  features["M"] = dense_feature(std::vector<float>{-1, 1});
  features["x"] = dense_feature(std::vector<float>{0.5f, 1.5f, 2.5f, 3.5f});
  features["x"].shape = {2, 2};
  Tape tape;
  CHECK(numbers(input(tape, features).value()) ==
        std::vector<float>{1, 0, 20, 0, 2, 0, 0.5f, 1.5f, 30, 0, 1, 20, 0, 0, 1, 2.5f, 3.5f, 0});
}

TEST_CASE("input layer: ids are made ahead once, and only by this layer") {
  using namespace weft;
  ParameterStore params, others;
  const InputLayer input(params, shared_a_b()), other(others, shared_a_b());
  Features features = features_a_b();
  input.prepare(features);
  features["a"].integers[0] = 0;  // seen by the layer that did not prepare, and by no other
  Tape tape;
  CHECK(numbers(input(tape, features).value())[0] == 30);
  CHECK(numbers(other(tape, features).value())[0] == 20);
  other.prepare(features);
  CHECK(numbers(input(tape, features).value())[0] == 30);
  features["a"] = dense_feature(std::vector<float>{1});
  CHECK_THROWS_AS(input.prepare(features), ValueError);
  CHECK_THROWS_AS(input(tape, features), ValueError);
  CHECK_NOTHROW(other(tape, features));
}

namespace {
// Bags of up to 6 ids, some of them empty or out of range.
[[maybe_unused]] weft::Features many_bags(uint64_t seed, int64_t bags) {
  weft::Features features;
  for (const char* key : {"a", "b", "c"}) {
    IntegerRows rows;
    for (int64_t bag = 0; bag < bags; ++bag) {
      auto& row = rows.emplace_back();
      for (int64_t i = 0; i < (bag * 5 + key[0]) % 7; ++i) {
        row.push_back(static_cast<int64_t>((seed * 31 + static_cast<uint64_t>(bag * bag + i * 7919)) % 200) - 3);
      }
    }
    features[key] = weft::sparse_feature(rows);
  }
  return features;
}
}  // namespace

TEST_CASE("input layer: what a step makes of ids alone is made ahead once there was a step, with the same bits") {
  using namespace weft;
  ParameterStore params;
  const auto column = [](const char* key) {
    return categorical_column_with_identity({.key = key, .num_buckets = 190, .default_value = 7});
  };
  std::vector<FeatureColumn> columns = shared_embedding_columns({column("a"), column("b")}, {.dimension = 3});
  columns.push_back(
      embedding_column(weighted_categorical_column(column("c"), {.weight_feature_key = "w"}), {.dimension = 20}));
  const InputLayer input(params, columns);
  // A batch whose sums are made in one go, and one whose sums are not; the memory of the former is used again.
  for (const int64_t bags : {50, 4000, 60}) {
    Features features = many_bags(static_cast<uint64_t>(bags), bags);
    features["w"] = features.at("c");
    Feature& weights = features["w"];
    weights.type = DataType::float32;
    for (const int64_t id : weights.integers) weights.floats.push_back(0.25f * static_cast<float>(id % 5));
    weights.integers.clear();
    std::vector<std::vector<float>> outputs, gradients;
    for (int time = 0; time < 4; ++time) {
      if (time > 0) input.prepare(features);
      Tape tape;
      const Var out = input(tape, features);
      Tensor dout(out.shape());
      random_normal_initializer()(dout.values(), 0, dout.shape(), {3, 4});
      tape.backward(out, dout);
      outputs.push_back(numbers(out.value()));
      auto& gradient = gradients.emplace_back();
      for (Parameter& table : params) {
        const bool together = have_places_together(table.row_gradient().shares);
        if (table.shape()[1] == 3) CHECK(together == (bags < 1000 && time > (bags == 50 ? 1 : 0)));
        const CoalescedRows rows = coalesced(table);
        gradient.insert(gradient.end(), rows.rows.begin(), rows.rows.end());
        gradient.insert(gradient.end(), rows.gradients.values().begin(), rows.gradients.values().end());
        table.clear_gradient();
      }
      CHECK(outputs.back() == outputs[0]);
      CHECK(gradients.back() == gradients[0]);
    }
  }
}

TEST_CASE("input layer: what is dropped is counted, prepared or not") {
  using namespace weft;
  ParameterStore params;
  const auto words = categorical_column_with_vocabulary_list({.key = "v", .vocabulary_list = {"x", "y"}});
  const auto numbers_column = weighted_categorical_column(
      categorical_column_with_identity({.key = "i", .num_buckets = 5}), {.weight_feature_key = "w"});
  InputLayer input(params,
                   {embedding_column(words, {.dimension = 2}), embedding_column(numbers_column, {.dimension = 2}),
                    indicator_column(numbers_column), numeric_column({.key = "n"})});
  Features features;
  features["v"] = sparse_feature(std::vector<std::vector<std::string_view>>{{"x", "?"}, {"?"}});
  features["i"] = sparse_feature(IntegerRows{{1, -2}, {3}});
  features["w"] = sparse_feature(std::vector<std::vector<float>>{{0.0f, 1.0f}, {2.0f}});
  features["n"] = dense_feature(std::vector<float>{1, 2});
  Tape tape;
  input(tape, features);
  input.prepare(features);
  input(tape, features);
  CHECK(to_string(input.counts()) ==
        "i_weighted_by_w_embedding: 6 values, 2 negative, 2 of weight 0 or less, 2 of 4 bags empty\n"
        "i_weighted_by_w_indicator: 6 values, 2 negative\n"
        "v_embedding: 6 values, 4 out of vocabulary, 2 of 4 bags empty");
  input.reset_counts();
  CHECK(input.counts()[0].counts == IdCounts{});
}

TEST_CASE("input layer: several threads at once") {
  using namespace weft;
  ParameterStore params;
  const InputLayer input(params, shared_a_b());
  std::vector<int> right(4, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 200; ++i) {
        const auto id = (i + static_cast<int64_t>(t)) % 4;
        Features features;
        features["a"] = sparse_feature(IntegerRows{{id}});
        features["b"] = sparse_feature(IntegerRows{{id}});
        Tape tape(Tape::Options{.record = false});
        right[t] += input(tape, features).value()[0] == static_cast<float>(10 * id) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(4, 200));
}

TEST_CASE("input layer: a table that is not trained gets no gradient") {
  using namespace weft;
  ParameterStore params;
  const InputLayer input(params, {embedding_column(identity("a"), {.dimension = 2, .trainable = false}),
                                  embedding_column(identity("b"), {.dimension = 2})});
  Tape tape;
  const Var out = input(tape, features_a_b());
  tape.backward(sum(out));
  CHECK_FALSE(params.at("input_layer/a_embedding/embedding_weights").has_gradient());
  CHECK(params.at("input_layer/b_embedding/embedding_weights").has_gradient());
}

TEST_CASE("input layer: features that don't fit") {
  using namespace weft;
  ParameterStore params;
  const InputLayer input(params, shared_a_b());
  Tape tape;
  const auto refuses = [&](const Features& features, const char* text) {
    CHECK_THROWS_WITH_AS(input(tape, features), doctest::Contains(text), ValueError);
  };
  Features features = features_a_b();
  features["a"] = sparse_feature(IntegerRows{{1}, {2}, {3}});
  refuses(features, "Batch size of columns (a_shared_embedding, b_shared_embedding): (3, 2)");
  features["a"] = dense_feature(std::vector<int64_t>{1, 2, 3, 1, 2, 3, 1, 2});
  features["a"].shape = {2, 2, 2};
  refuses(features, "Cannot reshape a tensor with 8 elements to shape [2,2] (4 elements)");
  features["a"] = dense_feature(std::vector<float>{1, 2});
  refuses(features, "Invalid input, not integer. key: a dtype: <dtype: 'float32'>");
  features["a"] = sparse_feature(IntegerRows{{1}, {4}});
  refuses(features, "4 is not in [0, 4)");
  refuses(Features(), "Feature a is not in features dictionary");
}

TEST_CASE("input layer: one that can't be made leaves the store as it was") {
  using namespace weft;
  ParameterStore params;
  const InputLayer first(params, shared_a_b());
  const auto missing = categorical_column_with_vocabulary_file(
      {.key = "z", .vocabulary_file = "no/such/file.txt", .vocabulary_size = 3});
  CHECK_THROWS_AS(InputLayer(params, {embedding_column(identity("c"), {.dimension = 2}), shared_a_b(),
                                      embedding_column(missing, {.dimension = 2})}),
                  IoError);
  CHECK(params.size() == 1);
  CHECK_NOTHROW(InputLayer(params, embedding_column(identity("c"), {.dimension = 2})));
}

TEST_CASE("input layer: an indicator's ids out of range are counted, for they count nowhere") {
  using namespace weft;
  ParameterStore params;
  const InputLayer input(params, indicator_column(identity("a")));
  Features features;
  features["a"] = sparse_feature(IntegerRows{{1, -1, 9}, {4}, {-2}, {}, {3}});
  Tape tape;
  input(tape, features);
  CHECK(input.counts()[0].counts ==
        IdCounts{.bags = 5, .values = 6, .out_of_vocabulary = 2, .negative_ids = 2, .empty_bags = 3});
}
