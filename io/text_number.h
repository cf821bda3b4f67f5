// Numbers in text: int64 and float32 of a cell, with blanks around them allowed.
#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

/// Without the blanks (spaces and tabs) at both ends.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

namespace detail {

/// Trimmed, and without a '+' before a digit or a point, which from_chars does not know.
inline std::string_view number_text(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

template <class T>
bool parse_whole(std::string_view text, T& value, std::errc& error) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  error = code;
  return end == text.data() + text.size() && code != std::errc::invalid_argument;
}

/// Digits, with at most one point among them if `points`: what most numbers are. False for anything else, and for more
/// digits than fit.
struct Decimal {
  uint32_t digits = 0;    ///< without the point, < 10^7
  uint32_t decimals = 0;  ///< of them after the point
};
template <bool points>
bool parse_plain(std::string_view text, Decimal& out) {
  if (text.empty() || text.size() > 8) return false;
  uint32_t digits = 0, count = 0;
  size_t point = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<uint32_t>(static_cast<unsigned char>(text[i])) - '0';
    if (digit <= 9) {
      digits = digits * 10 + digit;
      ++count;
    } else if (points && text[i] == '.' && point == text.size()) {
      point = i;
    } else {
      return false;
    }
  }
  out = {digits, point == text.size() ? 0 : static_cast<uint32_t>(text.size() - 1 - point)};
  return count > 0 && count <= 7;
}

}  // namespace detail

/// False unless `text` is one int64.
inline bool parse_number(std::string_view text, int64_t& value) {
  if (detail::Decimal plain; detail::parse_plain<false>(text, plain)) {
    value = plain.digits;
    return true;
  }
  std::errc error = {};
  return detail::parse_whole(detail::number_text(text), value, error) && error == std::errc();
}

/// False unless `text` is one number that float32 can hold; one that is too small becomes 0. "nan" and "inf" are read.
inline bool parse_number(std::string_view text, float& value) {
  if (detail::Decimal plain; detail::parse_plain<true>(text, plain)) {
    // Both are floats without loss, so the quotient is the float next to the decimal.
    constexpr float kPowers[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    value = static_cast<float>(plain.digits) / kPowers[plain.decimals];
    return true;
  }
  text = detail::number_text(text);
  std::errc error = {};
  if (!detail::parse_whole(text, value, error)) return false;
  if (error == std::errc()) return true;
  double wide = 0.0;  // out of float32's range, at which end?
  if (!detail::parse_whole(text, wide, error)) return false;
  if (error == std::errc()) {
    value = static_cast<float>(wide);
    return std::isfinite(value);
  }
  const size_t exponent = text.find_first_of("eE");
  value = 0.0f;
  return exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
}

/// The start of `text` for a message, in quotes; bytes that can't be shown become '?'.
std::string shown(std::string_view text);

}  // namespace weft
