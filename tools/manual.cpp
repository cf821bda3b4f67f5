// weft man and weft completion: the manual page and the shells' completion, from the options themselves.
#include "command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

/// "--stats", "-n", ... of an app's options.
std::vector<std::string> switches_of(const CLI::App& app) {
  std::vector<std::string> switches;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) switches.push_back("--" + name);
    for (const std::string& name : option->get_snames()) switches.push_back("-" + name);
  }
  return switches;
}

/// roff takes a backslash as its own, and a dot or a quote at the start of a line.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    out += c == '\\' ? std::string("\\e") : c == '-' ? std::string("\\-") : std::string(1, c);
    if (c == '\n') out += ".br\n";
  }
  return out;
}

void append_options(std::string& page, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    page += fmt::format(".TP\n.B {}\n{}\n", roff(option->get_name(option->get_positional(), true)),
                        roff(option->get_description()));
  }
}

void append_command(std::string& page, const CLI::App& app, const std::string& path) {
  page += fmt::format(".SS {}\n{}\n", roff(path), roff(app.get_description() + "."));
  append_options(page, app);
  if (!app.get_footer().empty()) page += ".PP\n" + roff(app.get_footer()) + "\n";
  for (const CLI::App* command : commands_of(app)) append_command(page, *command, path + " " + command->get_name());
}

std::string man_page(const CLI::App& program) {
  std::string page = fmt::format(".TH WEFT 1 \"\" \"weft {}\"\n.SH NAME\nweft \\- {}\n", WEFT_VERSION,
                                 roff("files of trained tables and their data"));
  page += ".SH SYNOPSIS\n.B weft\nCOMMAND [ARGUMENTS]\n.SH DESCRIPTION\n" + roff(program.get_description()) + "\n";
  page += ".SH COMMANDS\n";
  for (const CLI::App* command : commands_of(program)) append_command(page, *command, command->get_name());
  page +=
      ".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nFiles differ, are damaged, or do not fit.\n.TP\n2\nWrong usage, or an "
      "error, which the error stream tells.\n";
  return page;
}

void append_cases(std::string& script, const CLI::App& app, const std::string& path) {
  std::vector<std::string> words = switches_of(app);
  for (const CLI::App* command : commands_of(app)) words.push_back(command->get_name());
  script += fmt::format("    '{}') words='{}' ;;\n", path, fmt::join(words, " "));
  for (const CLI::App* command : commands_of(app)) {
    append_cases(script, *command, path.empty() ? command->get_name() : path + " " + command->get_name());
  }
}

/// bash's completion; zsh takes it by bashcompinit. Files are completed where no option is begun.
std::string completion(const CLI::App& program) {
  std::string script =
      "# Completion of the weft command for bash; in zsh after: autoload -U bashcompinit && bashcompinit\n"
      "_weft() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} path= i words=\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${path:+$path }${COMP_WORDS[i]}\" in\n";
  std::vector<std::string> paths;
  for (const CLI::App* command : commands_of(program)) {
    paths.push_back("'" + command->get_name() + "'");
    for (const CLI::App* inner : commands_of(*command)) {
      paths.push_back("'" + command->get_name() + " " + inner->get_name() + "'");
    }
  }
  script +=
      fmt::format("      {}) path=${{path:+$path }}${{COMP_WORDS[i]}} ;;\n    esac\n  done\n", fmt::join(paths, "|"));
  script += "  case $path in\n";
  append_cases(script, program, "");
  script +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  [[ $word == -* || -z $path ]] || COMPREPLY+=($(compgen -f -- \"$word\"))\n"
      "}\n"
      "complete -o filenames -F _weft weft\n";
  return script;
}

}  // namespace

void add_manual(CLI::App& program, Run& run) {
  const auto print = [&program, &run](const auto& make) {
    return [&program, &run, make] {
      run = [&program, make] {
        std::cout << make(program);
        return ExitCode::kOk;
      };
    };
  };
  CLI::App* shells = program.add_subcommand("completion", "Print the completion script of a shell");
  const auto shell = std::make_shared<std::string>("bash");
  shells->add_option("shell", *shell, "bash or zsh, which share one script")->check(CLI::IsMember({"bash", "zsh"}));
  shells->callback([shell, print] { print(completion)(); });
  program.add_subcommand("man", "Print the manual page, for: man -l -")->callback(print(man_page));
}
