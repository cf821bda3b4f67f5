// Numbers of files as float32 and int64: the types, and halves by their bits.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/io/formats/number_conversion.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace weft {
namespace {

struct TypeFacts {
  std::string_view name;
  size_t size;
};

constexpr std::array<TypeFacts, 15> kTypes = {{{"float16", 2},
                                               {"bfloat16", 2},
                                               {"float32", 4},
                                               {"float64", 8},
                                               {"int8", 1},
                                               {"uint8", 1},
                                               {"int16", 2},
                                               {"uint16", 2},
                                               {"int32", 4},
                                               {"uint32", 4},
                                               {"int64", 8},
                                               {"uint64", 8},
                                               {"boolean", 1},
                                               {"string", 0},
                                               {"other", 0}}};

template <class T, class Out, class Convert>
void convert(std::span<const std::byte> bytes, std::span<Out> out, const Convert& make) {
  for (size_t i = 0; i < out.size(); ++i) {
    T number;
    std::memcpy(&number, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<Out>(make(number));
  }
}

template <class Out>
void convert_integers(TensorType type, std::span<const std::byte> bytes, std::span<Out> out) {
  const auto same = [](auto number) { return number; };
  switch (type) {
    case TensorType::int8:
      return convert<int8_t>(bytes, out, same);
    case TensorType::uint8:
      return convert<uint8_t>(bytes, out, same);
    case TensorType::int16:
      return convert<int16_t>(bytes, out, same);
    case TensorType::uint16:
      return convert<uint16_t>(bytes, out, same);
    case TensorType::int32:
      return convert<int32_t>(bytes, out, same);
    case TensorType::uint32:
      return convert<uint32_t>(bytes, out, same);
    case TensorType::int64:
      return convert<int64_t>(bytes, out, same);
    case TensorType::uint64:
      return convert<uint64_t>(bytes, out, same);
    case TensorType::boolean:
      return convert<uint8_t>(bytes, out, [](uint8_t byte) { return byte != 0 ? 1 : 0; });
    default:
      throw ValueError("[to_integers] type: got one that holds no integers, expected an integer type.");
  }
}

}  // namespace

std::string_view to_string(TensorType type) {
  return kTypes[static_cast<size_t>(type)].name;
}

size_t size_of(TensorType type) {
  return kTypes[static_cast<size_t>(type)].size;
}

bool is_float(TensorType type) {
  return type <= TensorType::float64;
}

bool is_integer(TensorType type) {
  return type >= TensorType::int8 && type <= TensorType::boolean;
}

void to_floats(TensorType type, std::span<const std::byte> bytes, std::span<float> out) {
  switch (type) {
    case TensorType::float16:
      return convert<uint16_t>(bytes, out, half_to_float);
    case TensorType::bfloat16:
      return convert<uint16_t>(bytes, out, bfloat16_to_float);
    case TensorType::float32:
      if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size_bytes());
      return;
    case TensorType::float64:
      return convert<double>(bytes, out, [](double number) { return number; });
    default:
      return convert_integers(type, bytes, out);
  }
}

bool to_integers(TensorType type, std::span<const std::byte> bytes, std::span<int64_t> out) {
  convert_integers(type, bytes, out);
  if (type != TensorType::uint64) return true;
  for (const int64_t number : out) {
    if (number < 0) return false;
  }
  return true;
}

float half_to_float(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu;
  const uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  if (exponent == 0) {  // zero and what is below 2^-14: fraction * 2^-24
    const float small = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -small : small;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return sign | 0x7E00u;   // not a number
  if (magnitude >= 0x477FF000u) return sign | 0x7C00u;  // 65520 and more round to infinity
  if (magnitude < 0x38800000u) {                        // below 2^-14: a count of 2^-24, rounded by the FPU
    return sign | static_cast<uint16_t>(std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24)));
  }
  const uint32_t rounded = magnitude + 0xFFFu + ((magnitude >> 13) & 1u);
  return sign | static_cast<uint16_t>((rounded - (112u << 23)) >> 13);
}

float bfloat16_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

TEST_CASE("numbers of files: halves, by published values") {
  const std::pair<uint16_t, float> values[] = {{0x0000, 0.0f},
                                               {0x3C00, 1.0f},
                                               {0xC000, -2.0f},
                                               {0x7BFF, 65504.0f},
                                               {0x3555, 0.333251953125f},
                                               {0x0001, 5.9604645e-8f},
                                               {0x03FF, 6.0975552e-5f},
                                               {0x0400, 6.1035156e-5f}};
  for (const auto& [bits, value] : values) {
    CHECK(half_to_float(bits) == value);
    CHECK(float_to_half(value) == bits);
  }
  CHECK(half_to_float(0x7C00) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half_to_float(0x7E00)));
  CHECK(float_to_half(65520.0f) == 0x7C00);
  CHECK(float_to_half(65519.9f) == 0x7BFF);
  CHECK(std::isnan(half_to_float(float_to_half(std::nanf("")))));
  CHECK(float_to_half(1.00048828125f) == 0x3C00);  // halfway: to even
  CHECK(float_to_half(1.00146484375f) == 0x3C02);
}

TEST_CASE("numbers of files: every half returns from float32") {
  int different = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = half_to_float(half);
    if (!std::isnan(value) && float_to_half(value) != half) ++different;
    if (!std::isnan(bfloat16_to_float(half)) && float_to_bfloat16(bfloat16_to_float(half)) != half) ++different;
  }
  CHECK(different == 0);
  CHECK(float_to_bfloat16(1.00390625f) == 0x3F80);  // halfway: to even
  CHECK(float_to_bfloat16(1.01171875f) == 0x3F82);
}

TEST_CASE("numbers of files: integers of every width") {
  const uint8_t bytes[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  const auto span = std::as_bytes(std::span<const uint8_t>(bytes));
  std::vector<int64_t> one(1);
  const auto read = [&](TensorType type) { return to_integers(type, span, one) ? one[0] : -99; };
  CHECK(read(TensorType::int8) == -1);
  CHECK(read(TensorType::uint8) == 255);
  CHECK(read(TensorType::int16) == -1);
  CHECK(read(TensorType::uint16) == 65535);
  CHECK(read(TensorType::int32) == -1);
  CHECK(read(TensorType::uint32) == 4294967295);
  CHECK(read(TensorType::int64) == -1);
  CHECK(read(TensorType::uint64) == -99);
  CHECK(read(TensorType::boolean) == 1);
}

}  // namespace weft
