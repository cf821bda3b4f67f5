// Dropout: a random stream of its own at every step.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/dropout.h>

#include <algorithm>
#include <vector>

namespace weft {

Dropout::Dropout(const ParameterStore& params, const DropoutLayerOptions& options)
    : params_(&params), stream_{params.seed(), stream_of(options.name + "/dropout")}, rate_(options.rate) {
  if (options.name.empty()) throw ValueError("[Dropout] name is empty. Give the layer a name for its random numbers.");
  if (!(rate_ >= 0.0f && rate_ < 1.0f)) {
    throw ValueError(
        fmt::format("[Dropout] rate of {}: got {}, expected a number in [0, 1). Give the share that is dropped.",
                    options.name, rate_));
  }
}

Var Dropout::operator()(Var x) const {
  return dropout(x, {.rate = rate_, .stream = stream_.split(static_cast<uint64_t>(params_->global_step))});
}

}  // namespace weft

TEST_CASE("dropout layer: another draw at every step, the same at the same step") {
  using namespace weft;
  ParameterStore params({.seed = 5});
  const Dropout a(params, {.name = "a", .rate = 0.5f}), b(params, {.name = "b", .rate = 0.5f});
  const auto drawn = [&](const Dropout& layer, int64_t step) {
    params.global_step = step;
    Tape tape;
    const Tensor y = layer(tape.constant(Tensor::full({4, 25}, 1.0f))).value();
    return std::vector<float>(y.values().begin(), y.values().end());
  };
  const auto first = drawn(a, 1);
  CHECK(std::ranges::count(first, 0.0f) > 25);
  CHECK(std::ranges::count(first, 2.0f) > 25);
  CHECK(drawn(a, 2) != first);
  CHECK(drawn(b, 1) != first);
  CHECK(drawn(a, 1) == first);
  ParameterStore other({.seed = 6});
  other.global_step = 1;
  Tape tape;
  const Tensor y = Dropout(other, {.name = "a", .rate = 0.5f})(tape.constant(Tensor::full({4, 25}, 1.0f))).value();
  CHECK_FALSE(std::ranges::equal(y.values(), first));
}

TEST_CASE("dropout layer: a name and a rate that can be") {
  using namespace weft;
  const ParameterStore params;
  CHECK_THROWS_AS(Dropout(params, {.name = ""}), ValueError);
  CHECK_THROWS_AS(Dropout(params, {.name = "a", .rate = 1.0f}), ValueError);
}
