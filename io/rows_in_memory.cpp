// rows_in_memory: batches gathered from columns by row number.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/io/feature_rows.h>
#include <weft/io/record_batches.h>
#include <weft/io/rows_in_memory.h>

#include <algorithm>
#include <span>

namespace weft {

RowValues::RowValues(DataType type, bool sparse) : held_(std::make_shared<Held>()) {
  begin_rows(held_->feature, type, sparse);
}

RowValues::RowValues(const std::vector<std::string>& values, const std::vector<int64_t>& shape)
    : RowValues(DataType::string, false) {
  size_t bytes = 0;
  for (const std::string& value : values) bytes += value.size();
  held_->bytes.reserve(bytes);  // so that it does not move under its views
  append(values);
  finish_dense(shape);
}

RowValues::RowValues(const std::vector<std::vector<std::string>>& rows) : RowValues(DataType::string, true) {
  size_t bytes = 0;
  for (const auto& row : rows)
    for (const std::string& value : row) bytes += value.size();
  held_->bytes.reserve(bytes);
  for (const auto& row : rows) {
    append(row);
    weft::end_row(held_->feature);
  }
  finish_sparse();
}

void RowValues::append(const std::vector<std::string>& values) {
  std::string& bytes = held_->bytes;
  for (const std::string& value : values) {
    held_->feature.strings.emplace_back(bytes.data() + bytes.size(), value.size());
    bytes += value;
  }
}

void RowValues::finish_dense(const std::vector<int64_t>& shape) {
  int64_t elements = 1;
  for (const int64_t extent : shape) {
    if (extent < 1 || __builtin_mul_overflow(elements, extent, &elements)) elements = 0;
    if (elements == 0) break;
  }
  const int64_t values = held_->feature.size();
  if (elements == 0 || values % elements != 0) {
    throw ValueError(
        fmt::format("[RowValues] got {} values for rows of the shape [{}], expected a whole number of rows "
                    "of at least one value. Give the shape of one row.",
                    values, fmt::join(shape, ",")));
  }
  finish_rows(held_->feature, values / elements, shape);
}

void RowValues::finish_sparse() {
  finish_rows(held_->feature, std::ssize(held_->feature.offsets) - 1, {});
}

Rows::Rows(std::initializer_list<Column> columns) {
  for (const auto& [key, values] : columns) add(key, values);
}

Rows& Rows::add(std::string key, RowValues values) {
  const int64_t rows = values.feature().batch();
  for (const auto& [other, other_values] : columns_) {
    if (other == key) {
      throw ValueError(
          fmt::format("[Rows] the column '{}' is there already: got it twice. Give every column a key of "
                      "its own.",
                      key));
    }
    if (size_ != rows) {
      throw ValueError(
          fmt::format("[Rows] columns of different length: got {} rows in '{}', expected {} as in '{}'. Give "
                      "every column one entry a row (an empty list where there is no value).",
                      rows, key, size_, other));
    }
  }
  size_ = rows;
  columns_.emplace_back(std::move(key), std::move(values));
  return *this;
}

namespace {

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// For fingerprints: every value counts.
std::string description_of(const Rows& rows) {
  std::string text = fmt::format("rows {}\n", rows.size());
  for (const auto& [key, values] : rows.columns()) {
    const Feature& feature = values.feature();
    uint64_t hash = stream_of(bytes_of(feature.offsets)) ^ stream_of(bytes_of(feature.floats)) * 3 ^
                    stream_of(bytes_of(feature.integers)) * 5;
    for (const std::string_view value : feature.strings) hash = (hash ^ stream_of(value)) * 0x9e3779b97f4a7c15;
    text += fmt::format("{} {} {} {}\n", key, to_string(feature.type), fmt::join(feature.shape, ","), hash);
  }
  return text;
}

template <class T>
void append(std::vector<T>& out, const std::vector<T>& values, int64_t begin, int64_t end) {
  out.insert(out.end(), values.begin() + begin, values.begin() + end);
}

/// The rows `records` of one column.
void gather(const Feature& all, std::span<const FiledRecord> records, Feature& out) {
  begin_rows(out, all.type, all.sparse);
  const int64_t elements = all.batch() == 0 ? 0 : all.size() / all.batch();
  for (const FiledRecord& record : records) {
    const auto row = static_cast<size_t>(record.record.number);
    const int64_t begin = all.sparse ? all.offsets[row] : record.record.number * elements;
    const int64_t end = all.sparse ? all.offsets[row + 1] : begin + elements;
    if (all.type == DataType::string) append(out.strings, all.strings, begin, end);
    if (all.type == DataType::int64) append(out.integers, all.integers, begin, end);
    if (all.type == DataType::float32) append(out.floats, all.floats, begin, end);
    if (all.sparse) end_row(out);
  }
  const std::span<const int64_t> shape = all.shape;
  finish_rows(out, std::ssize(records), shape.subspan(1));
}

void check(const Rows& rows, const std::string& label) {
  if (rows.columns().empty()) {
    throw ValueError("[rows_in_memory] rows: got no column, expected at least one. Add the columns to the rows.");
  }
  if (label.empty()) return;
  const auto column = std::ranges::find(rows.columns(), label, &Rows::Column::first);
  if (column != rows.columns().end() && !column->second.feature().sparse) return;
  throw ValueError(
      fmt::format("[rows_in_memory] label: got '{}', which is {}, expected a dense column. Add it as a "
                  "vector of values.",
                  label, column == rows.columns().end() ? "no column of the rows" : "sparse"));
}

}  // namespace

Dataset rows_in_memory(Rows rows, const RowsInMemoryOptions& options) {
  check(rows, options.label);
  const RecordBatching batching{.label = options.label,
                                .batch_size = options.batch_size,
                                .shuffle_buffer = options.shuffle_buffer,
                                .seed = options.seed,
                                .repeat = options.repeat,
                                .drop_remainder = options.drop_remainder,
                                .where = "rows_in_memory",
                                .feed_description = description_of(rows)};
  const auto next = std::make_shared<int64_t>(0);  // shared by two functions
  RecordFeed feed{.restart = [next] { *next = 0; },
                  .next =
                      [next, size = rows.size()](FiledRecord& record) {
                        record.record.number = *next;
                        return *next < size && ++*next > 0;
                      },
                  .files = {}};
  const auto make = [rows = std::move(rows)](PendingBatch& pending, DrawnRecords& drawn) {
    Features& features = pending.batch.features;
    for (const auto& [key, values] : rows.columns()) gather(values.feature(), drawn.records, features[key]);
    features.clear_prepared();
  };
  return batches_of_records(std::move(feed), batching, make);
}

namespace {

Rows some_rows() {
  return {{"watched", std::vector<std::vector<std::string>>{{"a", "bee"}, {}, {"c"}}},
          {"age", std::vector<float>{20, 30.5f, 40}},
          {"ids", std::vector<std::vector<int>>{{1}, {2, 3}, {}}},
          {"weights", std::vector<std::vector<double>>{{0.5}, {1, 2}, {}}},
          {"city", std::vector<std::string>{"Rome", "", "Oslo"}},
          {"clicked", std::vector<int64_t>{1, 0, 1}},
          {"point", {std::vector<double>{1, 2, 3, 4, 5, 6}, {2}}},
          {"sure", std::vector<bool>{true, false, true}}};
}

std::vector<std::string> strings_of(const Feature& feature) {
  return {feature.strings.begin(), feature.strings.end()};
}

using Batches = std::vector<std::vector<int64_t>>;

Batches batches_of(Dataset dataset) {
  Batches batches;
  for (const Batch& batch : dataset) {
    batches.push_back(batch.features.at("x").integers);
    CHECK(batch.size == std::ssize(batches.back()));
    const Feature& text = batch.features.at("text");
    for (size_t i = 0; i < batches.back().size(); ++i) CHECK(text.strings.at(i) == std::to_string(batches.back()[i]));
  }
  return batches;
}

Rows numbered(int64_t count) {
  std::vector<int64_t> x;
  std::vector<std::vector<std::string>> text;
  for (int64_t i = 0; i < count; ++i) x.push_back(i), text.push_back({std::to_string(i)});
  return {{"x", x}, {"text", text}};
}

}  // namespace

TEST_CASE("rows_in_memory: columns of every kind become features of batches") {
  Dataset dataset = rows_in_memory(some_rows(), {.label = "clicked", .batch_size = 2});
  const Batch* batch = dataset.next();
  CHECK(batch->size == 2);
  CHECK(batch->labels.integers == std::vector<int64_t>{1, 0});
  CHECK(batch->labels.shape == std::vector<int64_t>{2, 1});
  CHECK(batch->features.find("clicked") == nullptr);
  CHECK(strings_of(batch->features.at("watched")) == std::vector<std::string>{"a", "bee"});
  CHECK(batch->features.at("watched").offsets == std::vector<int64_t>{0, 2, 2});
  CHECK(batch->features.at("watched").shape == std::vector<int64_t>{2, 2});
  CHECK(batch->features.at("age").floats == std::vector<float>{20, 30.5f});
  CHECK(batch->features.at("age").shape == std::vector<int64_t>{2, 1});
  CHECK(batch->features.at("ids").integers == std::vector<int64_t>{1, 2, 3});
  CHECK(batch->features.at("weights").floats == std::vector<float>{0.5f, 1, 2});
  CHECK(strings_of(batch->features.at("city")) == std::vector<std::string>{"Rome", ""});
  CHECK(batch->features.at("point").floats == std::vector<float>{1, 2, 3, 4});
  CHECK(batch->features.at("point").shape == std::vector<int64_t>{2, 2});
  CHECK(batch->features.at("sure").integers == std::vector<int64_t>{1, 0});
  batch = dataset.next();
  CHECK(batch->size == 1);
  CHECK(strings_of(batch->features.at("watched")) == std::vector<std::string>{"c"});
  CHECK(batch->features.at("ids").offsets == std::vector<int64_t>{0, 0});
  CHECK(batch->features.at("point").floats == std::vector<float>{5, 6});
  CHECK(dataset.next() == nullptr);
}

TEST_CASE("rows_in_memory: shuffling permutes each epoch anew, on any threads") {
  const RowsInMemoryOptions options{.batch_size = 10, .shuffle_buffer = 100, .repeat = 2};
  const Batches batches = batches_of(rows_in_memory(numbered(100), options));
  REQUIRE(batches.size() == 20);
  std::vector<int64_t> first, second;
  for (size_t i = 0; i < 10; ++i) {
    first.insert(first.end(), batches[i].begin(), batches[i].end());
    second.insert(second.end(), batches[i + 10].begin(), batches[i + 10].end());
  }
  CHECK(first != second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  CHECK(first == second);
  CHECK(first.front() == 0);
  CHECK(std::adjacent_find(first.begin(), first.end()) == first.end());
  CHECK(batches_of(rows_in_memory(numbered(100), options).prefetch(3)) == batches);
}

TEST_CASE("rows_in_memory: it goes on from every position of the same rows") {
  const RowsInMemoryOptions options{.batch_size = 5, .shuffle_buffer = 7, .repeat = 2};
  const Batches whole = batches_of(rows_in_memory(numbered(23), options));
  for (size_t taken = 0; taken <= whole.size(); ++taken) {
    Dataset first = rows_in_memory(numbered(23), options).prefetch(static_cast<int>(taken % 3));
    for (size_t i = 0; i < taken; ++i) REQUIRE(first.next() != nullptr);
    Dataset second = rows_in_memory(numbered(23), options);
    REQUIRE(second.seek(first.position()));
    CHECK(batches_of(std::move(second)) == Batches(whole.begin() + static_cast<std::ptrdiff_t>(taken), whole.end()));
  }
  const DatasetPosition start = rows_in_memory(some_rows()).position();
  CHECK(rows_in_memory(some_rows()).seek(start));
  Rows other = some_rows();
  CHECK_FALSE(rows_in_memory(other.add("more", std::vector<int>{1, 2, 3})).seek(start));
  CHECK_FALSE(
      rows_in_memory({{"x", std::vector<int>{1, 2}}}).seek(rows_in_memory({{"x", std::vector<int>{1, 3}}}).position()));
}

TEST_CASE("rows_in_memory: rows that can't be are refused") {
  CHECK_THROWS_WITH_AS(Rows({{"a", std::vector<int>{1, 2}}, {"b", std::vector<int>{1}}}),
                       doctest::Contains("got 1 rows in 'b', expected 2 as in 'a'"), ValueError);
  CHECK_THROWS_WITH_AS(Rows({{"a", std::vector<int>{1}}, {"a", std::vector<int>{1}}}),
                       doctest::Contains("'a' is there already"), ValueError);
  CHECK_THROWS_AS(RowValues(std::vector<int>{1, 2, 3}, {2}), ValueError);
  CHECK_THROWS_AS(RowValues(std::vector<int>{1, 2, 3}, {0}), ValueError);
  CHECK_THROWS_AS(RowValues(std::vector<int>{1, 2, 3}, {INT64_MAX, 2}), ValueError);
  CHECK_THROWS_AS(rows_in_memory({}), ValueError);
  CHECK_THROWS_WITH_AS(rows_in_memory(some_rows(), {.label = "x"}), doctest::Contains("no column of the rows"),
                       ValueError);
  CHECK_THROWS_WITH_AS(rows_in_memory(some_rows(), {.label = "watched"}), doctest::Contains("sparse"), ValueError);
  CHECK_THROWS_AS(rows_in_memory(some_rows(), {.batch_size = 0}), ValueError);
  CHECK(rows_in_memory({{"x", std::vector<int>{}}}).next() == nullptr);
}

}  // namespace weft
