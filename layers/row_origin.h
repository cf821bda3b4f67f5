// RowOrigin: which value of an example reads a row of a table.
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weft {

/// For messages: the way back from a row to the input.
struct RowOrigin {
  std::string column;   ///< "watched_video_id_shared_embedding"
  std::string feature;  ///< "watched_video_id"; empty for a crossed column, which reads several
  std::string value;    ///< "v0017"; empty if it is no single value of the feature
};

/// What of an example reads a row of a table; nothing if that can't be told.
using RowOriginFn = std::function<std::optional<RowOrigin>(const Parameter& table, int64_t row,
                                                           const Features& features, int64_t example)>;

}  // namespace weft
