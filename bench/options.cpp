// Options: a table of flags, each with the function that takes its value.
#include "options.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace weft::bench {
namespace {

struct Flag {
  std::string_view name;
  std::string_view value;  ///< what usage() calls the value; empty: there is none
  std::string_view help;
  void (*set)(Options&, std::string_view name, std::string_view value);
};

template <class Number>
Number number_of(std::string_view name, std::string_view text, Number least) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least)
    throw ValueError(
        fmt::format("[weft_bench] {}: got '{}', expected a number of at least {}. Give one.", name, text, least));
  return number;
}

std::vector<int64_t> list_of(std::string_view name, std::string_view text) {
  std::vector<int64_t> numbers;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    numbers.push_back(number_of<int64_t>(name, text.substr(begin, end - begin), 1));
    begin = end + 1;
  }
  return numbers;
}

template <auto member>
void set_text(Options& options, std::string_view, std::string_view value) {
  options.*member = value;
}
template <auto member, int least>
void set_number(Options& options, std::string_view name, std::string_view value) {
  using Number = std::remove_reference_t<decltype(options.*member)>;
  options.*member = number_of<Number>(name, value, static_cast<Number>(least));
}

constexpr std::array kFlags = {
    Flag{"--data", "DIR", "directory of the workloads' directories", set_text<&Options::data>},
    Flag{"--workload", "NAME", "seed, medium, wide, large", set_text<&Options::workload>},
    Flag{"--optimizer", "NAME", "adagrad (default), rowwise_adagrad, adam or sgd", set_text<&Options::optimizer>},
    Flag{"--mode", "MODE", "e2e, step, input, predict, ckpt, make-data, or (no workload) columns, targets",
         set_text<&Options::mode>},
    Flag{"--threads", "N", "threads in all (default 2)", set_number<&Options::threads, 1>},
    Flag{"--json", "FILE", "append the result line to FILE", set_text<&Options::json>},
    Flag{"--batch", "B", "batch size", set_number<&Options::batch, 1>},
    Flag{"--seconds", "S", "count at least S seconds (default 6)", set_number<&Options::seconds, 0>},
    Flag{"--max-examples", "N", "e2e: an epoch ends after N examples; make-data: so many (default 400000)",
         set_number<&Options::max_examples, 0>},
    Flag{"--no-eval", "", "e2e: no log-loss and AUC", [](Options& o, auto, auto) { o.evaluate = false; }},
    Flag{"--bfloat16", "", "products of the hidden layers in bfloat16",
         [](Options& o, auto, auto) { o.bfloat16 = true; }},
    Flag{"--profile", "", "e2e, step, input: a table of the stages' times and the machine's limits",
         [](Options& o, auto, auto) { o.profile = true; }},
    Flag{"--vocab", "V", "step: made-up ids below V", set_number<&Options::vocab, 1>},
    Flag{"--columns", "C", "step: made-up ids in C columns", set_number<&Options::columns, 1>},
    Flag{"--mean-ids", "M", "step: M made-up ids a column and example", set_number<&Options::mean_ids, 1>},
    Flag{"--dim", "D", "dimension of the table", set_number<&Options::dim, 1>},
    Flag{"--hidden", "A,B,..", "units of the hidden layers",
         [](Options& o, auto n, auto v) { o.hidden = list_of(n, v); }},
    Flag{"--compute-threads", "N", "threads of the step (default: by its size)",
         set_number<&Options::compute_threads, 1>},
    Flag{"--input-threads", "N", "threads that make batches ahead", set_number<&Options::input_threads, 0>},
};

bool one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (text == name) return true;
  return false;
}

void check(const Options& options) {
  if (options.mode == "columns") return;
  if (one_of(options.mode, {"targets", "make-data"}) && options.data.empty())
    throw ValueError("[weft_bench] --data: got none. Name a directory; data are made there.");
  if (options.mode == "targets") return;
  if (options.workload.empty()) throw ValueError("[weft_bench] --workload: got none. Name one, as seed.");
  if (!one_of(options.mode, {"e2e", "step", "input", "predict", "ckpt", "make-data"}))
    throw ValueError(
        fmt::format("[weft_bench] --mode: got '{}', expected e2e, step, input, predict, ckpt, columns, targets or "
                    "make-data. Give one of them.",
                    options.mode));
  if (!one_of(options.optimizer, {"adagrad", "rowwise_adagrad", "adam", "sgd"}))
    throw ValueError(fmt::format(
        "[weft_bench] --optimizer: got '{}', expected adagrad, rowwise_adagrad, adam or sgd. Give one of them.",
        options.optimizer));
  if (options.profile && !one_of(options.mode, {"e2e", "step", "input"}))
    throw ValueError("[weft_bench] --profile: stages are those of --mode e2e, step or input. Give one of them.");
  if (options.synthetic() && options.mode != "step")
    throw ValueError(
        "[weft_bench] --vocab, --columns, --mean-ids: ids are made up for --mode step only. Leave them out.");
}

}  // namespace

Options parse_options(std::span<const char* const> arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view name = arguments[i];
    const auto flag = std::find_if(kFlags.begin(), kFlags.end(), [&](const Flag& f) { return f.name == name; });
    if (flag == kFlags.end()) throw ValueError(fmt::format("[weft_bench] unknown option '{}'. See --help.", name));
    if (flag->value.empty()) {
      flag->set(options, name, {});
    } else if (++i < arguments.size()) {
      flag->set(options, name, arguments[i]);
    } else {
      throw ValueError(fmt::format("[weft_bench] {}: got nothing, expected {}. Give a value.", name, flag->value));
    }
  }
  check(options);
  return options;
}

std::string usage() {
  std::string text = "usage: weft_bench --data DIR --workload NAME --mode MODE [option ...]\n";
  for (const Flag& flag : kFlags)
    text += fmt::format("  {:<28}{}\n", fmt::format("{} {}", flag.name, flag.value), flag.help);
  return text;
}

TEST_CASE("weft_bench options: the peers' command line is understood") {
  const std::array<const char*, 13> line = {"--data",    "d",         "--workload", "seed",     "--mode",
                                            "step",      "--seconds", "0.5",        "--hidden", "64,32",
                                            "--no-eval", "--vocab",   "7"};
  const Options options = parse_options(line);
  CHECK(options.data == "d");
  CHECK(options.seconds == 0.5);
  CHECK(options.hidden == std::vector<int64_t>{64, 32});
  CHECK_FALSE(options.evaluate);
  CHECK(options.synthetic());
}

TEST_CASE("weft_bench options: what is wrong is refused") {
  const auto parse = [](std::vector<const char*> line) { return parse_options(line); };
  CHECK(parse({"--workload", "seed", "--mode", "step", "--optimizer", "adam"}).optimizer == "adam");
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "step", "--optimizer", "ftrl"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "walk"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode"}), ValueError);
  CHECK_THROWS_AS(parse({"--mode", "step"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "step", "--threads", "0"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "step", "--hidden", "64,,32"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "step", "--batch", "12x"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "e2e", "--vocab", "10"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "step", "--colour", "red"}), ValueError);
  CHECK_THROWS_AS(parse({"--workload", "seed", "--mode", "ckpt", "--profile"}), ValueError);
  CHECK(parse({"--mode", "targets", "--data", "d"}).mode == "targets");
  CHECK_THROWS_AS(parse({"--mode", "targets"}), ValueError);
}

}  // namespace weft::bench
