// Numbers in text: how a cell is shown in a message, and the tests.
#include <doctest/doctest.h>
#include <weft/io/text_number.h>

namespace weft {

std::string shown(std::string_view text) {
  constexpr size_t kMost = 40;
  std::string out = "\"";
  for (const char c : text.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 32 || byte == 127 ? '?' : c;
  }
  return out + (text.size() > kMost ? "...\"" : "\"");
}

namespace {

template <class T>
std::string read(std::string_view text) {
  T value = 0;
  return parse_number(text, value) ? std::to_string(value) : "no";
}

}  // namespace

TEST_CASE("text_number: integers") {
  CHECK(read<int64_t>("0") == "0");
  CHECK(read<int64_t>("-9223372036854775808") == "-9223372036854775808");
  CHECK(read<int64_t>("9223372036854775807") == "9223372036854775807");
  CHECK(read<int64_t>(" +7\t") == "7");
  for (const char* text : {"", " ", "9223372036854775808", "1.0", "1 2", "+-1", "++1", "+", "-", "0x10", "a"}) {
    CHECK(read<int64_t>(text) == "no");
  }
}

TEST_CASE("text_number: floats round once, what is too small is 0, what is too large is none") {
  const auto value = [](std::string_view text) {
    float out = -1.0f;
    REQUIRE(parse_number(text, out));
    return out;
  };
  CHECK(value("0.1") == 0.1f);
  CHECK(value("+.5") == 0.5f);
  CHECK(value(" -1e3 ") == -1000.0f);
  CHECK(value("16777217") == 16777216.0f);
  CHECK(value("1e-50") == 0.0f);
  CHECK(value("1e-400") == 0.0f);
  CHECK(value("3.4028234e38") == 3.4028234e38f);
  CHECK(value("1.4e-45") == 1.4e-45f);
  CHECK(std::isnan(value("nan")));
  CHECK(value("-inf") == -INFINITY);
  for (const char* text : {"", "1e39", "1e400", "-1e39", "1,5", "1.5f", "1e", "e5", "."})
    CHECK(read<float>(text) == "no");
}

TEST_CASE("text_number: short decimals are the floats that from_chars finds") {
  for (uint32_t digits = 1; digits < 10'000'000; digits = digits * 21 / 16 + 1) {
    const std::string text = std::to_string(digits);
    for (size_t point = 0; point <= text.size(); ++point) {
      const std::string decimal = text.substr(0, point) + "." + text.substr(point);
      float value = 0.0f, expected = 1.0f;
      REQUIRE(parse_number(decimal, value));
      std::from_chars(decimal.data(), decimal.data() + decimal.size(), expected);
      CHECK(value == expected);
    }
    CHECK(read<int64_t>(text) == text);
    CHECK(read<int64_t>("-" + text) == "-" + text);
  }
}

TEST_CASE("text_number: what a message shows") {
  CHECK(shown("abc") == "\"abc\"");
  CHECK(shown(std::string_view("a\0\n\x7f", 4)) == "\"a???\"");
  CHECK(shown(std::string(100, 'x')) == "\"" + std::string(40, 'x') + "...\"");
}

}  // namespace weft
