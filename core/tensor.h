// Tensor: a contiguous float32 array, 64-byte aligned.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/shape.h>

#include <initializer_list>
#include <span>

namespace weft {

/// A contiguous float32 array in row order, 64-byte aligned. Copying copies the numbers.
class Tensor {
 public:
  /// A scalar 0 without memory until it is assigned.
  Tensor() = default;
  /// Uninitialised numbers.
  explicit Tensor(const Shape& shape);
  /// Throws ValueError if the count of values is not shape.size().
  Tensor(const Shape& shape, std::initializer_list<float> values);
  Tensor(const Shape& shape, std::span<const float> values);
  static Tensor zeros(const Shape& shape);
  static Tensor full(const Shape& shape, float value);

  Tensor(const Tensor& other);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor& other);
  Tensor& operator=(Tensor&&) noexcept = default;
  ~Tensor() = default;

  const Shape& shape() const { return shape_; }
  int64_t size() const { return size_; }
  float* data() { return data_; }
  const float* data() const { return data_; }
  std::span<float> values() { return {data_, static_cast<size_t>(size_)}; }
  std::span<const float> values() const { return {data_, static_cast<size_t>(size_)}; }
  float& operator[](int64_t i) { return data_[i]; }
  float operator[](int64_t i) const { return data_[i]; }
  /// The number of a tensor of one element; throws ValueError otherwise.
  float item() const;
  void fill(float value);

  /// Another handle on the same bytes, for code that must keep them alive after this tensor is gone.
  Buffer buffer() const { return buffer_; }

 private:
  Buffer buffer_;
  float* data_ = nullptr;
  Shape shape_;
  int64_t size_ = 0;
};

}  // namespace weft
