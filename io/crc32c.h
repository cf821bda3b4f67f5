// CRC-32C (Castagnoli): the check sums of TFRecord files, event files and TensorFlow's checkpoints.
#pragma once
#include <bit>
#include <cstdint>
#include <string_view>

namespace weft {

/// CRC-32C of the bytes (RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes);
/// CRC-32C of the bytes whose CRC-32C is `crc` (0: no bytes) and of these after them.
uint32_t extend_crc32c(uint32_t crc, std::string_view bytes);

/// The form that is stored beside data, so that a CRC over bytes that hold CRCs stays sound.
constexpr uint32_t mask_crc(uint32_t crc) {
  return std::rotr(crc, 15) + 0xa282ead8u;
}

/// mask_crc(crc32c(bytes)).
inline uint32_t masked_crc32c(std::string_view bytes) {
  return mask_crc(crc32c(bytes));
}

}  // namespace weft
