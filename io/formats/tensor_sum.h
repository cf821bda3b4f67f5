// Tensors with others added to them, as they are read.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <map>
#include <string>
#include <vector>

namespace weft {

/// The same tensors, but to each name in `added` the numbers of the named tensors of `others` are added. All that are
/// added up are float32 of one shape, else DataError.
NamedTensors with_sums(const NamedTensors& tensors, const NamedTensors& others,
                       const std::map<std::string, std::vector<std::string>>& added);

}  // namespace weft
