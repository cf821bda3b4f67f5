// MetricState: look-up and files.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/metric_state.h>
#include <weft/io/checkpoint.h>

#include <filesystem>

namespace weft {

const std::vector<int64_t>& state_array(const MetricState& state, const std::string& name) {
  const auto found = state.find(name);
  if (found != state.end()) return found->second;
  throw DataError(fmt::format(
      "[metric state] there is no array '{}': got {} others, expected it. Restore what the same metric saved.", name,
      state.size()));
}

void write_metric_state(const std::string& path, const MetricState& state) {
  CheckpointWriter writer(path);
  for (const auto& [name, values] : state) writer.write(name, values);
  writer.close();
}

MetricState read_metric_state(const std::string& path) {
  const CheckpointReader reader(path);
  MetricState state;
  for (const ArrayInfo& info : reader.arrays()) state[info.name] = reader.read_integers(info.name);
  return state;
}

TEST_CASE("metric state: a file keeps it, a missing array is a DataError") {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("weft_metric_state_{}", ::getpid())).string();
  const MetricState state = {{"auc/positives", {1, -5, INT64_MAX}}, {"loss/total", {0}}, {"none", {}}};
  write_metric_state(path, state);
  CHECK(read_metric_state(path) == state);
  std::filesystem::remove(path);
  CHECK(state_array(state, "loss/total").size() == 1);
  CHECK_THROWS_AS(state_array(state, "loss"), DataError);
}

}  // namespace weft
