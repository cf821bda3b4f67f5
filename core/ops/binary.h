// What the ops of two values have in common: broadcasting, the loops, and sums over what was repeated.
#pragma once
#include <weft/core/ops/column_sums.h>
#include <weft/core/parallel.h>
#include <weft/core/tape.h>

#include <algorithm>
#include <string_view>

namespace weft::detail {

/// How an operand is read for an [R, C] result: number (r, c) is at r * row + c * column. A step of 0 repeats.
struct BroadcastView {
  int64_t row = 0, column = 0;
  int64_t at(int64_t r, int64_t c) const { return r * row + c * column; }
};

/// A result of `shape`, walked as [R, C], and how each operand is read for it.
struct Broadcast {
  Shape shape;
  int64_t R = 1, C = 1;
  BroadcastView a, b;
};

/// Shapes that are equal, or of rank 2 at most where an axis of 1 is repeated ([width] is a row, a scalar is [1, 1]).
/// Throws ValueError for others and for values of two tapes.
Broadcast broadcast(std::string_view op, Var a, Var b);

/// Calls body(r, begin, end) for pieces of the rows of an [R, C] array.
template <class Body>
void for_row_pieces(int64_t R, int64_t C, const Body& body) {
  constexpr int64_t kGrain = 1 << 14;
  if (R == 1) return parallel_for(C, kGrain, [&](int64_t begin, int64_t end) { body(0, begin, end); });
  parallel_for(R, std::max<int64_t>(kGrain / std::max<int64_t>(C, 1), 1), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) body(r, 0, C);
  });
}

/// Adds term(r, c), an [R, C] array, to the gradient of an operand, summed over what the operand repeats.
template <class Term>
void add_broadcast_gradient(Var x, const BroadcastView& view, int64_t R, int64_t C, const Term& term) {
  if (!x.needs_gradient()) return;
  float* dx = x.gradient_sum();
  const bool repeats_rows = view.row == 0 && R > 1, repeats_columns = view.column == 0 && C > 1;
  if (!repeats_rows && !repeats_columns) {
    return for_row_pieces(R, C, [&](int64_t r, int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) dx[r * C + c] += term(r, c);
    });
  }
  if (!repeats_rows) {  // [R, 1]
    return for_row_pieces(R, C, [&](int64_t r, int64_t, int64_t) {
      double total = 0.0;
      for (int64_t c = 0; c < C; ++c) total += term(r, c);
      dx[r] += static_cast<float>(total);
    });
  }
  const Buffer sums = column_sums(R, C, term);
  const double* of_columns = sums.as<double>();
  if (!repeats_columns) {  // [1, C]
    for (int64_t c = 0; c < C; ++c) dx[c] += static_cast<float>(of_columns[c]);
  } else {
    double total = 0.0;
    for (int64_t c = 0; c < C; ++c) total += of_columns[c];
    dx[0] += static_cast<float>(total);
  }
}

/// Op::value(a, b), with the derivatives Op::da(a, b, y) and Op::db(a, b, y).
template <class Op>
Var binary(std::string_view op, Var a, Var b) {
  const Broadcast plan = broadcast(op, a, b);
  Var out = a.tape().make(plan.shape);
  const float *x = a.value().data(), *z = b.value().data();
  float* y = out.value().data();
  for_row_pieces(plan.R, plan.C, [&](int64_t r, int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) y[r * plan.C + c] = Op::value(x[plan.a.at(r, c)], z[plan.b.at(r, c)]);
  });
  if (!a.needs_gradient() && !b.needs_gradient()) return out;
  a.tape().record(out, [a, b, out, plan] {
    const float *x = a.value().data(), *z = b.value().data(), *y = out.value().data(), *dy = out.gradient()->data();
    const int64_t C = plan.C;
    add_broadcast_gradient(a, plan.a, plan.R, C, [&](int64_t r, int64_t c) {
      return dy[r * C + c] * Op::da(x[plan.a.at(r, c)], z[plan.b.at(r, c)], y[r * C + c]);
    });
    add_broadcast_gradient(b, plan.b, plan.R, C, [&](int64_t r, int64_t c) {
      return dy[r * C + c] * Op::db(x[plan.a.at(r, c)], z[plan.b.at(r, c)], y[r * C + c]);
    });
  });
  return out;
}

}  // namespace weft::detail
