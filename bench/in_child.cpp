// in_child: fork, and the result as JSON through a pipe.
#include "in_child.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/core/error.h>

#include <array>
#include <string>

#include "clock.h"

namespace weft::bench {
namespace {

[[noreturn]] void measure_and_end(const std::function<nlohmann::ordered_json()>& measure, int to) {
  nlohmann::ordered_json line;
  try {
    line = measure();
    line["peak_rss_mb"] = peak_rss_mb();
  } catch (const std::exception& error) {
    line = {{"error", error.what()}};
  }
  const std::string text = line.dump();
  const bool all =
      ::write(to, text.data(), text.size()) == static_cast<ssize_t>(text.size());  // less than a pipe holds
  ::_exit(all ? 0 : 1);
}

std::string everything_from(int descriptor) {
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t got = 0; (got = ::read(descriptor, bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<size_t>(got));
  return text;
}

}  // namespace

nlohmann::ordered_json in_child(const std::function<nlohmann::ordered_json()>& measure) {
  int ends[2];
  if (::pipe(ends) != 0) throw IoError("[weft_bench] the system has no pipe to give. Close other programs.");
  const pid_t child = ::fork();
  if (child == 0) measure_and_end(measure, ends[1]);
  ::close(ends[1]);
  const std::string text = child > 0 ? everything_from(ends[0]) : "";
  ::close(ends[0]);
  int status = 0;
  if (child > 0) ::waitpid(child, &status, 0);
  const auto line = nlohmann::ordered_json::parse(text, nullptr, false);
  if (line.is_discarded()) throw Error("[weft_bench] a figure's process ended early, perhaps for want of memory.");
  if (line.contains("error")) throw Error(line["error"].get<std::string>());
  return line;
}

TEST_CASE("weft_bench in_child: a result comes back with the child's memory, an error with its text") {
  const auto line = in_child([] { return nlohmann::ordered_json{{"x", 7}}; });
  CHECK(line["x"] == 7);
  CHECK(line["peak_rss_mb"] > 0);
  CHECK_THROWS_WITH_AS(in_child([]() -> nlohmann::ordered_json { throw ValueError("no such thing"); }), "no such thing",
                       Error);
  CHECK_THROWS_AS(in_child([]() -> nlohmann::ordered_json { ::_exit(3); }), Error);
}

}  // namespace weft::bench
