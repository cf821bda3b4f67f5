// The subcommands of weft: each adds its options to the program, and says what is run when it is named.
#pragma once
#include <CLI/CLI.hpp>

#include <functional>

/// What the program returns.
struct ExitCode {
  static constexpr int kOk = 0;
  static constexpr int kDiffers = 1;  ///< files differ, are damaged or do not fit
  static constexpr int kError = 2;    ///< wrong usage, or the work could not be done
};

/// The work of the subcommand that was named; it gives the exit code.
using Run = std::function<int()>;

void add_inspect(CLI::App& program, Run& run);
void add_diff(CLI::App& program, Run& run);
void add_verify(CLI::App& program, Run& run);
void add_convert(CLI::App& program, Run& run);
void add_neighbors(CLI::App& program, Run& run);
void add_records(CLI::App& program, Run& run);
void add_vocab(CLI::App& program, Run& run);
/// vocab's remap.
void add_vocab_remap(CLI::App& vocab, Run& run);
void add_train(CLI::App& program, Run& run);
void add_evaluate(CLI::App& program, Run& run);
void add_predict(CLI::App& program, Run& run);
void add_export(CLI::App& program, Run& run);
/// completion and man, which describe all that was added before them.
void add_manual(CLI::App& program, Run& run);
