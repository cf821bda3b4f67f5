// Which tensor of a file is which of a model: by the same name, by what the name says, by the order of the layers.
#pragma once
#include <weft/io/formats/name_report.h>
#include <weft/io/formats/name_rules.h>
#include <weft/io/formats/named_tensors.h>

#include <string>
#include <vector>

namespace weft {

/// A tensor that a model has a place for.
struct TensorTarget {
  std::string name;  ///< as the model's checkpoints call it
  std::vector<int64_t> shape = {};
  /// float32, or int64 for a step.
  TensorType type = TensorType::float32;
  /// The variable whose slot it is and the slot's name; empty for a variable. Where a name alone must tell, see
  /// tensor_targets().
  std::string slot_of = {}, slot = {};
  /// Beside the variables: a slot, a power of Adam's, the step. A file without it is not incomplete.
  bool state = false;
};
/// Targets that another file's tensors are: of a checkpoint of the model, say.
std::vector<TensorTarget> tensor_targets(const NamedTensors& like);

/// A file's tensors under the model's names, turned where they must be, and the report.
struct MatchedTensors {
  NamedTensors tensors;  ///< those of `report.loaded`, slots of partitions added up; else as they are in the file
  NameReport report;
};
/// Rules come first; then equal names, then names that say the same (variable_names.h), then, where as many layers of
/// [inputs, units] are left on both sides, the layers in their order if all shapes fit. Floats of any type have a place
/// in float32. Throws as apply().
MatchedTensors match_tensors(const NamedTensors& tensors, const std::vector<TensorTarget>& targets,
                             const NameRules& rules = {});

}  // namespace weft
