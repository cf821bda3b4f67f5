// A model's parameters from a file of any program, and the way back.
#pragma once
#include <weft/core/parameter.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/match_tensors.h>

#include <string>
#include <vector>

namespace weft {

enum class ImportMode {
  strict,   ///< an error where the model or the file has a variable that the other has not
  lenient,  ///< what fits is loaded
  dry_run,  ///< nothing is loaded
};

struct ImportOptions {
  ImportMode mode = ImportMode::strict;
  /// What a user says of the file's names; they come before weft's own rules (match_tensors).
  NameRules rules = {};
  /// The optimizer's slots and scalars, where the file has them.
  bool slots = true;
  /// ParameterStore::global_step, where the file has it.
  bool global_step = true;
  /// How the model's slots are called.
  CheckpointNames names = {};
};

/// The places that a model has: parameters, and as `options` say slots, scalars, the step.
std::vector<TensorTarget> tensor_targets(const ParameterStore& params, const ImportOptions& options = {});

/// Loads what match_tensors() finds; slots must have been made (Optimizer::prepare). Floats of any type become float32.
/// Throws as match_tensors(); in strict mode DataError with the whole report if it is not complete, then nothing has
/// been changed; DataError for damage in the file, then the parameters are a mixture.
NameReport import_parameters(const NamedTensors& tensors, ParameterStore& params, const ImportOptions& options = {});

/// The parameters, slots, scalars and step under the names of a checkpoint, to be written in any format: with the names
/// of a canned estimator what write_tensor_bundle() makes of them is what tf.estimator's own Saver restores. The store
/// must outlive it, and not change while it is read.
NamedTensors exported_parameters(const ParameterStore& params, const CheckpointNames& names = {});

}  // namespace weft
