// Fuzz target: the text file `checkpoint` of a directory. What was understood is written and understood again.
#include <weft/io/checkpoint_state.h>

#include "support/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  const auto state = parse_checkpoint_state(fuzz::text_of(data, size));
  if (!state) return 0;
  const auto again = parse_checkpoint_state(checkpoint_state_text(*state));
  fuzz::check(again && again->latest == state->latest && again->all == state->all, "another state was written");
  return 0;
}
