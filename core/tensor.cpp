// Tensor: construction, deep copies, fill.
#include <weft/core/error.h>
#include <weft/core/tensor.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cstring>

namespace weft {

Tensor::Tensor(const Shape& shape)
    : buffer_(static_cast<size_t>(shape.size()) * sizeof(float)),
      data_(buffer_.as<float>()),
      shape_(shape),
      size_(shape.size()) {}

Tensor::Tensor(const Shape& shape, std::span<const float> values) : Tensor(shape) {
  if (static_cast<int64_t>(values.size()) != size_) {
    throw ValueError("[Tensor] shape " + to_string(shape) + " does not fit the values: got " +
                     std::to_string(values.size()) + ", expected " + std::to_string(size_) + ".");
  }
  std::ranges::copy(values, data_);
}

Tensor::Tensor(const Shape& shape, std::initializer_list<float> values)
    : Tensor(shape, std::span<const float>(values.begin(), values.size())) {}

Tensor Tensor::zeros(const Shape& shape) {
  return full(shape, 0.0f);
}

Tensor Tensor::full(const Shape& shape, float value) {
  Tensor tensor(shape);
  tensor.fill(value);
  return tensor;
}

Tensor::Tensor(const Tensor& other) {
  if (other.data_ == nullptr) return;
  *this = Tensor(other.shape_);
  std::ranges::copy(other.values(), data_);
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

float Tensor::item() const {
  if (size_ != 1)
    throw ValueError("[Tensor::item] a tensor of one element is needed: got shape " + to_string(shape_) + ".");
  return data_[0];
}

void Tensor::fill(float value) {
  std::fill_n(data_, size_, value);
}

TEST_CASE("tensor: copies copy, values must fit the shape") {
  Tensor a({2, 2}, {1, 2, 3, 4});
  Tensor b = a;
  b[0] = 9;
  CHECK(a[0] == 1);
  CHECK(b[0] == 9);
  a = b;
  b[0] = 7;
  CHECK(a[0] == 9);
  CHECK_THROWS_AS(Tensor({2, 2}, {1, 2, 3}), ValueError);
  CHECK_THROWS_AS(a.item(), ValueError);
  CHECK(Tensor::full({}, 3).item() == 3);
  CHECK(Tensor::zeros({0, 4}).size() == 0);
}

}  // namespace weft
