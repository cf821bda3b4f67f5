// Numbers of files as float32 and int64.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace weft {

bool is_integer(TensorType type);  ///< boolean counts as one
bool is_float(TensorType type);

/// Little-endian numbers of `type`, out.size() of them. For types of numbers only.
void to_floats(TensorType type, std::span<const std::byte> bytes, std::span<float> out);
/// For integer types; false if a number is 2^63 or more.
bool to_integers(TensorType type, std::span<const std::byte> bytes, std::span<int64_t> out);

float half_to_float(uint16_t bits);      ///< IEEE 754 binary16
float bfloat16_to_float(uint16_t bits);  ///< the upper half of a float32
uint16_t float_to_half(float value);     ///< to nearest, ties to even; infinity beyond 65504
uint16_t float_to_bfloat16(float value);

}  // namespace weft
