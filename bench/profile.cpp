// Profile: stages by the library's timers; limits by four short measurements.
#include "profile.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/gemm.h>
#include <weft/core/kernels.h>
#include <weft/core/parallel.h>
#include <weft/io/crc32c.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <unordered_set>
#include <vector>

#include "clock.h"

namespace weft::bench {
namespace {

/// How often a second `action` runs: the best of eight goes of at least 10 ms.
double best_rate(const auto& action) {
  using Steady = std::chrono::steady_clock;
  double best = 0;
  for (int go = 0; go < 8; go++) {
    int64_t calls = 0;
    const auto start = Steady::now();
    double seconds = 0;
    for (; seconds < 0.01; seconds = std::chrono::duration<double>(Steady::now() - start).count(), calls++) action();
    best = std::max(best, static_cast<double>(calls) / seconds);
  }
  return best;
}

double gflops() {
  constexpr int64_t n = 768;
  const std::vector<float> a(n * n, 1.0f), b(n * n, 1.0f);
  std::vector<float> c(n * n);
  const GemmArgs args{
      .m = n, .n = n, .k = n, .a = a.data(), .a_stride = n, .b = b.data(), .b_stride = n, .c = c.data(), .c_stride = n};
  return best_rate([&] { gemm(args); }) * 2e-9 * n * n * n;
}

/// Gigabytes a second of reading what fits in no cache.
double read_gigabytes() {
  constexpr int64_t n = int64_t{32} << 20, piece = int64_t{1} << 18;
  const std::vector<float> numbers(n, 1.0f);
  std::vector<float> sums(n / piece);
  const double rate = best_rate([&] {
    parallel_for(n, piece, [&](int64_t begin, int64_t end) {
      const float* first = numbers.data() + begin;
      sums[static_cast<size_t>(begin / piece)] = kernels::best().dot(first, first, end - begin);
    });
  });
  return rate * 4e-9 * n;
}

double crc_gigabytes() {
  const std::string bytes(size_t{1} << 16, 'x');
  uint32_t crc = 0;
  return best_rate([&] { crc = extend_crc32c(crc, bytes); }) * 1e-9 * static_cast<double>(bytes.size());
}

const char* limit_of(Stage stage) {
  switch (stage) {
    case Stage::read:
    case Stage::parse:
      return "bytes at one thread's memory bandwidth";
    case Stage::crc:
      return "CRC of bytes in the cache";
    case Stage::gather:
      return "rows read at memory bandwidth";
    case Stage::forward:
    case Stage::backward:
      return "one large product";
    case Stage::coalesce:
      return "gradients of ids read at memory bandwidth";
    case Stage::update:
      return "distinct rows and slots read and written";
    default:
      return "";
  }
}

/// Stages on threads that make batches; the others are the training thread's.
bool of_input(Stage stage) {
  return stage == Stage::read || stage == Stage::crc || stage == Stage::parse || stage == Stage::lookup;
}

}  // namespace

ExampleWork work_of(const Workload& workload, const Batch& batch, bool ids_are_rows) {
  ExampleWork work;
  std::unordered_set<int64_t> rows;
  int64_t ids = 0;
  for (const std::string& column : workload.columns) {
    const Feature& feature = batch.features.at(column);
    ids += feature.size();
    if (ids_are_rows) rows.insert(feature.integers.begin(), feature.integers.end());
  }
  const auto examples = static_cast<double>(std::max<int64_t>(batch.size, 1));
  work.ids = static_cast<double>(ids) / examples;
  work.distinct_rows = static_cast<double>(rows.size()) / examples;
  work.row_bytes = 4.0 * static_cast<double>(workload.dim);
  if (workload.train_examples > 0)
    work.file_bytes = static_cast<double>(workload.train_bytes) / static_cast<double>(workload.train_examples);
  int64_t inputs = std::ssize(workload.columns) * workload.dim;
  for (const int64_t units : workload.hidden) {
    work.forward_operations += 2.0 * static_cast<double>(inputs * units);
    inputs = units;
  }
  work.forward_operations += 2.0 * static_cast<double>(inputs);
  return work;
}

MachineLimits measure_limits(int compute_threads) {
  MachineLimits machine;
  const ThreadLimit compute(compute_threads);
  machine.gflops = gflops();
  machine.gigabytes = read_gigabytes();
  const ThreadLimit one(1);
  machine.read_gigabytes = read_gigabytes();
  machine.crc_gigabytes = crc_gigabytes();
  return machine;
}

std::optional<double> least_microseconds(Stage stage, const ExampleWork& work, const MachineLimits& machine) {
  const auto at = [](double amount, double billions) -> std::optional<double> {
    if (amount <= 0 || billions <= 0) return {};
    return 1e-3 * amount / billions;
  };
  switch (stage) {
    case Stage::read:
    case Stage::parse:
      return at(work.file_bytes, machine.read_gigabytes);
    case Stage::crc:
      return at(work.file_bytes, machine.crc_gigabytes);
    case Stage::gather:
    case Stage::coalesce:
      return at(work.ids * work.row_bytes, machine.gigabytes);
    case Stage::forward:
      return at(work.forward_operations, machine.gflops);
    case Stage::backward:
      return at(2 * work.forward_operations, machine.gflops);
    case Stage::update:
      return at(4 * work.distinct_rows * work.row_bytes, machine.gigabytes);
    default:
      return {};
  }
}

void Profile::report(nlohmann::ordered_json& result, const ExampleWork& work, int compute_threads) {
  if (!wanted_) return;
  const double examples = result.value("examples", 0.0);
  if (examples <= 0) return;
  std::array<int64_t, kStages> taken{};
  int64_t total = 0;
  for (size_t s = 0; s < kStages; s++) total += taken[s] = times_.nanoseconds(static_cast<Stage>(s));
  const MachineLimits machine = measure_limits(compute_threads);
  auto stages = nlohmann::ordered_json::array();
  for (size_t s = 0; s < kStages; s++) {
    if (taken[s] == 0) continue;
    const auto stage = static_cast<Stage>(s);
    nlohmann::ordered_json row = {{"stage", to_string(stage)},
                                  {"thread", of_input(stage) ? "input" : "training"},
                                  {"us", rounded(1e-3 * static_cast<double>(taken[s]) / examples, 4)},
                                  {"share", rounded(static_cast<double>(taken[s]) / static_cast<double>(total), 4)}};
    if (const auto least = least_microseconds(stage, work, machine)) {
      row["limit_us"] = rounded(*least, 4);
      row["limit"] = limit_of(stage);
    }
    stages.push_back(std::move(row));
  }
  result["profile"] = {{"stages", std::move(stages)},
                       {"machine",
                        {{"gflops", rounded(machine.gflops, 1)},
                         {"gb_per_s", rounded(machine.gigabytes, 1)},
                         {"gb_per_s_one_thread", rounded(machine.read_gigabytes, 1)},
                         {"crc_gb_per_s", rounded(machine.crc_gigabytes, 1)}}}};
}

std::string profile_table(const nlohmann::ordered_json& result) {
  if (!result.contains("profile")) return {};
  std::string text = fmt::format("{:<10}{:<10}{:>12}{:>8}{:>12}  {}\n", "stage", "thread", "us/example", "share",
                                 "limit us", "what the limit is");
  for (const auto& row : result["profile"]["stages"]) {
    const std::string limit = row.contains("limit_us") ? fmt::format("{:.3f}", row["limit_us"].get<double>()) : "-";
    text += fmt::format("{:<10}{:<10}{:>12.3f}{:>7.1f}%{:>12}  {}\n", row["stage"].get<std::string>(),
                        row["thread"].get<std::string>(), row["us"].get<double>(), 100 * row["share"].get<double>(),
                        limit, row.value("limit", ""));
  }
  const auto& machine = result["profile"]["machine"];
  return text + fmt::format("machine: {} GFLOP/s and {} GB/s on the threads of the step, {} GB/s on one, CRC {} GB/s\n",
                            machine["gflops"].get<double>(), machine["gb_per_s"].get<double>(),
                            machine["gb_per_s_one_thread"].get<double>(), machine["crc_gb_per_s"].get<double>());
}

TEST_CASE("weft_bench profile: work and limits by hand") {
  Workload workload;
  workload.columns = {"a"};
  workload.dim = 8, workload.hidden = {4}, workload.train_examples = 10, workload.train_bytes = 1000;
  Batch batch;
  batch.size = 2;
  batch.features["a"].integers = {5, 5, 7};
  batch.features["a"].offsets = {0, 2, 3};
  batch.features["a"].sparse = true;
  const ExampleWork work = work_of(workload, batch, true);
  CHECK(work.file_bytes == 100);
  CHECK(work.ids == 1.5);
  CHECK(work.distinct_rows == 1);
  CHECK(work.forward_operations == 2 * (8 * 4 + 4));
  const MachineLimits machine{.gflops = 1, .gigabytes = 2, .crc_gigabytes = 4, .read_gigabytes = 1};
  CHECK(*least_microseconds(Stage::forward, work, machine) == doctest::Approx(0.072));
  CHECK(*least_microseconds(Stage::backward, work, machine) == doctest::Approx(0.144));
  CHECK(*least_microseconds(Stage::gather, work, machine) == doctest::Approx(0.024));
  CHECK(*least_microseconds(Stage::update, work, machine) == doctest::Approx(0.064));
  CHECK(*least_microseconds(Stage::crc, work, machine) == doctest::Approx(0.025));
  CHECK_FALSE(least_microseconds(Stage::lookup, work, machine));
  CHECK(work_of(workload, batch, false).distinct_rows == 0);
}

TEST_CASE("weft_bench profile: nothing is recorded unless asked for") {
  nlohmann::ordered_json result = {{"examples", 10}};
  Profile profile{Options{}};
  { const StageTimer timer(Stage::gather); }
  profile.report(result, {}, 1);
  CHECK(profile.times() == nullptr);
  CHECK_FALSE(result.contains("profile"));
  CHECK(profile_table(result).empty());
}

}  // namespace weft::bench
