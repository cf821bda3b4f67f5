// Workload: manifest.json, and the raw arrays below ids/ (values int32, splits int64, labels uint8, little endian).
#include "workload.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace weft::bench {
namespace {

void read_manifest(const std::string& path, Workload& workload) {
  std::ifstream file(path);
  if (!file) throw IoError(fmt::format("[weft_bench] {}: can't be read. Give the benchmark's data with --data.", path));
  try {
    const auto manifest = nlohmann::json::parse(file);
    manifest.at("vocab").get_to(workload.vocab);
    manifest.at("dim").get_to(workload.dim);
    manifest.at("hidden").get_to(workload.hidden);
    manifest.at("batch").get_to(workload.batch);
    manifest.at("columns").get_to(workload.columns);
    manifest.at("label").get_to(workload.label);
    manifest.at("train_examples").get_to(workload.train_examples);
    manifest.at("train_bytes").get_to(workload.train_bytes);
    workload.strings = manifest.at("kind") == "bytes";
    for (const auto& [name, digest] : manifest.at("files").items()) {  // in name order
      if (name.starts_with("train-")) workload.train_files.push_back(workload.directory + "/" + name);
      if (name.starts_with("eval-")) workload.eval_files.push_back(workload.directory + "/" + name);
    }
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("[weft_bench] {}: {}. Make the data anew.", path, error.what()));
  }
}

void apply(const Options& options, Workload& workload) {
  if (options.vocab > 0) workload.vocab = options.vocab;
  if (options.dim > 0) workload.dim = options.dim;
  if (options.batch > 0) workload.batch = options.batch;
  if (!options.hidden.empty()) workload.hidden = options.hidden;
  if (options.columns > 0) {
    workload.columns.clear();
    for (int64_t c = 0; c < options.columns; c++) workload.columns.push_back(fmt::format("c{:02}", c));
  }
  workload.synthetic = options.synthetic();
  if (workload.synthetic) workload.strings = false;
  workload.mean_ids = options.mean_ids > 0 ? options.mean_ids : 20;
}

template <class Number>
std::vector<Number> read_array(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw IoError(fmt::format("[weft_bench] {}: can't be read. Make the data anew.", path));
  std::vector<Number> numbers(static_cast<size_t>(file.tellg()) / sizeof(Number));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * sizeof(Number)));
  return numbers;
}

/// Rows [first, first + batch) of a column as a sparse feature.
Feature cut(const std::vector<int32_t>& values, const std::vector<int64_t>& splits, int64_t first, int64_t batch) {
  Feature feature;
  feature.sparse = true;
  const auto* row = splits.data() + first;
  int64_t longest = 0;
  for (int64_t b = 0; b <= batch; b++) {
    feature.offsets.push_back(row[b] - row[0]);
    if (b > 0) longest = std::max(longest, row[b] - row[b - 1]);
  }
  feature.integers.assign(values.begin() + row[0], values.begin() + row[batch]);
  feature.shape = {batch, longest};
  return feature;
}

Batch empty_batch(const Workload& workload) {
  Batch batch;
  batch.size = workload.batch;
  batch.labels.shape = {workload.batch, 1};
  return batch;
}

std::vector<Batch> read_batches(const Workload& workload) {
  const auto labels = read_array<uint8_t>(workload.directory + "/ids/train.labels.u8");
  const auto examples = static_cast<int64_t>(labels.size());
  std::vector<Batch> batches;
  for (int64_t first = 0; first + workload.batch <= examples; first += workload.batch) {
    Batch& batch = batches.emplace_back(empty_batch(workload));
    batch.labels.integers.assign(labels.begin() + first, labels.begin() + first + workload.batch);
  }
  for (const std::string& column : workload.columns) {
    const std::string path = workload.directory + "/ids/train." + column;
    const auto values = read_array<int32_t>(path + ".values.i32");
    const auto splits = read_array<int64_t>(path + ".splits.i64");
    if (std::ssize(splits) != examples + 1 || splits.front() != 0 || splits.back() != std::ssize(values) ||
        !std::is_sorted(splits.begin(), splits.end()))
      throw DataError(fmt::format("[weft_bench] {}: values and splits do not fit the {} labels. Make the data anew.",
                                  path, examples));
    for (size_t k = 0; k < batches.size(); k++)
      batches[k].features[column] = cut(values, splits, static_cast<int64_t>(k) * workload.batch, workload.batch);
  }
  return batches;
}

std::vector<Batch> made_up_batches(const Workload& workload) {
  const RandomStream random{.seed = 7, .stream = stream_of("weft_bench")};
  uint64_t drawn = 0;
  const auto uniform = [&] { return static_cast<double>(random.bits64(drawn++) >> 11) * 0x1p-53; };
  const int64_t count = std::clamp<int64_t>(400'000 / workload.batch, 8, 100);
  std::vector<Batch> batches;
  for (int64_t k = 0; k < count; k++) {
    Batch& batch = batches.emplace_back(empty_batch(workload));
    for (const std::string& column : workload.columns) {
      std::vector<int64_t> splits = {0};
      for (int64_t b = 0; b < workload.batch; b++)
        splits.push_back(splits.back() + 1 +
                         static_cast<int64_t>(uniform() * static_cast<double>(2 * workload.mean_ids - 1)));
      std::vector<int32_t> values(static_cast<size_t>(splits.back()));
      for (int32_t& value : values) value = static_cast<int32_t>(popular_id(uniform(), workload.vocab));
      batch.features[column] = cut(values, splits, 0, workload.batch);
    }
    for (int64_t b = 0; b < workload.batch; b++) batch.labels.integers.push_back(uniform() < 0.4);
  }
  return batches;
}

}  // namespace

int64_t popular_id(double uniform, int64_t vocab) {
  constexpr double exponent = 1.0 - 1.05, shift = 2.0;
  const double low = std::pow(shift, exponent), high = std::pow(static_cast<double>(vocab) + shift, exponent);
  const double rank = std::pow(low + uniform * (high - low), 1.0 / exponent) - shift;
  return std::clamp(static_cast<int64_t>(rank), int64_t{0}, vocab - 1);
}

Workload load_workload(const Options& options) {
  Workload workload;
  workload.name = options.workload;
  workload.directory = options.data + "/" + options.workload;
  const std::string manifest = workload.directory + "/manifest.json";
  if (!options.synthetic() || (!options.data.empty() && std::filesystem::exists(manifest)))
    read_manifest(manifest, workload);
  apply(options, workload);
  if (workload.vocab < 1 || workload.dim < 1 || workload.batch < 1 || workload.hidden.empty() ||
      workload.columns.empty())
    throw ValueError(
        "[weft_bench] a shape is missing. Give --vocab, --columns, --dim, --hidden and --batch, or --data.");
  if (workload.strings) workload.vocabulary_file = workload.directory + "/vocab.txt";
  return workload;
}

std::vector<Batch> id_batches(const Workload& workload) {
  return workload.synthetic ? made_up_batches(workload) : read_batches(workload);
}

TEST_CASE("weft_bench workload: made-up ids have the shapes asked for") {
  Options options;
  options.workload = "made-up";
  options.vocab = 50;
  options.columns = 2;
  options.mean_ids = 3;
  options.dim = 4;
  options.batch = 16;
  options.hidden = {8};
  const Workload workload = load_workload(options);
  const std::vector<Batch> batches = id_batches(workload);
  REQUIRE(batches.size() == 100);
  CHECK(batches[0].size == 16);
  CHECK(batches[0].labels.integers.size() == 16);
  const Feature& column = batches[3].features.at("c01");
  CHECK(column.offsets.size() == 17);
  CHECK(column.offsets.back() == std::ssize(column.integers));
  CHECK(*std::max_element(column.integers.begin(), column.integers.end()) < 50);
  CHECK(*std::min_element(column.integers.begin(), column.integers.end()) >= 0);
}

TEST_CASE("weft_bench workload: rows are cut out of a column") {
  const Feature feature = cut({7, 8, 9, 10}, {0, 1, 1, 3, 4}, 1, 2);
  CHECK(feature.offsets == std::vector<int64_t>{0, 0, 2});
  CHECK(feature.integers == std::vector<int64_t>{8, 9});
  CHECK(feature.shape == std::vector<int64_t>{2, 2});
}

TEST_CASE("weft_bench workload: no manifest, no shape") {
  Options options;
  options.workload = "none";
  options.data = "/nowhere";
  CHECK_THROWS_AS(load_workload(options), IoError);
  options.vocab = 10;
  CHECK_THROWS_AS(load_workload(options), ValueError);
}

}  // namespace weft::bench
