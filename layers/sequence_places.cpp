// The places of sequences of ids: bags of examples become bags of places.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/sequence_places.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace weft {

int64_t sparse_steps(std::string_view key, const Feature& feature) {
  const size_t rank = feature.shape.size(), values = static_cast<size_t>(feature.offsets.back());
  const bool fits = feature.indices.empty() ? rank <= 2 || values == 0 : feature.indices.size() == values * (rank - 1);
  if (!fits || std::ranges::any_of(feature.shape, [](int64_t extent) { return extent < 0; })) {
    throw ValueError(
        fmt::format("[sequence] indices of feature {} don't fit: got {} for {} values of rank {}. Give rank - 1 of "
                    "them a value, or none for rank 2.",
                    key, feature.indices.size(), values, rank));
  }
  if (rank >= 2) return feature.shape[1];
  int64_t longest = 0;
  for (size_t row = 1; row < feature.offsets.size(); ++row) {
    longest = std::max(longest, feature.offsets[row] - feature.offsets[row - 1]);
  }
  return longest;
}

void check_places(std::string_view key, const SequenceExtent& extent) {
  constexpr int64_t limit = std::numeric_limits<int32_t>::max();
  if (extent.batch == 0 || extent.steps <= limit / extent.batch) return;
  throw ValueError(
      fmt::format("[sequence] feature {} has too many places: got {} sequences of {} steps, expected 2^31 - 1 places "
                  "at most. Use shorter sequences or a smaller batch.",
                  key, extent.batch, extent.steps));
}

SequenceExtent sequence_extent(std::string_view key, const Features& features) {
  const Feature& feature = categorical_feature(features, key);
  SequenceExtent extent{.batch = feature.batch(), .steps = 1};
  if (feature.sparse) {
    extent = {static_cast<int64_t>(feature.offsets.size()) - 1, sparse_steps(key, feature)};
  } else if (feature.shape.size() >= 2) {
    extent.steps = feature.shape[1];
  }
  check_places(key, extent);
  return extent;
}

namespace {

bool ignored(const Feature& feature, size_t i) {
  return feature.type == DataType::string ? feature.strings[i].empty() : feature.integers[i] == -1;
}

// Calls place(b, t) for each value in order, without those of a dense feature that are ignored.
template <class Place>
void walk_places(const Feature& feature, const SequenceExtent& extent, Place&& place) {
  const size_t inner = feature.sparse && !feature.indices.empty() ? feature.shape.size() - 1 : 0;
  if (feature.sparse) {
    for (int64_t b = 0; b < extent.batch; ++b) {
      const int64_t first = feature.offsets[static_cast<size_t>(b)], last = feature.offsets[static_cast<size_t>(b) + 1];
      for (int64_t i = first; i < last; ++i) {
        place(b, inner == 0 ? i - first : feature.indices[static_cast<size_t>(i) * inner]);
      }
    }
    return;
  }
  const auto values = static_cast<size_t>(feature.size());
  const size_t per_place = values == 0 ? 1 : values / static_cast<size_t>(extent.places());
  for (size_t i = 0; i < values; ++i) {
    if (ignored(feature, i)) continue;
    const auto at = static_cast<int64_t>(i / per_place);
    place(at / extent.steps, at % extent.steps);
  }
}

}  // namespace

void lay_places(std::string_view key, const Features& features, Ids& ids) {
  const SequenceExtent extent = sequence_extent(key, features);
  ids.offsets.assign(static_cast<size_t>(extent.places()) + 1, 0);
  int64_t previous = 0;
  walk_places(features.at(key), extent, [&](int64_t b, int64_t t) {
    const int64_t at = b * extent.steps + t;
    if (t < 0 || t >= extent.steps || at < previous) {
      throw ValueError(
          fmt::format("[sequence] feature {} has an index out of place: got step {} of {} in example {}. Give steps "
                      "in order, below the shape's.",
                      key, t, extent.steps, b));
    }
    previous = at;
    ++ids.offsets[static_cast<size_t>(at) + 1];
  });
  std::partial_sum(ids.offsets.begin(), ids.offsets.end(), ids.offsets.begin());
}

void sequence_lengths(const Ids& ids, const SequenceExtent& extent, std::span<int64_t> lengths) {
  for (int64_t b = 0; b < extent.batch; ++b) {
    const int64_t* offsets = ids.offsets.data() + b * extent.steps;
    int64_t length = extent.steps;
    while (length > 0 && offsets[length] == offsets[length - 1]) --length;
    lengths[static_cast<size_t>(b)] = length;
  }
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
weft::Ids laid(const weft::Features& features) {
  weft::Ids ids;
  weft::identity_ids({.key = "a", .num_buckets = 9}, features, ids);
  weft::lay_places("a", features, ids);
  return ids;
}
std::vector<int64_t> lengths_of(const weft::Features& features) {
  const weft::SequenceExtent extent = weft::sequence_extent("a", features);
  std::vector<int64_t> lengths(static_cast<size_t>(extent.batch));
  weft::sequence_lengths(laid(features), extent, lengths);
  return lengths;
}
}  // namespace

TEST_CASE("sequence places: a bag a step, empty ones after the end") {
  using namespace weft;
  Features features;
  features["a"] = sparse_feature(IntegerRows{{1, -1, 3}, {}, {4}});
  CHECK(sequence_extent("a", features) == SequenceExtent{3, 3});
  CHECK(laid(features).offsets == std::vector<int64_t>{0, 1, 2, 3, 3, 3, 3, 4, 4, 4});
  CHECK(lengths_of(features) == std::vector<int64_t>{3, 0, 1});
  features["a"].shape = {3, 4};  // wider than the longest row
  CHECK(laid(features).offsets.size() == 13);
  features["a"].shape.clear();
  CHECK(sequence_extent("a", features) == SequenceExtent{3, 3});
}

TEST_CASE("sequence places: several values a step, and steps without any") {
  using namespace weft;
  Features features;
  Feature& a = features["a"];
  a = sparse_feature(IntegerRows{{1, 2, 0}, {}, {4, 3}});
  a.shape = {3, 3, 2};
  a.indices = {0, 0, 0, 1, 1, 0, 0, 0, 2, 0};
  CHECK(laid(features).offsets == std::vector<int64_t>{0, 2, 3, 3, 3, 3, 3, 4, 4, 5});
  CHECK(lengths_of(features) == std::vector<int64_t>{2, 0, 3});
}

TEST_CASE("sequence places: dense features of rank 1, 2 and 3 without their -1") {
  using namespace weft;
  Features features;
  Feature& a = features["a"];
  a = dense_feature(std::vector<int64_t>{1, -1, 2, -1, -1, -1, -1, 3});
  a.shape = {2, 4};
  CHECK(laid(features).offsets == std::vector<int64_t>{0, 1, 1, 2, 2, 2, 2, 2, 3});
  CHECK(lengths_of(features) == std::vector<int64_t>{3, 4});
  a.shape = {2, 2, 2};
  CHECK(laid(features).offsets == std::vector<int64_t>{0, 1, 2, 2, 3});
  a.shape = {8};
  CHECK(lengths_of(features) == std::vector<int64_t>{1, 0, 1, 0, 0, 0, 0, 1});
  a.shape = {0, 3};
  a.integers.clear();
  CHECK(laid(features).offsets == std::vector<int64_t>{0});
  a.shape = {2, 0};
  CHECK(lengths_of(features) == std::vector<int64_t>{0, 0});
}

TEST_CASE("sequence places: indices that don't fit are refused") {
  using namespace weft;
  Features features;
  Feature& a = features["a"];
  const auto refuses = [&]([[maybe_unused]] std::vector<int64_t> shape, std::vector<int64_t> indices) {
    a = sparse_feature(IntegerRows{{1, 2}, {3}});
    a.shape = std::move(shape);
    a.indices = std::move(indices);
    CHECK_THROWS_AS(laid(features), ValueError);
  };
  refuses({2, 3}, {0, 3, 0});
  refuses({2, 3}, {0, -1, 0});
  refuses({2, 3}, {1, 0, 0});
  refuses({2, 3}, {0, 1});
  refuses({2, 3, 2}, {});
  refuses({2, 1}, {});
  refuses({2, -1}, {});
  refuses({2, int64_t{1} << 40}, {0, 1, 0});
  refuses({}, {0, 1, 0});
}
