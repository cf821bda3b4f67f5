// Tests of SequenceInputLayer.
#include <doctest/doctest.h>
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/layers/sequence_input_layer.h>

#include <thread>

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
using FloatRows = std::vector<std::vector<float>>;

weft::CategoricalColumn sequence(const char* key, int64_t buckets = 4) {
  return weft::sequence_categorical_column_with_identity({.key = key, .num_buckets = buckets});
}

// Row i of a table is (10 i, 10 i + 1, ...).
void numbered_rows(std::span<float> out, int64_t first, const weft::Shape& shape, const weft::RandomStream&) {
  for (float& x : out) {
    x = static_cast<float>(10 * (first / shape[1]) + first % shape[1]);
    ++first;
  }
}

std::vector<weft::FeatureColumn> shared_sequences() {
  return weft::shared_embeddings({sequence("a"), sequence("b")},
                                 {.dimension = 1, .initializer = weft::Initializer(numbered_rows)});
}

weft::Features sequences_a_b() {
  weft::Features features;
  features["a"] = weft::sparse_feature(IntegerRows{{1, 2}, {3}});
  features["b"] = weft::sparse_feature(IntegerRows{{3, 3}, {-1}});
  return features;
}

[[maybe_unused]] std::vector<float> numbers_of(const weft::Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}
}  // namespace

TEST_CASE("sequence input layer: columns that share read one parameter, step by step, and its gradient stays rows") {
  using namespace weft;
  ParameterStore params;
  const SequenceInputLayer input(params, shared_sequences());
  CHECK(params.size() == 1);
  Parameter& table = params.at("a_b_shared_embedding");

  Tape tape;
  const Sequences out = input(tape, sequences_a_b());
  CHECK(out.values.shape() == Shape{2, 2, 2});
  CHECK(numbers_of(out.values.value()) == std::vector<float>{10, 30, 20, 30, 30, 0, 0, 0});
  CHECK(std::vector<int64_t>(out.lengths.begin(), out.lengths.end()) == std::vector<int64_t>{2, 1});
  tape.backward(out.values, Tensor({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(table.dense_gradient() == nullptr);
  const CoalescedRows gradient = coalesced(table);
  // Row 3: b's two steps of example 0 and a's of example 1. Row 0 is touched by places without an id.
  CHECK(gradient.rows == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(numbers_of(gradient.gradients) == std::vector<float>{0, 1, 3, 11});
}

TEST_CASE("sequence input layer: a table shared with an input layer is one parameter") {
  using namespace weft;
  const auto plain = categorical_column_with_identity({.key = "c", .num_buckets = 4});
  const auto columns =
      shared_embeddings({sequence("a"), plain}, {.dimension = 1, .initializer = Initializer(numbered_rows)});
  ParameterStore params;
  const SequenceInputLayer history(params, columns[0]);
  const InputLayer candidate(params, columns[1]);
  CHECK(params.size() == 1);
  Features features = sequences_a_b();
  features["c"] = dense_feature(std::vector<int64_t>{2, 1});
  history.prepare(features);
  candidate.prepare(features);
  Tape tape;
  CHECK(numbers_of(history(tape, features).values.value()) == std::vector<float>{10, 20, 30, 0});
  CHECK(numbers_of(candidate(tape, features).value()) == std::vector<float>{20, 10});
}

TEST_CASE("sequence input layer: kinds side by side, in ASCII order of their names") {
  using namespace weft;
  ParameterStore params;
  const SequenceInputLayer input(
      params, {sequence_numeric_column({.key = "n", .default_value = -1}), indicator_column(sequence("a", 3)),
               embedding_column(sequence("a", 3), {.dimension = 1, .initializer = Initializer(numbered_rows)})});
  CHECK(params.find("sequence_features/a_embedding/embedding_weights") != nullptr);
  std::vector<std::string> names;
  for (const auto& place : input.places()) names.push_back(place.column);
  CHECK(names == std::vector<std::string>{"a_embedding", "a_indicator", "n"});
  CHECK(input.width() == 5);
  Features features;
  Feature& a = features["a"];
  a = sparse_feature(IntegerRows{{1, 1, 2}, {0}});
  a.shape = {2, 2, 2};
  a.indices = {0, 0, 0, 1, 1, 0, 0, 0};
  features["n"] = sparse_feature(FloatRows{{5, 6}, {7}});
  Tape tape;
  const Sequences out = input(tape, features);
  CHECK(out.values.shape() == Shape{2, 2, 5});
  CHECK(numbers_of(out.values.value()) ==
        std::vector<float>{10, 0, 2, 0, 5, 20, 0, 0, 1, 6, 0, 1, 0, 0, 7, 0, 0, 0, 0, -1});
  CHECK(out.lengths[0] == 2);
  CHECK(out.lengths[1] == 1);
  CHECK(to_string(input.counts()) == "a_embedding: 4 values\na_indicator: 4 values");
  input(tape, features);
  CHECK(input.counts()[0].counts.values == 8);
}

TEST_CASE("sequence input layer: gradient against finite differences, clipped and combined within a step") {
  using namespace weft;
  ParameterStore params({.seed = 3});
  const SequenceInputLayer input(
      params, shared_embedding_columns({sequence("a"), sequence("b")}, {.dimension = 2, .max_norm = 0.5f}));
  Parameter& table = *params.begin();
  Features features = sequences_a_b();
  features["a"].shape = {2, 2, 2};
  features["a"].indices = {0, 0, 0, 1, 0, 0};
  features["b"] = sparse_feature(IntegerRows{{3}, {1}});
  features["b"].shape = {2, 2};
  const Tensor dout({2, 2, 4}, {1, -2, 3, 1, 0, 0, 0, 0, 0.5f, 2, -1, 1, 0, 0, 0, 0});
  const auto value = [&] {
    Tape tape({.record = false});
    const Var out = input(tape, features).values;
    double total = 0;
    for (int64_t i = 0; i < dout.size(); ++i) total += out.value()[i] * dout[i];
    return total;
  };
  Tape tape;
  tape.backward(input(tape, features).values, dout);
  const CoalescedRows rows = coalesced(table);
  CHECK(rows.rows == std::vector<int64_t>{0, 1, 2, 3});
  for (size_t r = 0; r < rows.rows.size(); ++r) {
    for (int64_t k = 0; k < 2; ++k) {
      float& x = table.value().row(rows.rows[r])[static_cast<size_t>(k)];
      const float kept = x;
      x = kept + 1e-2f;
      const double above = value();
      x = kept - 1e-2f;
      const double below = value();
      x = kept;
      CHECK(rows.gradients[static_cast<int64_t>(r) * 2 + k] == doctest::Approx((above - below) / 2e-2).epsilon(5e-3));
    }
  }
}

TEST_CASE("sequence input layer: empty batches and sequences") {
  using namespace weft;
  ParameterStore params;
  const SequenceInputLayer input(params, shared_sequences());
  Features features;
  Tape tape;
  for (const int64_t batch : {0, 2}) {
    for (const auto* key : {"a", "b"}) features[key] = sparse_feature(IntegerRows(static_cast<size_t>(batch)));
    const Sequences out = input(tape, features);
    CHECK(out.values.shape() == Shape{batch, 0, 2});
    CHECK(std::vector<int64_t>(out.lengths.begin(), out.lengths.end()) ==
          std::vector<int64_t>(static_cast<size_t>(batch), 0));
  }
}

TEST_CASE("sequence input layer: several threads at once") {
  using namespace weft;
  ParameterStore params;
  const SequenceInputLayer input(params, shared_sequences());
  std::vector<int> right(4, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 100; ++i) {
        const auto id = (i + static_cast<int64_t>(t)) % 4;
        Features features;
        for (const auto* key : {"a", "b"}) features[key] = sparse_feature(IntegerRows{{0, id}, {}});
        if (i % 2 == 0) input.prepare(features);
        Tape tape(Tape::Options{.record = false});
        const Sequences out = input(tape, features);
        right[t] += out.values.value()[2] == static_cast<float>(10 * id) && out.lengths[0] == 2 ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(4, 100));
}

TEST_CASE("sequence input layer: sequences that don't fit each other, and a layer that can't be made") {
  using namespace weft;
  ParameterStore params;
  const SequenceInputLayer input(params, shared_sequences());
  Tape tape;
  Features features = sequences_a_b();
  const auto refuses = [&](const char* text) {
    CHECK_THROWS_WITH_AS(input(tape, features), doctest::Contains(text), ValueError);
  };
  features["b"] = sparse_feature(IntegerRows{{1}, {1, 2}});
  refuses("got 2 steps of a_shared_embedding and 1 of b_shared_embedding in example 0");
  features["b"] = sparse_feature(IntegerRows{{1, 2, 3}, {1}});
  refuses("Dimension 1 in both shapes must be equal, but are 2 and 3. Shapes are [2,2] and [2,3]");
  features["b"] = sparse_feature(IntegerRows{{1, 2}, {1}, {1}});
  refuses("Batch size of columns (a_shared_embedding, b_shared_embedding): (2, 3)");
  features["b"] = sparse_feature(IntegerRows{{1, 4}, {1}});
  refuses("4 is not in [0, 4)");
  features.remove("b");
  refuses("Feature b is not in features dictionary");

  const auto missing = sequence_categorical_column_with_vocabulary_file(
      {.key = "z", .vocabulary_file = "no/such/file.txt", .vocabulary_size = 3});
  CHECK_THROWS_AS(SequenceInputLayer(params, {embedding_column(sequence("c"), {.dimension = 2}),
                                              embedding_column(missing, {.dimension = 2})}),
                  IoError);
  CHECK(params.size() == 1);
}

TEST_CASE("sequence input layer: what it parses") {
  using namespace weft;
  const ParseSpec wanted = {{"a", VarLenFeature{DataType::int64}}, {"n", VarLenFeature{DataType::float32}}};
  CHECK(make_parse_example_spec(indicator_column(sequence("a")), sequence_numeric_column({.key = "n"})) == wanted);
  CHECK_THROWS_AS(make_parse_example_spec(numeric_column({.key = "n"}), sequence_numeric_column({.key = "n"})),
                  ValueError);
}
