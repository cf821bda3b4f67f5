// From what a user names (a prefix, a directory, a pattern) to the checkpoint that is meant.
#pragma once
#include <optional>
#include <string>

namespace weft {

/// The newest checkpoint of a directory as its state file `checkpoint` names it: TensorFlow's prefix, or a file.
/// Nothing if there is no such file, it can't be understood, or what it names is not there (TensorFlow:
/// latest_checkpoint). Throws DataError if it names none.
std::optional<std::string> latest_checkpoint(const std::string& directory);

/// What to open for `path`: a file as it is; TensorFlow's prefix ("model.ckpt-5", whose index is "model.ckpt-5.index")
/// from the prefix, the index or a shard; for a directory its newest checkpoint, or the variables of a SavedModel; for
/// a pattern as glob(3) has it ("runs/*/model.ckpt-*", "export/*") the match that was written last, of equal times the
/// one with the largest number; only prefixes, directories as above and files that begin as a format of weft's
/// (file_kind.h) match: not TensorFlow's ".meta", event or state files. Throws ValueError for a directory without a
/// checkpoint, IoError if there is no such file.
std::string find_checkpoint(const std::string& path);

}  // namespace weft
