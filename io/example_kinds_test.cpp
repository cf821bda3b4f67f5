// Tests of the kinds of feature beyond fixed and variable length; every answer is TensorFlow's.
#include <weft/core/error.h>
#include <weft/io/example.h>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;
using Strings = std::vector<std::string_view>;
using Splits = std::vector<Integers>;

std::string example(const std::map<std::string, Integers>& integers, const std::map<std::string, Floats>& floats = {},
                    const std::map<std::string, Strings>& strings = {}) {
  ExampleWriter writer;
  for (const auto& [key, values] : integers) writer.add(key, values);
  for (const auto& [key, values] : floats) writer.add(key, values);
  for (const auto& [key, values] : strings) writer.add(key, values);
  return std::string(writer.serialized());
}

// The features own the examples, which their strings point into.
Features parse(std::vector<std::string> examples, const ParseSpec& spec) {
  const auto kept = std::make_shared<const std::vector<std::string>>(std::move(examples));
  Features out = parse_example(std::vector<std::string_view>(kept->begin(), kept->end()), spec);
  out.own(kept);
  return out;
}

void refuse(const std::vector<std::string>& examples, const ParseSpec& spec, const char* text) {
  CHECK_THROWS_WITH_AS(parse(examples, spec), doctest::Contains(text), DataError);
}

FixedLenSequenceFeature sequence(DataType type, Integers shape = {}) {
  return {.shape = std::move(shape), .type = type, .allow_missing = true};
}

}  // namespace

TEST_CASE("example sequences: the longest example gives the length, the others are filled up") {
  auto filled = sequence(DataType::string, {2});
  filled.default_value = {{.strings = {"p"}}};
  const ParseSpec spec = {{"v", sequence(DataType::int64)}, {"f", sequence(DataType::float32, {2})}, {"s", filled}};
  const Features got = parse({example({{"v", {1, 2, 3}}}, {{"f", {1, 2, 3, 4}}}),
                              example({}, {{"f", {5, 6}}}, {{"s", {"a", "b"}}}), example({{"v", {4}}})},
                             spec);
  CHECK(got.at("v").integers == Integers{1, 2, 3, 0, 0, 0, 4, 0, 0});
  CHECK(got.at("v").shape == Integers{3, 3});
  CHECK_FALSE(got.at("v").sparse);
  CHECK(got.at("v").offsets.empty());
  CHECK(got.at("f").floats == Floats{1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0});
  CHECK(got.at("f").shape == Integers{3, 2, 2});
  CHECK(got.at("s").strings == Strings{"p", "p", "a", "b", "p", "p"});
  CHECK(got.at("s").shape == Integers{3, 1, 2});
}

TEST_CASE("example sequences: nothing at all, and no examples") {
  const ParseSpec spec = {{"v", sequence(DataType::float32, {2})}};
  CHECK(parse({example({}), example({})}, spec).at("v").shape == Integers{2, 0, 2});
  CHECK(parse({}, spec).at("v").shape == Integers{0, 0, 2});
  CHECK(parse({example({}, {{"v", {}}})}, spec).at("v").shape == Integers{1, 0, 2});
}

TEST_CASE("example sequences: an example must have whole steps of the right type") {
  refuse({example({{"v", {1, 2, 3}}})}, {{"v", sequence(DataType::int64, {2})}},
         "key 'v': Can't parse serialized Example. Number of int64 values is not a multiple of stride length. Saw 3 "
         "values but output shape is: [?,2]");
  refuse({example({}, {}, {{"v", {"a"}}})}, {{"v", sequence(DataType::string, {2, 3})}},
         "Number of bytes values is not a multiple of stride length. Saw 1 values but output shape is: [?,2,3]");
  refuse({example({{"v", {1}}})}, {{"v", sequence(DataType::float32)}},
         "Data types don't match. Data type: int64 but expected type: float");
}

TEST_CASE("example sparse: values in the order of their coordinates") {
  const SparseFeature sparse{.index_key = {"i"}, .value_key = "v", .size = {10}};
  const std::vector<std::string> examples = {example({{"i", {3, 1}}}, {{"v", {.5f, .25f}}}), example({}),
                                             example({{"i", {9}}}, {{"v", {1}}})};
  SparseFeature sorted = sparse;
  sorted.already_sorted = true;
  const Features got = parse(examples, {{"x", sparse}, {"v", VarLenFeature{DataType::float32}}, {"already", sorted}});
  CHECK(got.size() == 3);
  CHECK(got.at("x").sparse);
  CHECK(got.at("x").shape == Integers{3, 10});
  CHECK(got.at("x").offsets == Integers{0, 2, 2, 3});
  CHECK(got.at("x").indices == Integers{1, 3, 9});
  CHECK(got.at("x").floats == Floats{.25f, .5f, 1});
  CHECK(got.at("already").indices == Integers{3, 1, 9});
  CHECK(got.at("already").floats == Floats{.5f, .25f, 1});
  CHECK(got.at("v").floats == Floats{.5f, .25f, 1});
  CHECK(got.at("v").indices.empty());
  CHECK(parse({}, {{"x", sparse}}).at("x").shape == Integers{0, 10});
}

TEST_CASE("example sparse: two dimensions, equal coordinates, and a feature named as its values") {
  const SparseFeature two{.index_key = {"i", "j"}, .value_key = "v", .size = {10, 4}};
  const Features got =
      parse({example({{"i", {3, 1, 3}}, {"j", {2, 3, 0}}}, {{"v", {.5f, .25f, .125f}}})}, {{"v", two}});
  CHECK(got.at("v").shape == Integers{1, 10, 4});
  CHECK(got.at("v").indices == Integers{1, 3, 3, 0, 3, 2});
  CHECK(got.at("v").floats == Floats{.25f, .125f, .5f});
  const SparseFeature words{.index_key = {"i"}, .value_key = "v", .type = DataType::string, .size = {10}};
  const Features repeated = parse({example({{"i", {3, 3, 1}}}, {}, {{"v", {"a", "b", "c"}}})}, {{"x", words}});
  CHECK(repeated.at("x").indices == Integers{1, 3, 3});
  CHECK(repeated.at("x").strings == Strings{"c", "a", "b"});
}

TEST_CASE("example sparse: an index for each value, within the size") {
  const ParseSpec spec = {{"x", SparseFeature{.index_key = {"i"}, .value_key = "v", .size = {10}}}};
  const std::string good = example({{"i", {3, 1}}}, {{"v", {1, 2}}});
  refuse({good, example({{"i", {3, 1}}}, {{"v", {1}}})}, spec,
         "example 1, key 'x': Dimensions 2 and 1 are not compatible: got 2 indices (key 'i') for 1 values (key 'v')");
  refuse({example({{"i", {3}}}, {{"v", {1, 2}}}), example({{"i", {3, 1}}}, {{"v", {1}}})}, spec, "example 0");
  refuse({example({{"i", {10}}}, {{"v", {1}}})}, spec, "index (key 'i'): got 10, expected one in [0, 10)");
  refuse({example({{"i", {-1}}}, {{"v", {1}}})}, spec, "got -1");
  refuse({example({{"i", {1}}, {"v", {1}}})}, spec, "key 'v': Data types don't match. Expected type: float, Actual");
}

TEST_CASE("example ragged: without partitions as a feature of variable length") {
  const Features got = parse({example({{"v", {1, 2, 3}}}), example({}), example({{"v", {4}}})},
                             {{"v", RaggedFeature{}}, {"x", RaggedFeature{.value_key = "v"}}});
  for (const char* key : {"v", "x"}) {
    CHECK(got.at(key).integers == Integers{1, 2, 3, 4});
    CHECK(got.at(key).offsets == Integers{0, 3, 3, 4});
    CHECK(got.at(key).shape == Integers{3, 3});
    CHECK(got.at(key).row_splits.empty());
  }
}

namespace {

// {1, 2}, {}, {3, 4}; nothing; {5}: by the numbers of each example.
void check_partition(RaggedFeature::Partition partition, const Integers& first, const Integers& last) {
  const Features got =
      parse({example({{"v", {1, 2, 3, 4}}, {"p", first}}), example({}), example({{"v", {5}}, {"p", last}})},
            {{"v", RaggedFeature{.partitions = {std::move(partition)}}}});
  const Feature& v = got.at("v");
  CHECK(v.row_splits == Splits{{0, 3, 3, 4}, {0, 2, 2, 4, 5}});
  CHECK(v.offsets == Integers{0, 4, 4, 5});
  CHECK(v.shape == Integers{3, 3, 2});
  CHECK(v.indices == Integers{0, 0, 0, 1, 2, 0, 2, 1, 0, 0});
  CHECK(v.integers == Integers{1, 2, 3, 4, 5});
}

void refuse_partition(RaggedFeature::Partition partition, const Integers& values, const Integers& numbers) {
  refuse({example({{"v", values}, {"p", numbers}})}, {{"v", RaggedFeature{.partitions = {std::move(partition)}}}},
         "example 0, key 'v': Arguments do not form a valid RaggedTensor");
}

}  // namespace

TEST_CASE("example ragged: the same rows by every kind of partition") {
  check_partition(RaggedFeature::RowSplits{"p"}, {0, 2, 2, 4}, {0, 1});
  check_partition(RaggedFeature::RowLengths{"p"}, {2, 0, 2}, {1});
  check_partition(RaggedFeature::RowStarts{"p"}, {0, 2, 2}, {0});
  check_partition(RaggedFeature::RowLimits{"p"}, {2, 2, 4}, {1});
  check_partition(RaggedFeature::ValueRowIds{"p"}, {0, 0, 2, 2}, {0});
}

TEST_CASE("example ragged: partitions of partitions") {
  const RaggedFeature two{.partitions = {RaggedFeature::RowLengths{"o"}, RaggedFeature::RowLengths{"p"}}};
  const Features got = parse({example({{"v", {1, 2, 3, 4}}, {"p", {2, 0, 2}}, {"o", {1, 2}}}), example({}),
                              example({{"v", {5}}, {"p", {1}}, {"o", {0, 1}}})},
                             {{"v", two}});
  CHECK(got.at("v").row_splits == Splits{{0, 2, 2, 4}, {0, 1, 3, 3, 4}, {0, 2, 2, 4, 5}});
  CHECK(got.at("v").indices == Integers{0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0});
  CHECK(got.at("v").shape == Integers{3, 2, 2, 2});
  const RaggedFeature uniform{.partitions = {RaggedFeature::UniformRowLength{2}, RaggedFeature::RowLengths{"p"}}};
  CHECK(parse({example({{"v", {1, 2, 3, 4}}, {"p", {2, 2}}}), example({}), example({{"v", {5, 6}}, {"p", {0, 2}}})},
              {{"v", uniform}})
            .at("v")
            .row_splits == Splits{{0, 1, 1, 2}, {0, 2, 4}, {0, 2, 4, 4, 6}});
}

TEST_CASE("example ragged: partitions that don't fit their values") {
  refuse_partition(RaggedFeature::RowSplits{"p"}, {1, 2}, {0, 1});
  refuse_partition(RaggedFeature::RowSplits{"p"}, {1, 2}, {1, 2});
  refuse_partition(RaggedFeature::RowSplits{"p"}, {1, 2}, {0, 2, 1, 2});
  refuse_partition(RaggedFeature::RowSplits{"p"}, {1, 2}, {});
  refuse_partition(RaggedFeature::RowLengths{"p"}, {1, 2}, {1});
  refuse_partition(RaggedFeature::RowLengths{"p"}, {1, 2}, {3, -1});
  refuse_partition(RaggedFeature::RowLengths{"p"}, {1, 2}, {INT64_MAX, INT64_MAX, 4});
  refuse_partition(RaggedFeature::RowStarts{"p"}, {1, 2}, {1, 2});
  refuse_partition(RaggedFeature::RowStarts{"p"}, {1, 2}, {0, 3});
  refuse_partition(RaggedFeature::RowLimits{"p"}, {1, 2}, {1, 1});
  refuse_partition(RaggedFeature::ValueRowIds{"p"}, {1, 2}, {0});
  refuse_partition(RaggedFeature::ValueRowIds{"p"}, {1, 2}, {1, 0});
  refuse_partition(RaggedFeature::ValueRowIds{"p"}, {1, 2}, {-1, 0});
  refuse_partition(RaggedFeature::ValueRowIds{"p"}, {1, 2}, {0, int64_t{1} << 40});  // not as many empty rows
  refuse({example({{"v", {1, 2, 3}}})}, {{"v", RaggedFeature{.partitions = {RaggedFeature::UniformRowLength{2}}}}},
         "Input to reshape is a tensor with 3 values, but the requested shape requires a multiple of 2");
}

TEST_CASE("example: one alone has no batch axis") {
  const ParseSpec spec = {{"n", FixedLenFeature{.shape = {}, .type = DataType::int64}},
                          {"f", FixedLenFeature{.shape = {2}}},
                          {"q", sequence(DataType::int64)},
                          {"s", VarLenFeature{}},
                          {"x", SparseFeature{.index_key = {"i"}, .value_key = "v", .size = {10}}}};
  const std::string one =
      example({{"n", {3}}, {"q", {7, 8}}, {"i", {4}}}, {{"f", {1, 2}}, {"v", {.5f}}}, {{"s", {"a", "b"}}});
  const Features got = parse_single_example(one, spec);
  CHECK(got.at("n").shape.empty());
  CHECK(got.at("n").integers == Integers{3});
  CHECK(got.at("f").shape == Integers{2});
  CHECK(got.at("q").shape == Integers{2});
  CHECK(got.at("s").shape == Integers{2});
  CHECK(got.at("s").offsets == Integers{0, 2});
  CHECK(got.at("x").shape == Integers{10});
  CHECK(got.at("x").indices == Integers{4});
  CHECK_THROWS_WITH_AS(parse_single_example(example({}), spec),
                       doctest::Contains("[parse_example] the example, key 'f'"), DataError);
}

TEST_CASE("example kinds: the next batch leaves no trace of the last, bad or good") {
  const ExampleParser parser({{"q", sequence(DataType::int64)},
                              {"r", RaggedFeature{.value_key = "v", .partitions = {RaggedFeature::RowLengths{"p"}}}}});
  const std::string large = example({{"q", {1, 2, 3}}, {"v", {1, 2}}, {"p", {1, 1}}}),
                    small = example({{"q", {4}}, {"v", {5}}, {"p", {1}}}), bad = example({{"v", {5}}, {"p", {2}}});
  Features features;
  const std::string_view three[] = {large, small, large}, two[] = {large, bad}, one[] = {small};
  parser.parse(three, features);
  CHECK(features.at("q").integers == Integers{1, 2, 3, 4, 0, 0, 1, 2, 3});
  CHECK_THROWS_AS(parser.parse(two, features), DataError);
  CHECK(features.at("r").size() == 0);
  parser.parse(one, features);
  CHECK(features.at("q").integers == Integers{4});
  CHECK(features.at("q").shape == Integers{1, 1});
  CHECK(features.at("r").row_splits == Splits{{0, 1}, {0, 1}});
  CHECK(features.at("r").integers == Integers{5});
}

}  // namespace weft
#endif
