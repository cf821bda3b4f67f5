// Progress on a terminal, and only there.
#include "click_files.h"
#include "run_weft.h"

#include <doctest/doctest.h>

using namespace weft;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("progress: shown on a terminal while files are read, walked over and counted") {
  const TestDirectory test;
  write_click_files(test);
  const std::string records = test.file("train.tfrecord");
  if (!has(run_weft_on_terminal({"--version"}).out, "weft 0")) return;  // there is no script(1)
  const CommandResult counted = run_weft_on_terminal({"records", "count", records});
  CHECK(counted.exit_code == 0);
  CHECK(has(counted.out, "\r[.........."));  // within the file, not only at its end
  CHECK(has(run_weft_on_terminal({"records", "shard", records, "--shards", "2", "--output", test.file("s")}).out,
            " %  "));
  CHECK(has(run_weft_on_terminal({"vocab", "build", records, "--key", "shown", "--output", test.file("v.txt")}).out,
            "400 examples"));
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "word" + std::to_string(i) + " 0.5 0.25\n";
  test.put("a.vec", text);
  CHECK(has(run_weft_on_terminal({"inspect", test.file("a.vec")}).out, " %  "));
  CHECK(run_weft({"inspect", test.file("a.vec")}).err.empty());
  CHECK(run_weft({"vocab", "build", records, "--key", "shown", "--output", test.file("v.txt")}).err.empty());
}
