// Errors: TensorFlow's sentence reduced to its words, and looked for in weft's.
#include "errors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <regex>
#include <set>

namespace weft::reference {
namespace {

constexpr std::array function_words = {"a",  "an", "the", "is", "are", "be",  "of",   "to",   "or",
                                       "in", "it", "and", "s",  "at",  "did", "none", "that", "this"};

struct KindRule {
  std::string_view type;
  std::string_view kinds;
};
// What may stand for TensorFlow's types. InvalidArgumentError is its word for a wrong argument as for wrong bytes.
constexpr KindRule kind_rules[] = {
    {"ValueError", "ValueError"},
    {"TypeError", "ValueError"},
    {"InvalidArgumentError", "ValueError DataError"},
    {"UnimplementedError", "ValueError"},
    {"FailedPreconditionError", "DataError ValueError"},
    {"NotFoundError", "IoError"},
    {"DataLossError", "DataError"},
    {"OutOfRangeError", "DataError"},
    {"RuntimeError", "ValueError"},
};
// Errors of the Python binding, not of the computation: they say only that the call is refused.
constexpr std::array binding_errors = {"UnicodeDecodeError", "AttributeError", "IndexError", "KeyError"};

std::string_view kind_of(const std::exception& e) {
  if (dynamic_cast<const ValueError*>(&e)) return "ValueError";
  if (dynamic_cast<const DataError*>(&e)) return "DataError";
  if (dynamic_cast<const IoError*>(&e)) return "IoError";
  return "no error of weft's";
}

std::string_view kinds_of(std::string_view type) {
  const auto rule = std::ranges::find(kind_rules, type, &KindRule::type);
  return rule == std::end(kind_rules) ? "ValueError DataError IoError" : rule->kinds;
}

// Cuts out `Name(...)` with its balanced parentheses: the repr of an object, and what announces it.
std::string without_reprs(std::string text) {
  static const std::regex head(R"((^|[^A-Za-z_`.])((Given: )?_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)\()");
  std::smatch match;
  while (std::regex_search(text, match, head)) {
    const auto start = static_cast<size_t>(match.position(2));
    size_t end = static_cast<size_t>(match.position(0) + match.length(0));
    for (int depth = 1; end < text.size() && depth > 0; ++end)
      depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
    text.erase(start, end - start);
  }
  return text;
}

std::string without_python(const std::string& message) {
  std::string text = message.substr(0, message.find(" for '{{node"));
  for (const auto* cut : {"\n    \n    originally", "\nCondition ", "[Condition ", "\n\t; NodeDef", "value: '"})
    text = text.substr(0, text.find(cut));
  text = std::regex_replace(text, std::regex(R"(<dtype: '(\w+)'>)"), "$1");
  text = std::regex_replace(
      text, std::regex(R"(<class '[^']*'>|<tf\.Variable[^>]*>|<unknown>|\{data\}/|assertion failed:)"), " ");
  text = std::regex_replace(text, std::regex(R"(\btf\.(float32|float64|int32|int64|string|bool)\b)"), "$1");
  return without_reprs(text);
}

// -1.000000, -1.0 and -1 are one number.
std::string canonical(const std::string& word) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() ? fmt::format("{:g}", number) : word;
}

std::vector<std::string> words_of(const std::string& text) {
  static const std::regex word(R"(-?[A-Za-z0-9_][A-Za-z0-9_.+-]*)");
  std::vector<std::string> out;
  for (std::sregex_iterator i(text.begin(), text.end(), word), end; i != end; ++i) {
    std::string w = i->str();
    std::ranges::transform(w, w.begin(), [](unsigned char c) { return std::tolower(c); });
    while (w.size() > 1 && (w.back() == '.' || w.back() == '-')) w.pop_back();
    while (w.size() > 1 && w.front() == '_') w.erase(0, 1);
    out.push_back(canonical(w));
  }
  return out;
}

std::vector<std::string> missing_words(const std::string& wanted, const std::string& got) {
  const std::vector<std::string> have = words_of(got);
  const std::set<std::string> said(have.begin(), have.end());
  std::vector<std::string> missing = significant_words(wanted);
  std::erase_if(missing, [&](const std::string& w) { return said.contains(w); });
  return missing;
}

// The row of the table for an error, and the words that weft's message then must have.
struct Expected {
  const Difference* difference = nullptr;
  std::string kinds;
  std::string words;
};

Expected expected_of(const std::string& type, const std::string& message) {
  for (const Difference& d : differences()) {
    std::smatch match;
    if (type != d.type || !std::regex_search(message, match, std::regex(d.pattern))) continue;
    return {&d, d.kinds, match.format(d.words)};
  }
  return {nullptr, std::string(kinds_of(type)), message};
}

struct Outcome {
  bool threw = false;
  bool refused_by_types = false;
  std::string kind;
  std::string message;
};

Outcome outcome_of(const std::function<void()>& call) {
  try {
    call();
    return {};
  } catch (const Unsupported&) {
    throw;
  } catch (const NotExpressible& e) {
    return {true, true, "the compiler", e.what()};
  } catch (const std::exception& e) {
    return {true, false, std::string(kind_of(e)), e.what()};
  }
}

// Empty if the outcome is as wanted.
std::string mismatch(const Outcome& got, const Json& want) {
  // Refused too, or accepted by TensorFlow alone: a call that can't be written can't go wrong.
  if (got.refused_by_types) return "";
  if (want.is_null()) return got.threw ? fmt::format("threw {}: {}, expected no error", got.kind, got.message) : "";
  const auto type = want.at("type").get<std::string>(), message = want.at("message").get<std::string>();
  const Expected expected = expected_of(type, message);
  const bool may_accept = expected.difference && expected.difference->accepts;
  if (!got.threw) return may_accept ? "" : fmt::format("no error, expected {}: {}", type, message);
  if (got.kind.starts_with("no ")) return fmt::format("threw {}: {}", got.kind, got.message);
  if (std::ranges::find(binding_errors, type) != binding_errors.end()) return "";
  if (expected.kinds.find(got.kind) == std::string::npos) {
    return fmt::format("threw {}: {}, expected {}: {}", got.kind, got.message,
                       expected.kinds.empty() ? "no error" : expected.kinds, message);
  }
  const auto missing = missing_words(expected.words, got.message);
  return missing.empty() ? "" : fmt::format("the message '{}' lacks {} of '{}'", got.message, missing, message);
}

}  // namespace

std::vector<std::string> significant_words(const std::string& message) {
  std::vector<std::string> words = words_of(without_python(message));
  std::erase_if(words,
                [](const std::string& w) { return std::ranges::find(function_words, w) != function_words.end(); });
  return words;
}

std::vector<Json> errors_of(const Json& config) {
  std::vector<Json> out;
  for (const auto* key : {"error", "error_v1"}) {
    if (config.contains(key)) out.push_back(config.at(key));
  }
  return out;
}

void compare_error(Report& report, const std::string& where, const std::vector<Json>& wanted,
                   const std::function<void()>& call) {
  const Outcome got = outcome_of(call);
  std::string first;
  for (const Json& want : wanted) {
    const std::string wrong = mismatch(got, want);
    if (wrong.empty()) return report.check(where, true, "");
    if (first.empty()) first = wrong;
  }
  report.check(where, false, first);
}

}  // namespace weft::reference
