// Tables of one vocabulary and their optimizer's slots, seen as tables of another: rows follow their words.
#pragma once
#include <weft/core/initializer.h>
#include <weft/estimator/vocab_remap.h>
#include <weft/io/formats/named_tensors.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

struct RemapOptions {
  std::vector<std::string> tables;  ///< names of tensors whose first axis is the old vocabulary
  /// The first numbers of the rows of new words, of a table [rows, width].
  std::function<weft::Initializer(int64_t width)> initializer;
  uint64_t seed = 1;
  /// What new rows of a slot hold, by the slot's name ("Adagrad"), where it is not what its optimizer begins with.
  std::map<std::string, float> slot_values;
  int64_t memory = int64_t{256} << 20;  ///< bytes of rows that are held at once
};

/// A tensor whose rows moved.
struct RemappedTensor {
  std::string name;
  int64_t old_rows = 0, new_rows = 0;
  int64_t buckets = 0;              ///< rows behind the words, which are kept in their order
  std::optional<float> slot_value;  ///< of new rows; absent: a table
};

struct RemappedTensors {
  weft::NamedTensors tensors;  ///< all tensors, the others unchanged
  std::vector<RemappedTensor> remapped;
};

/// Throws ValueError for a table that is not there or a slot whose first value is not known, DataError for tensors that
/// are no floats or have fewer rows than the old vocabulary words. Rows are read when the result's are.
RemappedTensors remap_rows(const weft::NamedTensors& tensors, const weft::VocabRemap& words,
                           const RemapOptions& options);

/// What an optimizer's slot of this name begins with, in TensorFlow's or Keras' checkpoints; nothing for another name.
std::optional<float> initial_slot_value(const std::string& slot);
