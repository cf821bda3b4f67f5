// ModelDirectory: the checkpoints of a model, and which is the newest.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace weft {

/// The checkpoints of a model directory: model.ckpt-<step>.h5, and the text file `checkpoint` that names the newest
/// first and then all of them, the newest last (TensorFlow's CheckpointState).
class ModelDirectory {
 public:
  /// Makes the directory if it is not there. Throws IoError.
  explicit ModelDirectory(const std::string& path);
  /// Path of the newest checkpoint; nothing if there is no file `checkpoint`. Throws DataError if that file can't be
  /// understood, or names a checkpoint that isn't there.
  std::optional<std::string> latest() const;
  std::string checkpoint_path(int64_t step) const;
  /// Records a checkpoint as the newest and deletes those beyond the newest `keep` (0: keeps all). Throws IoError.
  void record(int64_t step, int keep);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace weft
