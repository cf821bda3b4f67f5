// Unsupported: the one list of what weft does not have yet and the cases therefore can't run.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace weft::reference {

/// Something that cases ask for and that is not built, by a name in groups: "family.H", "column.crossed_column".
struct Unbuilt {
  std::string_view feature;
  std::string_view what;
};
std::span<const Unbuilt> unbuilt();

/// Throws Unsupported if the list has the feature.
void require(std::string_view feature);

}  // namespace weft::reference
