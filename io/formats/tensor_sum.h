// A tensor with others added to it, as it is read.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>
#include <vector>

namespace weft {

/// The same tensors, but for `name`: to it the numbers of `added` tensors of `others` are added. All are float32 of one
/// shape, else DataError.
NamedTensors with_sum(const NamedTensors& tensors, const std::string& name, const NamedTensors& others,
                      const std::vector<std::string>& added);

}  // namespace weft
