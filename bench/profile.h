// Profile: where the time of a run goes, stage by stage, beside the least that this machine would need for it.
#pragma once
#include <weft/core/features.h>
#include <weft/core/stage_timer.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "options.h"
#include "workload.h"

namespace weft::bench {

/// What one example needs.
struct ExampleWork {
  double file_bytes = 0;
  double ids = 0;            ///< looked up
  double distinct_rows = 0;  ///< of a batch, divided by its examples; 0: not known
  double row_bytes = 0;
  double forward_operations = 0;  ///< of the layers' products; their gradients are twice as many
};
/// From the shapes, and the ids of one batch (numbers of rows only where `ids_are_rows`).
ExampleWork work_of(const Workload& workload, const Batch& batch, bool ids_are_rows);

/// What this machine reaches in a tenth of a second of each.
struct MachineLimits {
  double gflops = 0;          ///< one large product on the threads of the step
  double gigabytes = 0;       ///< reading memory a second, on these threads
  double crc_gigabytes = 0;   ///< a second and thread, bytes in the cache
  double read_gigabytes = 0;  ///< reading memory a second, one thread
};
MachineLimits measure_limits(int compute_threads);
/// Microseconds an example that a stage needs at least; nothing where there is no such figure.
std::optional<double> least_microseconds(Stage stage, const ExampleWork& work, const MachineLimits& machine);

/// Records the stages of the thread that makes it if --profile is given, and reports them.
class Profile {
 public:
  explicit Profile(const Options& options) : wanted_(options.profile), recording_(wanted_ ? &times_ : nullptr) {}
  /// To be set to zero when counting begins; null without --profile.
  StageTimes* times() { return wanted_ ? &times_ : nullptr; }
  /// Stops recording; adds "profile" to a result that has "examples". Nothing without --profile.
  void report(nlohmann::ordered_json& result, const ExampleWork& work, int compute_threads);
  bool wanted() const { return wanted_; }

 private:
  bool wanted_;
  StageTimes times_;
  StageRecording recording_;
};

/// The "profile" of a result as a table for people.
std::string profile_table(const nlohmann::ordered_json& result);

}  // namespace weft::bench
