// --mode columns: nanoseconds a value to make ids of features, one kind of column after the other, on one thread.
#include <fmt/format.h>
#include <weft/core/features.h>
#include <weft/layers/column_ids.h>

#include <chrono>
#include <functional>

#include "clock.h"
#include "modes.h"

namespace weft::bench {
namespace {

constexpr int64_t kBatch = 1024;
constexpr int64_t kValuesAnExample = 10;

// A million values in a few hundred batches would fit no cache; these are as a training step sees them: just parsed.
Features made_up_features(int64_t words) {
  Features features;
  std::vector<std::vector<std::string_view>> text(kBatch);
  std::vector<std::vector<int64_t>> numbers(kBatch);
  uint64_t state = 1;
  for (int64_t row = 0; row < kBatch; ++row) {
    for (int64_t i = 0; i < kValuesAnExample; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const auto word = static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(words));
      text[static_cast<size_t>(row)].push_back(features.keep(fmt::format("video_{:09}", word)));
      numbers[static_cast<size_t>(row)].push_back(word);
    }
  }
  features["text"] = sparse_feature(text);
  features["number"] = sparse_feature(numbers);
  std::vector<std::vector<int64_t>> single(kBatch, std::vector<int64_t>{3});
  features["single"] = sparse_feature(single);
  features["real"] = dense_feature(std::vector<float>(kBatch * kValuesAnExample, 0.7f));
  features["real"].shape = {kBatch, kValuesAnExample};
  return features;
}

double nanoseconds_a_value(const CategoricalColumn& column, const Features& features, double seconds) {
  ColumnIds columns;
  const size_t place = columns.add(column);
  std::vector<Ids> ids;
  columns.make(features, ids);  // memory is there from now on
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double elapsed = 0.0;
  int64_t values = 0;
  while (elapsed < seconds) {
    for (int i = 0; i < 20; ++i) columns.make(features, ids);
    values += 20 * static_cast<int64_t>(ids[place].ids.size());
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return elapsed * 1e9 / static_cast<double>(values);
}

}  // namespace

nlohmann::ordered_json run_columns(const Options& options) {
  const int64_t words = 1'000'000;
  const Features features = made_up_features(words);
  std::vector<std::string> vocabulary;
  for (int64_t i = 0; i < words; ++i) vocabulary.push_back(fmt::format("video_{:09}", i));
  const std::vector<std::pair<const char*, CategoricalColumn>> columns = {
      {"vocabulary_list", categorical_column_with_vocabulary_list({.key = "text", .vocabulary_list = vocabulary})},
      {"identity", categorical_column_with_identity({.key = "number", .num_buckets = words, .default_value = 0})},
      {"hash_bucket_string", categorical_column_with_hash_bucket({.key = "text", .hash_bucket_size = words})},
      {"hash_bucket_int64",
       categorical_column_with_hash_bucket({.key = "number", .hash_bucket_size = words, .dtype = DataType::int64})},
      {"bucketized", bucketized_column(numeric_column({.key = "real", .shape = {kValuesAnExample}}), {0, 0.5f, 1, 2})},
      {"crossed_strings_with_one_integer", crossed_column({"text", "single"}, {.hash_bucket_size = words})},
      {"crossed_ten_strings_with_ten_integers", crossed_column({"text", "number"}, {.hash_bucket_size = words})}};
  nlohmann::ordered_json out;
  for (const auto& [name, column] : columns) {
    out[name] =
        rounded(nanoseconds_a_value(column, features, options.seconds / static_cast<double>(columns.size())), 2);
  }
  return {{"ns_per_value", out}};
}

}  // namespace weft::bench
