// Runs the built weft command and takes what it prints.
#pragma once
#include <string>
#include <vector>

struct CommandResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};
CommandResult run_weft(const std::vector<std::string>& arguments);

/// Writes a checkpoint of a float32 table [3, 2] with these numbers, a bias [2] of 0.5 and global_step 7.
void write_small_checkpoint(const std::string& path, const std::vector<float>& table);
