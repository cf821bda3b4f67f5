// Rules for names: which tensors are taken, what they are called, which matrices are turned.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/name_rules.h>
#include <weft/io/formats/transposed_tensors.h>

#include <map>
#include <regex>
#include <set>

namespace weft {
namespace {

// The library's regular expressions recurse a few times a character: no name of a file may exhaust the stack.
constexpr size_t kLongestName = 2000;

struct Rule {
  std::string text;  ///< as the user wrote it
  std::regex regex;
  std::string replacement = {};
  int64_t met = 0;
};

Rule make_rule(const std::string& text, const std::string& pattern, const std::string& replacement = "") {
  try {
    return {.text = text, .regex = std::regex(pattern), .replacement = replacement};
  } catch (const std::regex_error& error) {
    throw ValueError(fmt::format("[name_rules] '{}': '{}' is no regular expression: {}.", text, pattern, error.what()));
  }
}

std::vector<Rule> make_rules(const std::string& option, const std::vector<std::string>& patterns) {
  std::vector<Rule> rules;
  for (const std::string& pattern : patterns) rules.push_back(make_rule(option + " " + pattern, pattern));
  return rules;
}

std::vector<Rule> make_maps(const std::vector<std::string>& maps) {
  std::vector<Rule> rules;
  for (const std::string& map : maps) {
    const size_t equals = map.rfind('=');
    if (equals == std::string::npos) {
      throw ValueError(fmt::format("[name_rules] map: got '{}', expected regex=replacement.", map));
    }
    rules.push_back(make_rule("map " + map, map.substr(0, equals), map.substr(equals + 1)));
  }
  return rules;
}

void check_length(const std::string& name, const std::string& where) {
  if (name.size() <= kLongestName) return;
  throw DataError(fmt::format("[name_rules] {}: got a name of {} bytes, expected {} at most where there are rules.",
                              where, name.size(), kLongestName));
}

bool any(std::vector<Rule>& rules, const std::string& name) {
  bool found = false;
  for (Rule& rule : rules) {
    if (!std::regex_search(name, rule.regex)) continue;
    ++rule.met;
    found = true;
  }
  return found;
}

std::string mapped(std::vector<Rule>& rules, std::string name) {
  for (Rule& rule : rules) {
    if (!std::regex_search(name, rule.regex)) continue;
    ++rule.met;
    name = std::regex_replace(name, rule.regex, rule.replacement);
    check_length(name, rule.text);
  }
  return name;
}

}  // namespace

RenamedTensors apply(const NameRules& rules, const NamedTensors& tensors) {
  std::vector<Rule> only = make_rules("only", rules.only), except = make_rules("except", rules.except),
                    maps = make_maps(rules.map), transpose = make_rules("transpose", rules.transpose);
  const bool has_rules = !only.empty() || !except.empty() || !maps.empty() || !transpose.empty();
  std::set<std::string> turned;
  RenamedTensors result{.tensors = tensors, .names = {}, .unused_rules = {}};
  std::map<std::string, std::string> new_names;
  for (const TensorInfo& info : tensors.tensors()) {
    if (has_rules) check_length(info.name, tensors.where());
    RenamedTensor name{.from = info.name, .to = ""};
    const bool excepted = any(except, info.name);
    if ((only.empty() || any(only, info.name)) && !excepted) {
      name.to = mapped(maps, info.name);
      name.transposed = any(transpose, info.name);
      if (name.transposed) turned.insert(info.name);
    }
    new_names[name.from] = name.to;
    result.names.push_back(std::move(name));
  }
  result.tensors = transposed(tensors, turned).renamed([&](const std::string& name) { return new_names.at(name); });
  for (const auto* list : {&only, &except, &maps, &transpose}) {
    for (const Rule& rule : *list) {
      if (rule.met == 0) result.unused_rules.push_back(rule.text);
    }
  }
  return result;
}

TEST_CASE("name rules: taken, left out, renamed and turned; a rule that no name met is told") {
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"net.fc1.weight", TensorType::uint8, {2, 3}},
                                          {"net.fc1.bias", TensorType::uint8, {2}},
                                          {"step", TensorType::uint8, {}}},
                              .read_rows = [](size_t, int64_t first, int64_t, std::span<std::byte> out) {
                                for (auto& byte : out) byte = static_cast<std::byte>(first++);
                              }});
  const RenamedTensors made = apply(
      {.only = {"net"}, .map = {"^net\\.=", "\\.weight$=/kernel", "(fc)(\\d)=$2$1", "none=x"}, .transpose = {"weight"}},
      tensors);
  REQUIRE(made.names.size() == 3);
  CHECK(made.names[1].to == "1fc/kernel");
  CHECK(made.names[1].transposed);
  CHECK(made.names[2].to.empty());
  CHECK(made.tensors.find("1fc/kernel")->shape == std::vector<int64_t>{3, 2});
  CHECK(made.tensors.find("1fc.bias") != nullptr);
  CHECK(made.unused_rules == std::vector<std::string>{"map none=x"});
  CHECK_THROWS_AS(apply({.map = {"("}}, tensors), ValueError);
  CHECK_THROWS_AS(apply({.only = {"("}}, tensors), ValueError);
  CHECK_THROWS_AS(apply({.map = {".*=x"}}, tensors), DataError);
}

TEST_CASE("name rules: long names pass where there is no rule to look at them, and none is made") {
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{std::string(100'000, 'a'), TensorType::uint8, {2}}},
                              .read_rows = {}});
  CHECK(apply({}, tensors).names[0].to.size() == 100'000);
  CHECK_THROWS_AS(apply({.only = {"a"}}, tensors), DataError);
  const NamedTensors shorter = tensors.renamed([](const std::string&) { return std::string(1500, 'a'); });
  CHECK_THROWS_AS(apply({.map = {".+=$&$&", "a=b"}}, shorter), DataError);
}

}  // namespace weft
