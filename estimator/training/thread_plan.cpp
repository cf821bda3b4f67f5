// ThreadPlan: the policy.
#include <doctest/doctest.h>
#include <weft/estimator/training/thread_plan.h>

#include <algorithm>

namespace weft {

namespace {

constexpr double kSmallStep = 50e6;  // operations that one core does in about a millisecond
constexpr int64_t kUsualBatch = 128;

}  // namespace

ThreadPlan plan_threads(int threads, double flops_per_example, int64_t batch_size) {
  if (threads <= 1) return {.readers = 0, .batches_ahead = 1, .compute = 1};
  const auto batch = static_cast<double>(batch_size > 0 ? batch_size : kUsualBatch);
  const bool small = flops_per_example * batch < kSmallStep;
  const int readers = small ? threads - 1 : 1;
  return {.readers = readers, .batches_ahead = 2 * readers + 2, .compute = small ? 1 : threads};
}

double flops_per_example(const ParameterStore& params) {
  double numbers = 0.0;
  for (const Parameter& parameter : params) {
    if (!parameter.table()) numbers += static_cast<double>(parameter.shape().size());
  }
  return 6.0 * numbers;
}

TEST_CASE("thread plan: one thread does everything itself") {
  const ThreadPlan plan = plan_threads(1, 1e9);
  CHECK(plan.readers == 0);
  CHECK(plan.compute == 1);
}

TEST_CASE("thread plan: small steps leave the threads to the reading, large ones take them") {
  const ThreadPlan small = plan_threads(8, 20e3, 128);
  CHECK(small.compute == 1);
  CHECK(small.readers == 7);
  const ThreadPlan large = plan_threads(8, 1.4e6, 1024);
  CHECK(large.compute == 8);
  CHECK(large.readers == 1);
}

TEST_CASE("thread plan: dense parameters count, tables do not") {
  ParameterStore params;
  params.add({.name = "kernel", .shape = {4, 3}, .initializer = zeros_initializer()});
  params.add({.name = "table", .shape = {1000, 3}, .initializer = zeros_initializer(), .table = true});
  CHECK(flops_per_example(params) == 72.0);
}

}  // namespace weft
