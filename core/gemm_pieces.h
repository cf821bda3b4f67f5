// How a matrix product is cut into pieces for threads, and what computes a piece.
#pragma once
#include <weft/core/gemm.h>

#include <cstdint>
#include <functional>

namespace weft::detail {

/// Factors that are bfloat16 already, in place of args.a and args.b, with the same strides.
struct Bfloat16Factors {
  const uint16_t* a = nullptr;
  const uint16_t* b = nullptr;
};

/// Some rows or columns of a product, with where its factors begin in the whole ones.
struct GemmPiece {
  GemmArgs args;
  int64_t first_a = 0;
  int64_t first_b = 0;
};

/// Calls `compute` for the pieces of a product, on up to num_threads() threads; they depend on its size alone.
void for_pieces(const GemmArgs& args, const std::function<void(const GemmPiece&)>& compute);

/// The product on the calling thread, of args.a and args.b or, where given, of factors in bfloat16.
void gemm_on_this_thread(const GemmArgs& args, const Bfloat16Factors& factors = {});

/// Whether oneDNN multiplies bfloat16 on this processor.
bool has_bfloat16_products();

/// gemm() for MatmulPrecision::bfloat16.
void gemm_of_bfloat16(const GemmArgs& args);

}  // namespace weft::detail
