// Warm start: a new model takes variables, and the optimizer's slots with them, from a checkpoint of an earlier one.
#pragma once
#include <weft/core/initializer.h>
#include <weft/core/parameter.h>
#include <weft/io/checkpoint.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weft {

/// How the rows (or columns) of a variable follow their words from one vocabulary file to another (tf.train.VocabInfo).
struct VocabInfo {
  std::string new_vocab;
  /// Words of new_vocab that the model uses; -1: all.
  int64_t new_vocab_size = -1;
  /// Rows behind the words, for words outside; they count as new.
  int64_t num_oov_buckets = 0;
  std::string old_vocab;
  /// Words of old_vocab that the checkpoint's model used; -1: all.
  int64_t old_vocab_size = -1;
  /// For words that old_vocab has not; absent: zeros, as TensorFlow. Their slots are as the optimizer begins.
  std::optional<Initializer> backup_initializer = {};
  /// 0: words are rows, of a table or a bias; 1: columns, as the classes of the logits' kernel.
  int axis = 0;
};

/// tf.estimator.WarmStartSettings.
struct WarmStartSettings {
  /// A checkpoint of any format, as open_tensors() takes it: a file, TensorFlow's prefix, a directory whose newest is
  /// taken, a pattern. Empty: no warm start.
  std::string ckpt_to_initialize_from = {};
  /// Which variables: a regular expression that a trainable variable's name starts with; a list of them, which takes
  /// variables that are not trainable too; or std::monostate{}: only those of var_name_to_vocab_info.
  std::variant<std::monostate, std::string, std::vector<std::string>> vars_to_warm_start = std::string(".*");
  std::map<std::string, VocabInfo> var_name_to_vocab_info = {};
  /// Names in the checkpoint, of variables that are called otherwise here.
  std::map<std::string, std::string> var_name_to_prev_var_name = {};
  /// Takes the optimizer's slots of these variables too, where the checkpoint has them; with every variable, also the
  /// optimizer's scalars. TensorFlow takes none: false.
  bool slots = true;
};

/// Reads the chosen variables into `params`, whose slots must have been made; `names` says how slots are called. The
/// global step stays. Returns the names of the arrays it read. Throws ValueError for a name that is not the model's or
/// the checkpoint's, other shapes, a regular expression that is none; IoError and DataError for files. Nothing has been
/// changed then, unless an array turned out to be damaged.
std::vector<std::string> warm_start(const WarmStartSettings& settings, ParameterStore& params,
                                    const CheckpointNames& names = {});

}  // namespace weft
