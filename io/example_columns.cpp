// The columns of a specification: the rules of each kind of feature, and of keys that several features read.
#include <weft/core/error.h>
#include <weft/io/example_columns.h>
#include <weft/io/example_rules.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace weft {
namespace {

std::string_view key_of(const RaggedFeature::Partition& partition) {
  return std::visit(
      [](const auto& p) -> std::string_view {
        if constexpr (requires { p.key; }) return p.key;
        return {};
      },
      partition);
}

// Collects what all features read. A key is of one kind: dense ones belong to one feature, sparse and ragged ones may
// be shared.
class Collector {
 public:
  explicit Collector(const ParseSpec& spec) : spec_(spec) {}

  void add(const std::string& key, const FixedLenFeature& feature) {
    ExampleColumn& column = new_column(key, feature.type, Kind::dense);
    column.shown = column.fixed = true;
    column.shape = feature.shape;
    column.elements = elements_of(key, feature.shape);
    column.has_default = feature.default_value.has_value();
    if (column.has_default)
      column.default_value = default_of(key, feature.type, *feature.default_value, column.elements);
  }

  void add(const std::string& key, const FixedLenSequenceFeature& feature) {
    if (!feature.allow_missing)
      throw ValueError(fmt::format(
          "[parse_example] key '{}': Unsupported: FixedLenSequenceFeature requires allow_missing to be True. Set it.",
          key));
    ExampleColumn& column = new_column(key, feature.type, Kind::dense);
    column.shown = column.sequence = true;
    column.shape = feature.shape;
    column.elements = elements_of_step(key, feature.shape, std::ssize(keys_of(Kind::dense, key)));
    column.default_value = default_of(key, feature.type, feature.default_value.value_or(nothing_of(feature.type)), 1);
  }

  void add(const std::string& key, const VarLenFeature& feature) {
    column_of(key, feature.type, Kind::sparse).shown = true;
  }

  void add(const std::string& key, const SparseFeature& feature) {
    if (feature.index_key.empty() || std::ranges::count(feature.index_key, "") > 0) fail_missing(key, "index_key");
    if (feature.value_key.empty()) fail_missing(key, "value_key");
    if (feature.size.size() != feature.index_key.size())
      throw ValueError(fmt::format(
          "[parse_example] key '{}': sp_ids and vocab_size have to have equal lengths: got {} index keys and {} sizes. "
          "Give SparseFeature a size an index_key.",
          key, feature.index_key.size(), feature.size.size()));
    for (const int64_t size : feature.size) {
      if (size < 0)
        throw ValueError(
            fmt::format("[parse_example] key '{}': size: got {}, expected 0 or more: every dimension must be >= 0. "
                        "Give its extent.",
                        key, size));
    }
    for (const std::string& index_key : feature.index_key) column_of(index_key, DataType::int64, Kind::sparse);
    column_of(feature.value_key, feature.type, Kind::sparse);
    composites_.push_back({.key = key, .feature = feature});
  }

  void add(const std::string& key, const RaggedFeature& feature) {
    const std::string& value_key = feature.value_key.value_or(key);
    ExampleColumn& values = column_of(value_key, feature.type, Kind::ragged);
    for (const auto& partition : feature.partitions) {
      const auto* uniform = std::get_if<RaggedFeature::UniformRowLength>(&partition);
      if (uniform == nullptr) column_of(std::string(key_of(partition)), DataType::int64, Kind::ragged);
      if (uniform != nullptr && uniform->length < 1)
        throw ValueError(fmt::format(
            "[parse_example] key '{}': UniformRowLength: got {}, expected at least 1. Give the length of the rows.",
            key, uniform->length));
    }
    if (value_key == key && feature.partitions.empty()) {
      values.shown = true;
    } else {
      composites_.push_back({.key = key, .feature = feature});
    }
  }

  std::pair<std::vector<ExampleColumn>, std::vector<ExampleComposite>> finish() {
    for (ExampleComposite& composite : composites_)
      std::visit([&](auto& f) { find_parts(composite, f); }, composite.feature);
    std::vector<ExampleColumn> columns;
    for (auto& [key, column] : columns_) columns.push_back(std::move(column.column));
    return {std::move(columns), std::move(composites_)};
  }

 private:
  enum class Kind { dense, ragged, sparse };
  struct Collected {
    Kind kind;
    ExampleColumn column;
  };
  using Columns = std::map<std::string, Collected, std::less<>>;

  // The column of a key, made if there is none.
  ExampleColumn& column_of(const std::string& key, DataType type, Kind kind) {
    const auto found = columns_.find(key);
    if (found == columns_.end()) return new_column(key, type, kind);
    Collected& there = found->second;
    if (there.kind != kind) fail_kinds(key, std::min(kind, there.kind), std::max(kind, there.kind));
    if (there.column.type != type)
      throw ValueError(
          fmt::format("[parse_example] key '{}': Conflicting type {} vs {} for feature {}. Read a key as one type.",
                      key, to_string(there.column.type), to_string(type), key));
    return there.column;
  }

  ExampleColumn& new_column(const std::string& key, DataType type, Kind kind) {
    const char* attribute = kind == Kind::dense    ? "Tdense"
                            : kind == Kind::sparse ? "sparse_types"
                                                   : "ragged_value_types";
    ExampleColumn column{.key = key, .head = head_of(key), .type = type};
    column.list_tag = list_tag_of(key, type, attribute);
    const auto [place, added] = columns_.emplace(key, Collected{kind, std::move(column)});
    if (!added) fail_kinds(key, std::min(kind, place->second.kind), std::max(kind, place->second.kind));
    return place->second.column;
  }

  // The keys that are read in one way, in order; of the features before `end` if it is given.
  std::set<std::string> keys_of(Kind kind, std::string_view end = {}) const {
    std::set<std::string> keys;
    for (const auto& [key, feature] : spec_) {
      if (key == end && !end.empty()) break;
      if (kind == Kind::dense && (std::holds_alternative<FixedLenFeature>(feature) ||
                                  std::holds_alternative<FixedLenSequenceFeature>(feature)))
        keys.insert(key);
      if (kind == Kind::sparse && std::holds_alternative<VarLenFeature>(feature)) keys.insert(key);
      if (const auto* sparse = std::get_if<SparseFeature>(&feature); sparse != nullptr && kind == Kind::sparse) {
        keys.insert(sparse->index_key.begin(), sparse->index_key.end());
        keys.insert(sparse->value_key);
      }
      if (const auto* ragged = std::get_if<RaggedFeature>(&feature); ragged != nullptr && kind == Kind::ragged) {
        keys.insert(ragged->value_key.value_or(key));
        for (const auto& partition : ragged->partitions) {
          if (!std::holds_alternative<RaggedFeature::UniformRowLength>(partition))
            keys.insert(std::string(key_of(partition)));
        }
      }
    }
    return keys;
  }

  [[noreturn]] void fail_kinds(const std::string& key, Kind first, Kind second) const {
    constexpr const char* names[] = {"dense", "ragged", "sparse"};  // the order in which TensorFlow names each pair
    const char *one = names[static_cast<size_t>(first)], *other = names[static_cast<size_t>(second)];
    const std::set<std::string> ones = keys_of(first), others = keys_of(second);
    std::vector<std::string> both;
    std::ranges::set_intersection(ones, others, std::back_inserter(both));
    throw ValueError(
        fmt::format("[parse_example] key '{}': {} and {} keys must not intersect; {}_keys: ['{}'], "
                    "{}_keys: ['{}'], intersection: {{'{}'}}. Read a key in one of these ways.",
                    key, first == Kind::dense ? "Dense" : "Ragged", other, one, fmt::join(ones, "', '"), other,
                    fmt::join(others, "', '"), fmt::join(both, "', '")));
  }

  [[noreturn]] static void fail_missing(const std::string& key, const char* what) {
    throw ValueError(
        fmt::format("[parse_example] key '{}': Missing {} for SparseFeature. Give the key of the examples "
                    "that it is read from.",
                    key, what));
  }

  size_t number_of(std::string_view key) const {
    return static_cast<size_t>(std::distance(columns_.begin(), columns_.find(key)));
  }

  void find_parts(ExampleComposite& composite, const SparseFeature& feature) const {
    composite.values = number_of(feature.value_key);
    for (const std::string& key : feature.index_key) composite.parts.push_back(number_of(key));
  }

  void find_parts(ExampleComposite& composite, const RaggedFeature& feature) const {
    composite.values = number_of(feature.value_key.value_or(composite.key));
    for (const auto& partition : feature.partitions) {
      const bool uniform = std::holds_alternative<RaggedFeature::UniformRowLength>(partition);
      composite.parts.push_back(uniform ? columns_.size() : number_of(key_of(partition)));
    }
  }

  const ParseSpec& spec_;
  Columns columns_;
  std::vector<ExampleComposite> composites_;
};

}  // namespace

std::pair<std::vector<ExampleColumn>, std::vector<ExampleComposite>> columns_of(const ParseSpec& spec) {
  Collector collector(spec);
  for (const auto& [key, feature] : spec)
    std::visit([&, &name = key](const auto& f) { collector.add(name, f); }, feature);
  return collector.finish();
}

namespace {

void refuse([[maybe_unused]] const ParseSpec& spec, [[maybe_unused]] const char* text) {
  CHECK_THROWS_WITH_AS(ExamplePlan{spec}, doctest::Contains(text), ValueError);
}

}  // namespace

TEST_CASE("example_columns: sequences must allow for missing ones and have whole steps") {
  const auto sequence = [](std::vector<int64_t> shape, FixedLenFeature::Default value = {.integers = {0}}) {
    return ParseSpec{{"v", FixedLenSequenceFeature{.shape = std::move(shape),
                                                   .type = DataType::int64,
                                                   .allow_missing = true,
                                                   .default_value = std::move(value)}}};
  };
  CHECK(ExamplePlan(sequence({2, 3})).columns[0].elements == 6);
  refuse({{"v", FixedLenSequenceFeature{}}}, "requires allow_missing to be True");
  refuse(sequence({2, -1}), "dense_shapes[0] has unknown rank or unknown inner dimensions: [?,2,?]");
  refuse(sequence({0}), "expected extents of at least 1");  // TensorFlow divides by it
  refuse(sequence({2}, {.integers = {7, 8}}),
         "Input to reshape is a tensor with 2 values, but the requested shape has 1");
  refuse(sequence({}, {.strings = {"a"}}), "default_value: got 0 floats, 0 integers, 1 strings");
}

TEST_CASE("example_columns: a sparse feature names its keys and a size for each") {
  const SparseFeature good{.index_key = {"i", "j"}, .value_key = "v", .size = {10, 4}};
  const ExamplePlan plan({{"x", good}});
  CHECK(plan.columns.size() == 3);
  CHECK(plan.composites[0].parts == std::vector<size_t>{0, 1});
  CHECK(plan.composites[0].values == 2);
  CHECK_FALSE(plan.columns[0].shown);
  SparseFeature bad = good;
  bad.size = {10};
  refuse({{"x", bad}}, "sp_ids and vocab_size have to have equal lengths");
  bad.size = {10, -1};
  refuse({{"x", bad}}, "size: got -1");
  bad.index_key = {};
  refuse({{"x", bad}}, "Missing index_key for SparseFeature");
  bad = good;
  bad.value_key = "";
  refuse({{"x", bad}}, "Missing value_key for SparseFeature");
}

TEST_CASE("example_columns: a key is read in one way, as one type") {
  const SparseFeature sparse{.index_key = {"i"}, .value_key = "v", .size = {10}};
  const RaggedFeature ragged{.type = DataType::int64, .value_key = "v", .partitions = {RaggedFeature::RowLengths{"i"}}};
  const FixedLenFeature fixed{};
  refuse({{"v", fixed}, {"x", sparse}},
         "Dense and sparse keys must not intersect; dense_keys: ['v'], sparse_keys: ['i', 'v'], intersection: {'v'}");
  refuse({{"v", fixed}, {"x", ragged}}, "Dense and ragged keys must not intersect; dense_keys: ['v']");
  refuse({{"a", sparse}, {"v", fixed}}, "sparse_keys: ['i', 'v'], intersection: {'v'}");
  refuse({{"a", ragged}, {"v", VarLenFeature{DataType::int64}}}, "Ragged and sparse keys must not intersect");
  refuse({{"v", VarLenFeature{DataType::int64}}, {"x", sparse}}, "Conflicting type int64 vs float32 for feature v.");
  refuse({{"i", VarLenFeature{}}, {"x", sparse}}, "Conflicting type string vs int64 for feature i.");
  refuse({{"x", RaggedFeature{.type = DataType::int32}}}, "Value for attr 'ragged_value_types' of int32");
  refuse({{"x", RaggedFeature{.partitions = {RaggedFeature::UniformRowLength{0}}}}}, "UniformRowLength: got 0");
  const ExamplePlan plan({{"i", VarLenFeature{DataType::int64}}, {"x", sparse}, {"y", sparse}});
  CHECK(plan.columns.size() == 2);
  CHECK(plan.composites.size() == 2);
  CHECK(plan.columns[0].shown);
}

}  // namespace weft
