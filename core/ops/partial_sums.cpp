// Sums over a batch: partial sums of pieces, added in the pieces' order.
#include <weft/core/buffer.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/partial_sums.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <vector>

namespace weft {

void add_partial_sums(const float* partial, int64_t pieces, int64_t count, Parameter& parameter) {
  const auto sum = parameter.add_to_gradient();
  if (sum.fresh && pieces == 0) std::fill_n(sum.data, count, 0.0f);
  if (sum.fresh && pieces > 0) std::copy_n(partial, count, sum.data);
  for (int64_t piece = sum.fresh ? 1 : 0; piece < pieces; ++piece) {
    kernels::best().axpy(1.0f, partial + piece * count, sum.data, count);
  }
}

namespace {

/// Calls sum(begin, end, sums) for the pieces of rows, and adds what they give to the gradient of the bias.
template <class Sum>
void add_sums_of_pieces(int64_t rows, int64_t units, Parameter& bias, const Sum& sum) {
  const int64_t pieces = pieces_of(rows);
  const Buffer partial(static_cast<size_t>(pieces * units) * sizeof(float));
  parallel_for(rows, kRowsOfPiece, [&](int64_t begin, int64_t end) {
    sum(begin, end, partial.as<float>() + begin / kRowsOfPiece * units);
  });
  if (bias.trainable()) add_partial_sums(partial.as<float>(), pieces, units, bias);
}

}  // namespace

void add_bias_gradient(const float* dy, int64_t rows, int64_t units, Parameter& bias) {
  if (!bias.trainable()) return;
  add_sums_of_pieces(rows, units, bias, [=](int64_t begin, int64_t end, float* sums) {
    kernels::best().column_sums(dy + begin * units, end - begin, units, sums);
  });
}

void relu_and_bias_gradient(float* dy, const float* y, int64_t rows, int64_t units, Parameter& bias) {
  add_sums_of_pieces(rows, units, bias, [=](int64_t begin, int64_t end, float* sums) {
    kernels::best().relu_column_sums(dy + begin * units, y + begin * units, end - begin, units, sums);
  });
}

TEST_CASE("partial sums: pieces add, an empty batch gives zeros, a still bias nothing") {
  Parameter bias({.name = "b", .shape = {2}, .initializer = zeros_initializer()}, 1);
  add_bias_gradient(nullptr, 0, 2, bias);
  CHECK(bias.dense_gradient()[1] == 0);
  const std::vector<float> dy(600, 1.0f);
  add_bias_gradient(dy.data(), 300, 2, bias);
  add_bias_gradient(dy.data(), 10, 2, bias);
  CHECK(bias.dense_gradient()[0] == 310);
  CHECK(bias.dense_gradient()[1] == 310);
  Parameter still({.name = "b", .shape = {2}, .initializer = zeros_initializer(), .trainable = false}, 1);
  add_bias_gradient(dy.data(), 300, 2, still);
  CHECK_FALSE(still.has_gradient());
}

}  // namespace weft
