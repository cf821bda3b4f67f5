// Unsupported: the list. It ends empty.
#include "unsupported.h"

#include "report.h"

namespace weft::reference {
namespace {

constexpr Unbuilt list[] = {
    {"checkpoint.keras", "Keras' HDF5 files"},
};

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
