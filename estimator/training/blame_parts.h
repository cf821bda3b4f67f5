// The small questions that find_blame asks.
#pragma once
#include <weft/core/tape.h>
#include <weft/estimator/training/blame.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft::detail {

/// The place of the first number that is infinite or NaN.
std::optional<size_t> first_not_finite(std::span<const float> numbers);

/// The example that number `place` of a value belongs to: its row, if the value has one an example.
std::optional<int64_t> example_of(const Shape& shape, size_t place, int64_t batch);

/// The first gradient of a parameter that is not finite. A lookup's says which example it came from.
std::optional<Blame> bad_parameter_gradient(const ParameterStore& params, int64_t batch);

/// The first gradient of a recorded value that is not finite.
std::optional<Blame> bad_value_gradient(std::span<const Var> values, int64_t batch);

/// A row of a table that a lookup of this batch has read.
struct RowRead {
  const Parameter* table = nullptr;
  int64_t row = 0;
  int64_t example = 0;
};
/// The rows that the gradients of the tables speak of, from lookups with a bag an example.
std::vector<RowRead> rows_read(const ParameterStore& params, int64_t batch);

/// The key and the example of the first feature with a number that is not finite ("" is the label), of all examples or
/// of one.
struct BadFeature {
  std::string key;
  int64_t example = 0;
  float number = 0.0f;
};
std::optional<BadFeature> bad_feature(const Batch& batch, std::optional<int64_t> example);

}  // namespace weft::detail
