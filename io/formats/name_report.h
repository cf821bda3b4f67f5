// NameReport: what became of each tensor of a file that was to be a model's.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// What becomes of a file's tensors and of a model's, by their names in the file (`from`) and in the model (`to`).
struct NameReport {
  struct Loaded {
    std::string from, to;
    bool transposed = false;
    /// Slots of the other parts of a partitioned variable, which are zeros outside their part.
    std::vector<std::string> more_parts = {};
  };
  struct MisShaped {
    std::string from, to;
    std::vector<int64_t> got, expected;
  };
  struct WrongType {
    std::string from, to;
    TensorType got = TensorType::other;
  };
  struct Ambiguous {
    std::string to;
    std::vector<std::string> candidates;
  };
  std::vector<Loaded> loaded;
  std::vector<std::string> missing, missing_state;  ///< variables of the model, and what goes beside them
  std::vector<std::string> surplus, surplus_state;  ///< of the file, without those that a rule left out
  std::vector<MisShaped> mis_shaped;
  std::vector<WrongType> wrong_type;
  std::vector<Ambiguous> ambiguous;
  std::vector<std::string> left_out;      ///< by a rule
  std::vector<std::string> unused_rules;  ///< see RenamedTensors

  /// Every variable has its tensor and every tensor its place, optimizers' state aside.
  bool complete() const;
};
/// A line a tensor; what is well comes first.
std::string to_string(const NameReport& report);

}  // namespace weft
