// weft: the command. Reads the command line and runs the subcommand that it names.
#include "command.h"

#include <weft/core/error.h>

#include <exception>
#include <iostream>

namespace {

void describe(CLI::App& program) {
  program.name("weft");
  program.description(
      "Trains models of ids; looks into, compares and converts files of trained tables, and works on their data.");
  program.footer("Exit codes: 0 done; 1 files differ, are damaged or do not fit; 2 wrong usage, or an error.");
  program.set_version_flag("--version", "weft " WEFT_VERSION);
  program.require_subcommand(1);
}

int run_program(int argc, char** argv) {
  CLI::App program;
  Run run;
  describe(program);
  for (const auto add : {add_inspect, add_diff, add_verify, add_convert, add_neighbors, add_records, add_vocab,
                         add_train, add_evaluate, add_predict, add_export}) {
    add(program, run);
  }
  add_manual(program, run);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? ExitCode::kOk : ExitCode::kError;
  }
  return run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = run_program(argc, argv);
    std::cout.flush();
    if (!std::cout) {
      std::cerr << "weft: the output could not be written.\n";
      return ExitCode::kError;
    }
    return code;
  } catch (const std::exception& error) {  // also of the system, as no memory
    std::cerr << "weft: " << error.what() << '\n';
    return ExitCode::kError;
  }
}
