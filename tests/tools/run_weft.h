// Runs the built weft command and takes what it prints.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

struct CommandResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};
CommandResult run_weft(const std::vector<std::string>& arguments);
/// The same with so much memory (addresses) at most.
CommandResult run_weft_within(int64_t mebibytes, const std::vector<std::string>& arguments);
/// The same with a terminal for its error stream; what it shows there is among `out`. Needs util-linux' script.
CommandResult run_weft_on_terminal(const std::vector<std::string>& arguments);

/// Writes a checkpoint of a float32 table [3, n] with these 3 n numbers, a bias [2] of 0.5 and global_step 7.
void write_small_checkpoint(const std::string& path, const std::vector<float>& table);
