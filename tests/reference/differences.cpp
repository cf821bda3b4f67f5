// Deliberate differences: where weft answers otherwise than TensorFlow, each with its reason.
#include "errors.h"

namespace weft::reference {
namespace {

constexpr Difference table[] = {
    // A call that eager mode refuses is refused by weft only if something else is wrong with it.
    {.type = "RuntimeError",
     .pattern = "eager",
     .kinds = "ValueError",
     .accepts = true,
     .reason = "weft has no global graph: columns are values, and shared ones work everywhere"},
};

}  // namespace

std::span<const Difference> differences() {
  return table;
}

}  // namespace weft::reference
