// Checkpoints: the flat list of named arrays in an HDF5 file.
#pragma once
#include <weft/core/parameter.h>
#include <weft/io/array_info.h>
#include <weft/io/model_directory.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// Reads checkpoints (docs/checkpoint_format.md), and other HDF5 files: there an array's name is its path. Arrays are
/// read on demand, and what is read is checked; bytes are not trusted. Any thread may read.
class CheckpointReader {
 public:
  /// An array of another program's file that has no numbers to read: of texts, of structures, of none written.
  struct Other {
    std::string name;
    std::vector<int64_t> shape;
  };

  /// Throws IoError (no such file) or DataError (not HDF5, damaged, a newer version).
  explicit CheckpointReader(const std::string& path);
  CheckpointReader(CheckpointReader&&) noexcept;
  ~CheckpointReader();
  const std::vector<ArrayInfo>& arrays() const;  ///< in name order
  const std::vector<Other>& others() const;      ///< what arrays() leaves out, in name order
  /// Null if there is none.
  const ArrayInfo* find(std::string_view name) const;
  /// Reads rows [first, first + out.rows) of a float32 array into the (possibly strided) view, whose width is a row's;
  /// the numbers of a vector are rows of one number, or all of them one row. Throws DataError (missing, another type or
  /// shape, damaged); then `out` holds anything.
  void read(std::string_view name, int64_t first, const RowsView& out) const;
  std::vector<float> read_floats(std::string_view name) const;
  /// Of an integer array of any width.
  std::vector<int64_t> read_integers(std::string_view name) const;
  /// Rows [first, first + count) of an array of any type as contiguous numbers of that type, `out.size()` bytes.
  void read_bytes(std::string_view name, int64_t first, int64_t count, std::span<std::byte> out) const;
  /// True for a checkpoint of weft's, whose numbers have check sums; false for any other HDF5 file.
  bool own() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gives rows [first, first + count) of an array as contiguous numbers of its type.
using FillRows = std::function<void(int64_t first, int64_t count, std::span<std::byte> out)>;

struct CheckpointWriterOptions {
  /// How much time is spent to make arrays smaller: 0 none, 1 (fastest) to 9 (smallest). HDF5's shuffle and deflate,
  /// which every HDF5 program reads; one piece is one chunk.
  int compression = 0;
};

/// Writes a checkpoint beside its name and moves it there when it is whole and on the disk.
class CheckpointWriter {
 public:
  /// Throws ValueError for a compression that can't be, IoError.
  explicit CheckpointWriter(const std::string& path, const CheckpointWriterOptions& options = {});
  CheckpointWriter(CheckpointWriter&&) noexcept;
  /// Without close(): removes the unfinished file.
  ~CheckpointWriter();
  /// Each name once. Throw ValueError (a name that can't be or is there, rows that don't make up the shape) or IoError.
  void write(std::string_view name, const Shape& shape, const RowsView& rows);
  void write(std::string_view name, float scalar);
  void write(std::string_view name, std::span<const int64_t> values, bool scalar = false);
  /// An array of float32 or int64 that need not fit in memory: `fill` is asked for a piece after the other.
  void write(const ArrayInfo& info, const FillRows& fill);
  /// Throws IoError; then what was at the path before is still there.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How state is named on disk. `slot` gives the full name of a parameter's slot.
struct CheckpointNames {
  /// "{variable}/t_0/{slot}" of tf.compat.v1.estimator; "{variable}/{slot}" of a v1 optimizer alone;
  /// "training/{optimizer}/{variable}/{slot}" of Keras.
  std::string slot_pattern = "{variable}/{slot}";
  /// What {optimizer} stands for ...
  std::string optimizer = {};
  /// ... but for variables whose names start so: a model that is trained by several.
  std::map<std::string, std::string> optimizer_by_prefix = {};

  /// The full name of a variable's slot. Throws ValueError for a pattern that can't be.
  std::string slot_name(std::string_view variable, std::string_view slot) const;
};

/// Saves parameters, slots, scalars and global_step. `extra` are integer arrays that go with them (random state, input
/// position). Throws IoError; then what was at the path before is still there.
void save_checkpoint(const std::string& path, const ParameterStore& params, const CheckpointNames& names = {},
                     const std::map<std::string, std::vector<int64_t>>& extra = {},
                     const CheckpointWriterOptions& options = {});
/// Restores all of it; slots must have been made (Optimizer::prepare). Returns `extra`. Throws DataError with every
/// missing, surplus and mis-shaped array in one message; then nothing has been changed. Throws DataError naming the
/// array whose numbers are damaged; then the parameters are a mixture, to be restored from another checkpoint.
std::map<std::string, std::vector<int64_t>> restore_checkpoint(const std::string& path, ParameterStore& params,
                                                               const CheckpointNames& names = {});

}  // namespace weft
