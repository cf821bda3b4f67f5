// Runs the built weft command and takes what it prints.
#include "run_weft.h"

#include <sys/wait.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>

#include <cstdlib>

using namespace weft;

namespace {

std::string line_of(const std::vector<std::string>& arguments) {
  std::string line = "'" WEFT_COMMAND "'";
  for (const std::string& argument : arguments) line += " '" + argument + "'";
  return line;
}

CommandResult run(const std::string& line) {
  const TestFile out, err;
  const int status = std::system((line + " >" + out.path + " 2>" + err.path + " </dev/null").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, out.bytes(), err.bytes()};
}

}  // namespace

CommandResult run_weft(const std::vector<std::string>& arguments) {
  return run(line_of(arguments));
}

CommandResult run_weft_within(int64_t mebibytes, const std::vector<std::string>& arguments) {
  return run("ulimit -v " + std::to_string(mebibytes * 1024) + "; " + line_of(arguments));
}

CommandResult run_weft_on_terminal(const std::vector<std::string>& arguments) {
  return run("script -qec \"" + line_of(arguments) + "\" /dev/null");
}

void write_small_checkpoint(const std::string& path, const std::vector<float>& table) {
  std::vector<float> numbers = table, bias = {0.5f, 0.5f};
  const std::vector<int64_t> step = {7};
  CheckpointWriter writer(path);
  const int64_t width = std::ssize(table) / 3;
  writer.write("dnn/table", Shape{3, width}, {numbers.data(), 3, width, width});
  writer.write("dnn/bias", Shape{2}, {bias.data(), 2, 1, 1});
  writer.write("global_step", step, true);
  writer.close();
}
