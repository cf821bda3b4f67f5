// slice_example: one example of a batch as a batch of its own.
#pragma once
#include <weft/core/features.h>

#include <cstdint>

namespace weft {

/// Example `i` of a batch: its rows of all features and its label. Strings still point into the batch's bytes, so it
/// must not outlive the batch. Features whose first axis is not the batch's are copied whole.
Batch slice_example(const Batch& batch, int64_t i);

}  // namespace weft
