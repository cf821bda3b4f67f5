// Names of a checkpoint, there and back.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/checkpoint_names.h>

#include <doctest/doctest.h>

namespace weft {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

std::string object_name(std::string_view array) {
  if (array.empty() || array.find('\0') != std::string_view::npos) {
    throw ValueError(fmt::format("[checkpoint] name of an array: got '{}', expected one without NUL that is not empty.",
                                 array.substr(0, array.find('\0'))));
  }
  const bool dots = array.find_first_not_of('.') == std::string_view::npos;
  std::string object;
  for (const char c : array) {
    if (c == '|' || c == '%' || dots) {
      append_escaped(object, c);
    } else {
      object += c == '/' ? '|' : c;
    }
  }
  return object;
}

std::string array_name(std::string_view object) {
  std::string array;
  for (size_t i = 0; i < object.size(); ++i) {
    if (object[i] != '%') {
      array += object[i] == '|' ? '/' : object[i];
      continue;
    }
    const size_t high = i + 2 < object.size() ? kHex.find(object[i + 1]) : std::string_view::npos;
    const size_t low = i + 2 < object.size() ? kHex.find(object[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      throw DataError(fmt::format("[checkpoint] name of an array: got '{}', which is damaged.", object));
    }
    array += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return array;
}

std::string slot_array_name(std::string_view pattern, const SlotNameParts& parts) {
  std::string name;
  bool has_variable = false, has_slot = false;
  for (std::string_view rest = pattern; !rest.empty();) {
    const size_t open = rest.find('{');
    name += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const size_t close = rest.find('}', open);
    const std::string_view word = close == std::string_view::npos ? rest : rest.substr(open + 1, close - open - 1);
    has_variable |= word == "variable";
    has_slot |= word == "slot";
    if (word == "variable") {
      name += parts.variable;
    } else if (word == "slot") {
      name += parts.slot;
    } else if (word == "optimizer" && !parts.optimizer.empty()) {
      name += parts.optimizer;
    } else {
      throw ValueError(
          fmt::format("[CheckpointNames] slot_pattern '{}': got '{}', expected {{variable}}, {{slot}}, or "
                      "{{optimizer}} with its name.",
                      pattern, word));
    }
    rest.remove_prefix(close + 1);
  }
  if (!has_variable || !has_slot) {
    throw ValueError(
        fmt::format("[CheckpointNames] slot_pattern: got '{}', expected {{variable}} and {{slot}} in it.", pattern));
  }
  return name;
}

TEST_CASE("checkpoint names: slashes become bars, and what is special is escaped") {
  CHECK(object_name("dnn/logits/bias") == "dnn|logits|bias");
  CHECK(object_name("a|b%c") == "a%7Cb%25c");
  CHECK(object_name(".") == "%2E");
  CHECK(object_name("..") == "%2E%2E");
  CHECK(object_name("a.b") == "a.b");
  CHECK_THROWS_AS(object_name(""), ValueError);
  CHECK_THROWS_AS(object_name(std::string_view("a\0b", 3)), ValueError);
}

TEST_CASE("checkpoint names: every name comes back") {
  for (const char* name : {"global_step", "a/b", "a|b", "a//b/", "%", "%7C", "..", "/", "x y\n", "\xc3\xbc"}) {
    CHECK(array_name(object_name(name)) == name);
  }
  for (const char* wrong : {"%", "a%7", "%zz", "%7c"}) CHECK_THROWS_AS(array_name(wrong), DataError);
}

TEST_CASE("checkpoint names: slot patterns of TensorFlow and Keras") {
  const SlotNameParts parts{"dnn/logits/bias", "Adagrad", "Adagrad"};
  CHECK(slot_array_name("{variable}/{slot}", parts) == "dnn/logits/bias/Adagrad");
  CHECK(slot_array_name("{variable}/t_0/{slot}", parts) == "dnn/logits/bias/t_0/Adagrad");
  CHECK(slot_array_name("training/{optimizer}/{variable}/{slot}", {"w", "accumulator", "Adagrad"}) ==
        "training/Adagrad/w/accumulator");
  CHECK_THROWS_AS(slot_array_name("{variable}/{slots}", parts), ValueError);
  CHECK_THROWS_AS(slot_array_name("{variable}", parts), ValueError);
  CHECK_THROWS_AS(slot_array_name("{variable}/{slot}/{optimizer", parts), ValueError);
  CHECK_THROWS_AS(slot_array_name("{optimizer}/{variable}/{slot}", {"w", "m", ""}), ValueError);
}

}  // namespace weft
