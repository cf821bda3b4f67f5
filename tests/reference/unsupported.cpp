// Unsupported: the list. It ends empty.
#include "unsupported.h"

#include <array>

#include "report.h"

namespace weft::reference {
namespace {

constexpr std::array<Unbuilt, 0> list = {};

}  // namespace

std::span<const Unbuilt> unbuilt() {
  return list;
}

void require(std::string_view feature) {
  for (const Unbuilt& entry : list) {
    if (entry.feature == feature) throw Unsupported(std::string(entry.what) + " is not built yet");
  }
}

}  // namespace weft::reference
