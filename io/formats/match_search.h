// The work of match_tensors(): which tensor is which target's.
#pragma once
#include <weft/io/formats/match_tensors.h>

#include <vector>

namespace weft {

/// `renamed` are the file's tensors after the user's rules.
NameReport search_tensors(const RenamedTensors& renamed, const NamedTensors& file,
                          const std::vector<TensorTarget>& targets);

}  // namespace weft
