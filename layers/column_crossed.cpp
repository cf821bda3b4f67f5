// crossed_column: a hash of each combination of values (tf.sparse.cross_hashed).
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/vocabulary.h>
#include <weft/layers/column_kinds.h>

#include <algorithm>

namespace weft {

CrossedKey::CrossedKey(CategoricalColumn column)
    : column(std::make_shared<const CategoricalColumn>(std::move(column))) {}

CategoricalColumn crossed_column(std::vector<CrossedKey> keys, const CrossedOptions& options) {
  constexpr const char* where = "[crossed_column]";
  if (!options.hash_bucket_size || *options.hash_bucket_size < 1) {
    const auto size = options.hash_bucket_size ? fmt::format("{}", *options.hash_bucket_size) : std::string("None");
    throw ValueError(
        fmt::format("{} hash_bucket_size must be > 1. hash_bucket_size: {}. Give the number of ids.", where, size));
  }
  if (keys.size() < 2) {
    const auto given = keys.empty() ? "" : keys[0].column ? describe(*keys[0].column) : "'" + keys[0].key + "'";
    throw ValueError(
        fmt::format("{} keys must be a list with length > 1. Given: [{}]. Give two or more.", where, given));
  }
  for (const CrossedKey& key : keys) {
    if (!key.column || key.column->get_if<HashBucketColumn>() == nullptr) continue;
    throw ValueError(fmt::format(
        "{} categorical_column_with_hash_bucket is not supported for crossing. Hashing before crossing will increase "
        "probability of collision. Instead, use the feature name as a string. Given: {}.",
        where, describe(*key.column)));
  }
  return CategoricalColumn(CrossedColumn{std::move(keys), *options.hash_bucket_size, options.hash_key.value_or(0)});
}

std::vector<CrossedKey> cross_leaves(const CrossedColumn& column) {
  std::vector<CrossedKey> leaves;
  for (const CrossedKey& key : column.keys) {
    const auto* nested = key.column ? key.column->get_if<CrossedColumn>() : nullptr;
    if (nested == nullptr) {
      leaves.push_back(key);
      continue;
    }
    const auto inner = cross_leaves(*nested);
    leaves.insert(leaves.end(), inner.begin(), inner.end());
  }
  return leaves;
}

void cross_values(std::string_view key, const Features& features, Ids& out) {
  const Feature& feature = categorical_feature(features, key);
  out.weights.clear();
  if (feature.type == DataType::string) {
    out.ids.resize(feature.strings.size());
    std::transform(feature.strings.begin(), feature.strings.end(), out.ids.begin(),
                   [](std::string_view word) { return static_cast<int64_t>(fingerprint64(word)); });
  } else if (is_integer(feature.type)) {
    out.ids.assign(feature.integers.begin(), feature.integers.end());
  } else {
    out.ids.resize(feature.floats.size());
    std::transform(feature.floats.begin(), feature.floats.end(), out.ids.begin(),
                   [](float x) { return static_cast<int64_t>(x); });
  }
  lay_rows(feature, out, [](size_t) { return false; });
}

namespace {

constexpr uint64_t kDefaultHashKey = 0xDECAFCAFFE;

uint64_t shift_mix(uint64_t x) {
  return x ^ (x >> 47);
}

// FingerprintCat64: MurmurHash's mixing of two fingerprints into one.
uint64_t mix(uint64_t a, uint64_t b) {
  constexpr uint64_t multiplier = 0xc6a4a7935bd1e995;
  const uint64_t joined = (a ^ multiplier ^ (shift_mix(b * multiplier) * multiplier)) * multiplier;
  return shift_mix(shift_mix(joined) * multiplier);
}

// Appends an id for each combination of this row's values of inputs[0], inputs[1], ...; the last one varies fastest.
void cross_row(std::span<const CrossedInput> inputs, size_t row, uint64_t hash, uint64_t buckets,
               std::vector<int64_t>& out) {
  const Ids& values = *inputs[0].ids;
  for (int64_t i = values.offsets[row]; i < values.offsets[row + 1]; ++i) {
    const uint64_t mixed = mix(hash, static_cast<uint64_t>(values.ids[static_cast<size_t>(i)]));
    if (inputs.size() == 1) {
      out.push_back(static_cast<int64_t>(mixed % buckets));
    } else {
      cross_row(inputs.subspan(1), row, mixed, buckets, out);
    }
  }
}

/// Ids of a batch, 2 GiB of them: four features of 200 values have six times as many, in every example.
constexpr uint64_t kMostCrosses = uint64_t{1} << 28;

// False if one of the inputs has no value in this row. Throws if the batch has more combinations up to here than are
// sound.
bool has_crosses(const CrossedColumn& column, std::span<const CrossedInput> inputs, size_t row, size_t before) {
  uint64_t count = 1;
  bool over = false;
  for (const CrossedInput& input : inputs) {
    const auto values = static_cast<uint64_t>(input.ids->offsets[row + 1] - input.ids->offsets[row]);
    if (values == 0) return false;
    over = __builtin_mul_overflow(count, values, &count) || over;
  }
  if (!over && count <= kMostCrosses - before) return true;
  throw ValueError(fmt::format(
      "[crossed_column] {}: too many combinations of values up to row {} of the batch: expected at most {} in all. "
      "Give features of fewer values, or smaller batches.",
      CategoricalColumn(column).name(), row, kMostCrosses));
}

}  // namespace

void crossed_ids(const CrossedColumn& column, std::span<CrossedInput> inputs, Ids& out) {
  // Few inputs: an insertion sort, which keeps their order and allocates nothing.
  for (size_t i = 1; i < inputs.size(); ++i) {
    for (size_t k = i; k > 0 && inputs[k - 1].dense && !inputs[k].dense; --k) std::swap(inputs[k - 1], inputs[k]);
  }
  const int64_t batch = inputs[0].ids->batch();
  const auto sparse = std::ranges::count(inputs, false, &CrossedInput::dense);
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i].ids->batch() == batch) continue;
    throw ValueError(
        fmt::format("[crossed_column] Expected batch size {} got {} at {} tensor {}. Give features of one "
                    "batch.",
                    batch, inputs[i].ids->batch(), inputs[i].dense ? "dense" : "sparse",
                    inputs[i].dense ? static_cast<int64_t>(i) - sparse : static_cast<int64_t>(i)));
  }
  const uint64_t key = column.hash_key == 0 ? kDefaultHashKey : column.hash_key;
  out.clear();
  for (size_t row = 0; row < static_cast<size_t>(batch); ++row) {
    if (has_crosses(column, inputs, row, out.ids.size())) {
      cross_row(inputs, row, key, static_cast<uint64_t>(column.hash_bucket_size), out.ids);
    }
    out.offsets.push_back(static_cast<int64_t>(out.ids.size()));
  }
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
using WordRows = std::vector<std::vector<std::string_view>>;
weft::Ids cross(const weft::Features& features, std::vector<std::string_view> keys, uint64_t hash_key = 0) {
  std::vector<weft::Ids> values(keys.size());
  std::vector<weft::CrossedInput> inputs;
  for (size_t i = 0; i < keys.size(); ++i) {
    weft::cross_values(keys[i], features, values[i]);
    inputs.push_back({&values[i], !features.at(keys[i]).sparse});
  }
  weft::Ids out;
  weft::crossed_ids({.keys = {}, .hash_bucket_size = 100000, .hash_key = hash_key}, inputs, out);
  return out;
}
}  // namespace

TEST_CASE("crossed column: hashes of tf.sparse.cross_hashed") {
  using namespace weft;
  Features features;
  features["a"] = sparse_feature(WordRows{{"x", "y"}, {"z"}, {}});
  features["n"] = sparse_feature(IntegerRows{{3, -1}, {5}, {7}});
  features["d"] = sparse_feature(WordRows{{"", "q"}, {"r", "s"}, {"t", "u"}});
  features["d"].sparse = false;
  features["d"].shape = {3, 2};
  features["i"] = dense_feature(std::vector<int64_t>{1, 2, 3});

  const Ids an = cross(features, {"a", "n"});
  CHECK(an.offsets == std::vector<int64_t>{0, 4, 5, 5});
  CHECK(an.ids == std::vector<int64_t>{58960, 59381, 92834, 39306, 60074});
  CHECK(cross(features, {"n", "a"}).ids == std::vector<int64_t>{18419, 5395, 15932, 94808, 634});
  CHECK(cross(features, {"a", "d"}, 7).ids == std::vector<int64_t>{46107, 62725, 66799, 78980, 22422, 76136});
  // The sparse feature goes into the hash first, whatever the order of the keys.
  CHECK(cross(features, {"i", "a"}).ids == std::vector<int64_t>{39727, 68326, 83443});
  CHECK(cross(features, {"a", "i"}).ids == std::vector<int64_t>{39727, 68326, 83443});
  features["i"] = dense_feature(std::vector<int64_t>{1, 2});
  CHECK_THROWS_WITH_AS(cross(features, {"i", "a"}), doctest::Contains("Expected batch size 3 got 2 at dense tensor 0"),
                       ValueError);
  CHECK_THROWS_WITH_AS(cross(features, {"d", "i"}), doctest::Contains("Expected batch size 3 got 2 at dense tensor 1"),
                       ValueError);
}

TEST_CASE("crossed column: bad arguments") {
  using namespace weft;
  const auto refuses = [](std::vector<CrossedKey> keys, const CrossedOptions& options, const char* text) {
    CHECK_THROWS_WITH_AS(crossed_column(std::move(keys), options), doctest::Contains(text), ValueError);
  };
  refuses({}, {.hash_bucket_size = 5}, "keys must be a list with length > 1. Given: []");
  refuses({"a"}, {.hash_bucket_size = 5}, "keys must be a list with length > 1. Given: ['a']");
  refuses({"a", "b"}, {.hash_bucket_size = 0}, "hash_bucket_size must be > 1. hash_bucket_size: 0");
  refuses({"a", "b"}, {}, "hash_bucket_size must be > 1. hash_bucket_size: None");
  refuses({"a", categorical_column_with_hash_bucket({.key = "b", .hash_bucket_size = 5})}, {.hash_bucket_size = 5},
          "Given: HashedCategoricalColumn(key='b', hash_bucket_size=5, dtype=tf.string)");
}

TEST_CASE("crossed column: more combinations than there is memory for are refused") {
  using namespace weft;
  Features features;
  for (const auto* key : {"a", "b", "c", "d"})
    features[key] = sparse_feature(IntegerRows{std::vector<int64_t>(200, 1)});
  CHECK_THROWS_WITH_AS(cross(features, {"a", "b", "c", "d"}), doctest::Contains("too many combinations"), ValueError);
  for (const auto* key : {"a", "b", "c", "d"}) {
    features[key] = sparse_feature(IntegerRows{std::vector<int64_t>(66000, 1)});  // the product is no uint64
  }
  CHECK_THROWS_WITH_AS(cross(features, {"a", "b", "c", "d"}), doctest::Contains("too many combinations"), ValueError);
  features["d"] = sparse_feature(IntegerRows{{}});
  CHECK(cross(features, {"a", "b", "c", "d"}).ids.empty());
}
