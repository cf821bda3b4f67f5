// Features: the small dictionary of a batch's values.
#include <weft/core/error.h>
#include <weft/core/features.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

namespace weft {

std::string_view to_string(DataType type) {
  switch (type) {
    case DataType::float32:
      return "float32";
    case DataType::float64:
      return "float64";
    case DataType::int32:
      return "int32";
    case DataType::int64:
      return "int64";
    case DataType::string:
      return "string";
  }
  return "?";
}

int64_t Feature::size() const {
  if (type == DataType::string) return static_cast<int64_t>(strings.size());
  return static_cast<int64_t>(is_integer(type) ? integers.size() : floats.size());
}

int64_t Feature::batch() const {
  return shape.empty() ? 1 : shape.front();
}

void Feature::clear() {
  shape.clear();
  offsets.clear();
  indices.clear();
  for (auto& splits : row_splits) splits.clear();
  floats.clear();
  integers.clear();
  strings.clear();
}

Feature& Features::operator[](std::string_view key) {
  for (auto& [name, feature] : entries_)
    if (name == key) return *feature;
  const auto spare = std::ranges::find(spare_, key, &Entry::first);
  if (spare == spare_.end()) return *entries_.emplace_back(key, std::make_unique<Feature>()).second;
  Feature& feature = *entries_.emplace_back(std::move(*spare)).second;
  spare_.erase(spare);
  return feature;
}

void Features::remove(std::string_view key) {
  const auto found = std::ranges::find(entries_, key, &Entry::first);
  if (found == entries_.end()) return;
  found->second->clear();
  spare_.push_back(std::move(*found));
  entries_.erase(found);
}

const Feature* Features::find(std::string_view key) const {
  for (const auto& [name, feature] : entries_)
    if (name == key) return feature.get();
  return nullptr;
}

const Feature& Features::at(std::string_view key) const {
  if (const Feature* feature = find(key)) return *feature;
  std::string keys;
  for (const auto& entry : entries_)
    fmt::format_to(std::back_inserter(keys), "{}'{}'", keys.empty() ? "" : ", ", entry.first);
  throw ValueError(
      fmt::format("[Features] Feature {} is not in features dictionary: got the keys [{}]. Add '{}' to the "
                  "specification that the features were parsed with.",
                  key, keys, key));
}

void Features::clear_values() {
  for (Entry& entry : entries_) {
    entry.second->clear();
    spare_.push_back(std::move(entry));
  }
  entries_.clear();
  owners_.clear();
  clear_prepared();
}

const Features::Prepared* Features::find_prepared(const void* layer) const {
  const auto found = std::ranges::find(prepared_, layer, &Prepared::by);
  return found == prepared_.end() ? nullptr : &*found;
}

Features::Prepared& Features::prepare_for(const void* layer) {
  auto place = std::ranges::find(prepared_, layer, &Prepared::by);
  if (place == prepared_.end()) place = std::ranges::find(prepared_, nullptr, &Prepared::by);
  if (place == prepared_.end()) place = prepared_.emplace(prepared_.end());
  place->by = nullptr;
  return *place;
}

void Features::clear_prepared() {
  for (Prepared& prepared : prepared_) prepared.by = nullptr;
}

std::string_view Features::keep(std::string_view text) {
  auto copy = std::make_shared<const std::string>(text);
  const std::string_view view = *copy;
  own(std::move(copy));
  return view;
}

namespace {

template <class T>
void append_rows(const std::vector<std::vector<T>>& rows, std::vector<T>& values, Feature& out) {
  out.sparse = true;
  out.offsets = {0};
  size_t longest = 0;
  for (const auto& row : rows) {
    values.insert(values.end(), row.begin(), row.end());
    out.offsets.push_back(static_cast<int64_t>(values.size()));
    longest = std::max(longest, row.size());
  }
  out.shape = {static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)};
}

}  // namespace

Feature dense_feature(std::vector<float> values) {
  Feature out;
  out.type = DataType::float32;
  out.shape = {static_cast<int64_t>(values.size()), 1};
  out.floats = std::move(values);
  return out;
}

Feature dense_feature(std::vector<int64_t> values) {
  Feature out;
  out.type = DataType::int64;
  out.shape = {static_cast<int64_t>(values.size()), 1};
  out.integers = std::move(values);
  return out;
}

Feature sparse_feature(const std::vector<std::vector<int64_t>>& rows) {
  Feature out;
  out.type = DataType::int64;
  append_rows(rows, out.integers, out);
  return out;
}

Feature sparse_feature(const std::vector<std::vector<float>>& rows) {
  Feature out;
  out.type = DataType::float32;
  append_rows(rows, out.floats, out);
  return out;
}

Feature sparse_feature(const std::vector<std::vector<std::string_view>>& rows) {
  Feature out;
  out.type = DataType::string;
  append_rows(rows, out.strings, out);
  return out;
}

TEST_CASE("features: shapes and bags of features made by hand") {
  const Feature dense = dense_feature(std::vector<float>{1.5f, 2.5f});
  CHECK(dense.shape == std::vector<int64_t>{2, 1});
  CHECK(dense.size() == 2);
  CHECK_FALSE(dense.sparse);
  const Feature sparse = sparse_feature(std::vector<std::vector<int64_t>>{{7, 8, 9}, {}, {4}});
  CHECK(sparse.shape == std::vector<int64_t>{3, 3});
  CHECK(sparse.offsets == std::vector<int64_t>{0, 3, 3, 4});
  CHECK(sparse.integers == std::vector<int64_t>{7, 8, 9, 4});
  CHECK(sparse.batch() == 3);
  CHECK(sparse.size() == 4);
}

TEST_CASE("features: a missing key names the keys there are") {
  Features features;
  features["b"] = dense_feature(std::vector<int64_t>{1});
  features["a"].type = DataType::string;
  CHECK(features.size() == 2);
  CHECK(features.begin()->first == "b");
  CHECK(features.find("a") == &features.at("a"));
  CHECK(features.find("") == nullptr);
  CHECK_THROWS_WITH_AS(features.at("c"),
                       doctest::Contains("Feature c is not in features dictionary: got the keys ['b', 'a']"),
                       ValueError);
}

TEST_CASE("features: what was cleared or removed is not there, until it is asked for again") {
  Features features;
  features["a"] = dense_feature(std::vector<int64_t>{1});
  features["b"] = dense_feature(std::vector<int64_t>{2});
  const Feature* place = features.find("b");
  features.remove("a");
  features.remove("never there");
  CHECK(features.find("a") == nullptr);
  CHECK(features.size() == 1);
  features.clear_values();
  CHECK(features.find("b") == nullptr);
  CHECK(&features["b"] == place);
  CHECK(features.at("b").size() == 0);
  CHECK(features.find("a") == nullptr);
}

TEST_CASE("features: kept texts live as long as the features") {
  Features features;
  std::string_view kept;
  {
    const std::string text(100, 'x');
    kept = features.keep(text);
    CHECK(kept.data() != text.data());
  }
  CHECK(kept == std::string(100, 'x'));
  auto bytes = std::make_shared<int>(1);
  features.own(bytes);
  CHECK(bytes.use_count() == 2);
  features["a"] = dense_feature(std::vector<int64_t>{1});
  features.clear_values();
  CHECK(bytes.use_count() == 1);
}

}  // namespace weft
