// Ops that move numbers without changing them.
#pragma once
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <cstdint>
#include <initializer_list>
#include <span>

namespace weft {

/// The numbers of a parameter as a value; its gradient is dense, for a table too (embedding_lookup reads rows).
Var read_value(Tape& tape, Parameter& parameter);

/// [batch, w0], [batch, w1], ... -> [batch, w0 + w1 + ...].
Var concat(std::span<const Var> parts);

/// The same numbers in the same order; one extent may be -1, which is what the others leave. tf.reshape. Throws
/// ValueError if there are not as many numbers.
Var reshape(Var x, std::span<const int64_t> shape);
Var reshape(Var x, std::initializer_list<int64_t> shape);

/// [rows, columns] -> [columns, rows]. Throws ValueError for another rank.
Var transpose(Var x);

/// The part that starts at `begin` and has `size` numbers along each axis (-1: to the end). tf.slice. Throws ValueError
/// for a part that is not there.
Var slice(Var x, std::span<const int64_t> begin, std::span<const int64_t> size);
Var slice(Var x, std::initializer_list<int64_t> begin, std::initializer_list<int64_t> size);

/// Rows by their numbers: x [rows, width], ids [n] -> [n, width]. tf.gather. Throws ValueError for an id that is not in
/// [0, rows).
Var gather(Var x, std::span<const int64_t> ids);

}  // namespace weft
