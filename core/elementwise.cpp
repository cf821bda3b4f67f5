// Choice of the functions at run time.
#include <weft/core/elementwise.h>
#include <weft/core/kernels.h>

#include <doctest/doctest.h>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace weft::kernels {

namespace baseline {
extern const Functions kFunctions;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Functions kFunctions;
}
namespace avx512 {
extern const Functions kFunctions;
}
#endif

const Functions& functions() {
#if defined(__x86_64__)
  const std::string_view set = best().instruction_set;
  if (set == "avx512") return avx512::kFunctions;
  if (set == "avx2") return avx2::kFunctions;
#endif
  return baseline::kFunctions;
}

const Functions& plain_functions() {
  return baseline::kFunctions;
}

namespace {

constexpr Function Functions::*kAll[] = {
    &Functions::exp,        &Functions::log,   &Functions::sqrt, &Functions::square,   &Functions::relu6,
    &Functions::leaky_relu, &Functions::elu,   &Functions::selu, &Functions::tanh,     &Functions::sigmoid,
    &Functions::softplus,   &Functions::swish, &Functions::gelu, &Functions::gelu_tanh};

/// Floats of every exponent and sign, the special ones among them.
std::vector<float> all_kinds() {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 65413) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  for (float number : {0.0f, -0.0f, 1.0f, -1.0f, 88.72283f, 88.73f, -103.9f, -104.1f,
                       std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    x.push_back(number);
  }
  return x;
}

bool same(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// All three loops of a function, at a place that is no multiple of any vector.
std::vector<float> everything(const Function& f, const std::vector<float>& x, size_t first) {
  const auto n = static_cast<int64_t>(x.size() - first);
  const size_t count = x.size() - first;
  std::vector<float> y(count), stored(count), added(count, 0.25f);
  f.forward(x.data() + first, y.data(), n);
  f.backward(x.data() + first, y.data(), x.data(), stored.data(), n, false);
  f.backward(x.data() + first, y.data(), x.data(), added.data(), n, true);
  y.insert(y.end(), stored.begin(), stored.end());
  y.insert(y.end(), added.begin(), added.end());
  return y;
}

}  // namespace

TEST_CASE("elementwise: every function has the same bits in every set") {
  const std::vector<float> x = all_kinds();
  for (const auto member : kAll) {
    for (const size_t first : {0, 3}) {
      const auto want = everything(plain_functions().*member, x, first);
      const auto got = everything(functions().*member, x, first);
      size_t different = 0;
      for (size_t i = 0; i < want.size(); ++i) different += same(got[i], want[i]) ? 0 : 1;
      CHECK(different == 0);
    }
  }
}

TEST_CASE("elementwise: NaN goes through every function") {
  const std::vector<float> x(37, std::numeric_limits<float>::quiet_NaN());
  for (const auto member : kAll) {
    std::vector<float> y(37);
    (functions().*member).forward(x.data(), y.data(), 37);
    for (const float number : y) CHECK(std::isnan(number));
  }
}

}  // namespace weft::kernels
