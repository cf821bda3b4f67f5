// CheckpointState: the text file `checkpoint` of a directory, which names its newest checkpoint.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

//   model_checkpoint_path: "model.ckpt-200.h5"
//   all_model_checkpoint_paths: "model.ckpt-100.h5"
//   all_model_checkpoint_paths: "model.ckpt-200.h5"
//
// A protobuf text: one field a line here, strings in either quotes, # starts a comment, other fields are skipped. Names
// are relative to the directory, or absolute.

namespace weft {

struct CheckpointState {
  std::string latest;
  std::vector<std::string> all;
};

/// Nothing if a line can't be understood; `latest` is empty if none names it.
std::optional<CheckpointState> parse_checkpoint_state(std::string_view text);
std::string checkpoint_state_text(const CheckpointState& state);

}  // namespace weft
