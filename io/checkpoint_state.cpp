// The state file `checkpoint`: parsed with tolerance, and written.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/io/checkpoint_state.h>

#include <algorithm>

namespace weft {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpaces);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// The text within quotes, with \\ and \" undone; false if it is not in quotes.
bool unquote(std::string_view text, std::string& out) {
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) return false;
  out.clear();
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text[0]) {
      const std::string_view rest = trimmed(text.substr(i + 1));
      return rest.empty() || rest[0] == '#';
    }
    if (text[i] == '\\' && ++i == text.size()) return false;
    out += text[i];
  }
  return false;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// False if a line can't be understood.
bool parse_line(std::string_view line, CheckpointState& state) {
  line = trimmed(line);
  if (line.empty() || line[0] == '#') return true;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view key = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
  std::string path;
  if (key == "model_checkpoint_path") return unquote(value, state.latest);
  if (key != "all_model_checkpoint_paths") return key.find_first_of(" \t") == std::string_view::npos;
  if (!unquote(value, path)) return false;
  state.all.push_back(path);
  return true;
}

}  // namespace

std::optional<CheckpointState> parse_checkpoint_state(std::string_view text) {
  CheckpointState state;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!parse_line(text.substr(0, end), state)) return std::nullopt;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return state;
}

std::string checkpoint_state_text(const CheckpointState& state) {
  std::string text = fmt::format("model_checkpoint_path: {}\n", in_quotes(state.latest));
  for (const std::string& path : state.all) text += fmt::format("all_model_checkpoint_paths: {}\n", in_quotes(path));
  return text;
}

TEST_CASE("checkpoint state: what is written is parsed, and garbage is not") {
  const std::string text = checkpoint_state_text({.latest = "a\"b\\", .all = {"x", "a\"b\\"}});
  const auto state = parse_checkpoint_state(text);
  REQUIRE(state);
  CHECK(state->latest == "a\"b\\");
  CHECK(state->all.size() == 2);
  CHECK(parse_checkpoint_state("")->latest.empty());
  CHECK(!parse_checkpoint_state("this is not a text protobuf"));
}

}  // namespace weft
