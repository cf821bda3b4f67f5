// Batches of examples from any feed of records: shuffled, batched, repeated, parsed.
#pragma once
#include <weft/io/record_batches.h>

namespace weft {

/// A feed without files has no CRCs to check. Throws ValueError for options that can't be.
Dataset batches_of_examples(RecordFeed feed, const ParseSpec& spec, const RecordBatching& batching);

}  // namespace weft
