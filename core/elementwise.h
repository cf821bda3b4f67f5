// Functions of one number over whole arrays, with their derivatives: vectors at run time, the same bits on every set.
#pragma once
#include <cstdint>

namespace weft::kernels {

/// A function y = f(x) and what flows back through it. Each number depends on its own place alone, so that arrays may
/// be cut anywhere. NaN gives NaN.
struct Function {
  /// y[i] = f(x[i]).
  void (*forward)(const float* x, float* y, int64_t n);
  /// dx[i] = dy[i] f'(x[i]), or with `add` dx[i] += that; y is what forward gave.
  void (*backward)(const float* x, const float* y, const float* dy, float* dx, int64_t n, bool add);
};

/// The functions; errors are of the forward values, in units of the last place (ulp).
struct Functions {
  Function exp;         ///< 1 ulp
  Function log;         ///< 1 ulp
  Function sqrt;        ///< correctly rounded
  Function square;      ///< correctly rounded
  Function relu6;       ///< exact
  Function leaky_relu;  ///< correctly rounded
  Function elu;         ///< 2 ulp
  Function selu;        ///< 3 ulp
  Function tanh;        ///< 2 ulp
  Function sigmoid;     ///< 2 ulp
  Function softplus;    ///< 3 ulp
  Function swish;       ///< 3 ulp
  Function gelu;        ///< 4 ulp for x > -1; below, 1e-5 of the value
  Function gelu_tanh;   ///< 4 ulp for x > -1; below, 1e-5 of the value
};

/// The functions for the best instruction set of this processor.
const Functions& functions();
/// Those that any processor has: the others' reference in tests.
const Functions& plain_functions();

}  // namespace weft::kernels
