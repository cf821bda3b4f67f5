// What a tape has recorded, for those who look for a fault: its values, its ops, backward step by step.
#pragma once
#include <weft/core/tape.h>

#include <functional>
#include <string>
#include <vector>

namespace weft {

/// An op that was recorded: what it made, and what it is called ("relu", "embedding_lookup").
struct RecordedOp {
  Var out;
  std::string name;
};

/// The ops in the order in which they ran. An op that records several closures comes as often.
std::vector<RecordedOp> recorded_ops(Tape& tape);

/// Every value of the tape in the order in which they were made: constants, leaves and what ops made.
std::vector<Var> recorded_values(Tape& tape);

/// Tape::backward from a loss, which calls after(i) when the closure of recorded_ops()[i] has added its part.
void backward_by_op(Var loss, const std::function<void(size_t op)>& after);

}  // namespace weft
