// Checkpoints: the flat list of named arrays in an HDF5 file, and the index of a model directory.
#pragma once
#include <weft/core/parameter.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

enum class ArrayType { float32, float64, int32, int64, uint8 };

/// An array of a checkpoint as its header says: name ("dnn/logits/kernel"), type, shape.
struct ArrayInfo {
  std::string name;
  ArrayType type = ArrayType::float32;
  std::vector<int64_t> shape;
};

/// Reads checkpoints. Every array is read on demand; bytes are not trusted.
class CheckpointReader {
 public:
  /// Throws IoError (no such file) or DataError (not HDF5, not this layout).
  explicit CheckpointReader(const std::string& path);
  CheckpointReader(CheckpointReader&&) noexcept;
  ~CheckpointReader();
  const std::vector<ArrayInfo>& arrays() const;   ///< in name order
  const ArrayInfo* find(std::string_view name) const;
  /// Reads rows [first, first + out.rows) of a float32 array into the (possibly strided) view. Throws DataError.
  void read(std::string_view name, int64_t first, const RowsView& out) const;
  std::vector<float> read_floats(std::string_view name) const;
  std::vector<int64_t> read_integers(std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a checkpoint beside its name and moves it there when it is whole and on the disk.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(const std::string& path);
  CheckpointWriter(CheckpointWriter&&) noexcept;
  /// Without close(): removes the unfinished file.
  ~CheckpointWriter();
  void write(std::string_view name, const Shape& shape, const RowsView& rows);
  void write(std::string_view name, float scalar);
  void write(std::string_view name, std::span<const int64_t> values, bool scalar = false);
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How state is named on disk. `slot` gives the full name of a parameter's slot.
struct CheckpointNames {
  /// "{variable}/t_0/{slot}" of tf.compat.v1.estimator; "{variable}/{slot}" of a v1 optimizer alone.
  std::string slot_pattern = "{variable}/{slot}";
};

/// Saves parameters, slots, scalars and global_step. `extra` are integer arrays that go with them (random state, input position).
void save_checkpoint(const std::string& path, const ParameterStore& params, const CheckpointNames& names = {},
                     const std::map<std::string, std::vector<int64_t>>& extra = {});
/// Restores all of it; slots must have been made (Optimizer::prepare). Throws DataError with every missing, surplus and
/// mis-shaped array in one message; then nothing has been changed. Returns `extra`.
std::map<std::string, std::vector<int64_t>> restore_checkpoint(const std::string& path, ParameterStore& params,
                                                               const CheckpointNames& names = {});

/// The checkpoints of a model directory: model.ckpt-<step>.h5, and the text file `checkpoint` that names the newest last
/// (TensorFlow's CheckpointState).
class ModelDirectory {
 public:
  /// Makes the directory if it is not there. Throws IoError.
  explicit ModelDirectory(const std::string& path);
  /// Path of the newest checkpoint, if there is one.
  std::optional<std::string> latest() const;
  std::string checkpoint_path(int64_t step) const;
  /// Records a checkpoint as the newest and deletes those beyond the newest `keep` (0: keeps all).
  void record(int64_t step, int keep);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace weft
