// Tests of checkpoints as a whole: round trips, models that do not fit, files and disks that fail.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <numeric>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

namespace fs = std::filesystem;

/// Number i of an array is start + i.
Initializer counting(float start) {
  return [start](std::span<float> out, int64_t first, const Shape&, const RandomStream&) {
    std::iota(out.begin(), out.end(), start + static_cast<float>(first));
  };
}

/// A table, a kernel, a bias whose slot's name begins with its own, and a scalar; numbers from `start` on.
void fill(ParameterStore& params, float start, int64_t rows = 5) {
  params.add({.name = "table", .shape = {rows, 3}, .initializer = counting(start), .table = true});
  params.add({.name = "dnn/logits/kernel", .shape = {4, 2}, .initializer = counting(start + 100)});
  params.add({.name = "dnn/logits/bias", .shape = {2}, .initializer = counting(start + 200)});
  for (Parameter& parameter : params) {
    const Parameter::SlotRequest slots[] = {{"Adagrad", start + 300, false}, {"RowWise", start + 400, true}};
    parameter.add_slots(std::span(slots, parameter.table() ? 2 : 1));
  }
  params.scalar("beta1_power", start + 0.5f);
  params.global_step = static_cast<int64_t>(start) + 7;
}

std::vector<float> numbers_of(const RowsView& view) {
  std::vector<float> numbers;
  for (int64_t i = 0; i < view.rows; ++i) numbers.insert(numbers.end(), view.row(i).begin(), view.row(i).end());
  return numbers;
}
std::vector<float> numbers_of(ParameterStore& params) {
  std::vector<float> numbers = {params.scalar("beta1_power", 0), static_cast<float>(params.global_step)};
  const auto add = [&](const RowsView& view) {
    const auto more = numbers_of(view);
    numbers.insert(numbers.end(), more.begin(), more.end());
  };
  for (Parameter& parameter : params) {
    add(parameter.value());
    for (size_t i = 0; i < parameter.slot_count(); ++i) add(parameter.slot(i).view);
  }
  return numbers;
}

template <class Error>
std::string refusal(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

void limit_files(rlim_t bytes) {
  const rlimit limit{bytes, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &limit);
}
/// Files below a directory that this process holds open, removed ones too.
long open_files_of(const std::string& directory) {
  return std::ranges::count_if(fs::directory_iterator("/proc/self/fd"), [&](const fs::directory_entry& entry) {
    std::error_code ignored;
    return fs::read_symlink(entry.path(), ignored).string().starts_with(directory);
  });
}

}  // namespace

TEST_CASE("checkpoint: everything comes back, under TensorFlow's names") {
  const TestDirectory directory;
  ParameterStore saved, restored;
  fill(saved, 1);
  fill(restored, 1000);
  const std::map<std::string, std::vector<int64_t>> extra = {{"input_position", {1, -2, 3}}, {"none", {}}};
  const CheckpointNames names{.slot_pattern = "{variable}/t_0/{slot}"};
  save_checkpoint(directory.file("model.h5"), saved, names, extra);
  CHECK(restore_checkpoint(directory.file("model.h5"), restored, names) == extra);
  CHECK(numbers_of(restored) == numbers_of(saved));
  CHECK(restored.global_step == 8);

  const CheckpointReader reader(directory.file("model.h5"));
  std::vector<std::string> found;
  for (const ArrayInfo& array : reader.arrays()) found.push_back(array.name);
  CHECK(found == std::vector<std::string>{"beta1_power", "dnn/logits/bias", "dnn/logits/bias/t_0/Adagrad",
                                          "dnn/logits/kernel", "dnn/logits/kernel/t_0/Adagrad", "global_step", "table",
                                          "table/t_0/Adagrad", "table/t_0/RowWise", "weft/input_position",
                                          "weft/none"});
  CHECK(reader.find("table/t_0/RowWise")->shape == std::vector<int64_t>{5});
  CHECK(reader.read_floats("dnn/logits/bias") == std::vector<float>{201, 202});
  CHECK(reader.read_integers("global_step") == std::vector<int64_t>{8});
  CHECK(reader.find("global_step")->shape.empty());
  CHECK(reader.find("nothing") == nullptr);
}

TEST_CASE("checkpoint: a slot pattern with the optimizer's name") {
  const TestDirectory directory;
  ParameterStore params;
  fill(params, 1);
  save_checkpoint(directory.file("model.h5"), params,
                  {.slot_pattern = "training/{optimizer}/{variable}/{slot}", .optimizer = "Adagrad"});
  CHECK(CheckpointReader(directory.file("model.h5")).find("training/Adagrad/dnn/logits/kernel/Adagrad") != nullptr);
}

TEST_CASE("checkpoint: rows across pieces, for any number of threads") {
  const TestDirectory directory;
  constexpr int64_t kRows = 300000;  // three and a half pieces of 87381 rows
  ParameterStore params;
  fill(params, 0, kRows);
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    save_checkpoint(directory.file(std::to_string(threads)), params);
    const CheckpointReader reader(directory.file(std::to_string(threads)));
    CHECK(reader.read_floats("table") == numbers_of(params.at("table").value()));
    std::vector<float> part(3 * 100000);
    reader.read("table", 50000, {part.data(), 100000, 3, 3});
    CHECK(part.front() == 150000.0f);
    CHECK(part.back() == 449999.0f);
    ParameterStore other;
    fill(other, 5, kRows);
    restore_checkpoint(directory.file(std::to_string(threads)), other);
    CHECK(numbers_of(other) == numbers_of(params));
  }
}

TEST_CASE("checkpoint: compressed ones are smaller, have the same numbers, any rows of them, and tell damage") {
  const TestDirectory directory;
  constexpr int64_t kRows = 300000;
  ParameterStore params, other;
  fill(params, 0, kRows);
  fill(other, 5, kRows);
  save_checkpoint(directory.file("plain.h5"), params);
  save_checkpoint(directory.file("small.h5"), params, {}, {{"random", {1, 2, 3}}}, {.compression = 1});
  const auto bytes_of_file = [&](const char* name) { return file_bytes(directory.file(name)).size(); };
  CHECK(2 * bytes_of_file("small.h5") < bytes_of_file("plain.h5"));
  CHECK(restore_checkpoint(directory.file("small.h5"), other).at("random") == std::vector<int64_t>{1, 2, 3});
  CHECK(numbers_of(other) == numbers_of(params));
  std::vector<float> part(3 * 100000);
  CheckpointReader(directory.file("small.h5")).read("table", 50000, {part.data(), 100000, 3, 3});
  CHECK(part.front() == 150000.0f);
  CHECK(part.back() == 449999.0f);
  std::string damaged = file_bytes(directory.file("small.h5"));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  put_file(directory.file("small.h5"), damaged);
  const std::string text = refusal<DataError>([&] { restore_checkpoint(directory.file("small.h5"), other); });
  CHECK_MESSAGE(text.find("table") != std::string::npos, text);
  CHECK_THROWS_AS(save_checkpoint(directory.file("no.h5"), params, {}, {}, {.compression = 10}), ValueError);
}

TEST_CASE(
    "checkpoint: arrays that are written and read past the library, from tables with slots, the last piece short") {
  const TestDirectory directory;
  constexpr int64_t kRows = 500'001;  // 20 MB of 10 numbers a row, whose pieces are whole blocks of the disk
  ParameterStore params;
  Parameter& table = params.add({.name = "t", .shape = {kRows, 10}, .initializer = zeros_initializer(), .table = true});
  const Parameter::SlotRequest slot[] = {{.name = "s", .initial_value = 0.5f}};
  table.add_slots(slot);
  for (int64_t row = 0; row < kRows; ++row) {
    for (int64_t k = 0; k < 10; ++k) table.value().row(row)[static_cast<size_t>(k)] = static_cast<float>(row * 10 + k);
  }
  const std::string path = directory.file("large.h5");
  const std::vector<float> values = numbers_of(table.value());
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    save_checkpoint(path, params);
    std::ranges::fill(std::span(table.value().data, static_cast<size_t>(kRows * table.value().stride)), -1.0f);
    restore_checkpoint(path, params);
    CHECK(numbers_of(table.value()) == values);
    CHECK(numbers_of(table.slot(0).view) == std::vector<float>(values.size(), 0.5f));
  }
  std::string bytes = file_bytes(path);
  const float inside[] = {values[3'000'000], values[3'000'001]};
  const size_t at = bytes.find(std::string_view(reinterpret_cast<const char*>(inside), sizeof(inside)));
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  put_file(path, bytes);
  const std::string text = refusal<DataError>([&] { restore_checkpoint(path, params); });
  CHECK_MESSAGE(text.find("the file is damaged") != std::string::npos, text);
}

TEST_CASE("checkpoint: all that does not fit is told at once, and nothing is changed") {
  const TestDirectory directory;
  ParameterStore saved, model;
  fill(saved, 1, 6);
  saved.add({.name = "old", .shape = {1}, .initializer = zeros_initializer()});
  save_checkpoint(directory.file("model.h5"), saved);
  fill(model, 1000, 5);
  model.add({.name = "new", .shape = {1}, .initializer = zeros_initializer()});
  const auto before = numbers_of(model);
  const std::string text = refusal<DataError>([&] { restore_checkpoint(directory.file("model.h5"), model); });
  for (const char* part :
       {"table: got float32 [6, 3], expected float32 [5, 3]", "table/Adagrad: got float32 [6, 3]",
        "table/RowWise: got float32 [6], expected float32 [5]", "new is missing", "old is surplus"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  }
  CHECK(text.find("kernel") == std::string::npos);
  CHECK(numbers_of(model) == before);
}

TEST_CASE("checkpoint: wrong questions of a reader") {
  const TestDirectory directory;
  ParameterStore params;
  fill(params, 1);
  save_checkpoint(directory.file("model.h5"), params);
  const CheckpointReader reader(directory.file("model.h5"));
  float out[15];
  CHECK_THROWS_AS(reader.read_floats("nothing"), DataError);
  CHECK_THROWS_AS(reader.read_floats("global_step"), DataError);
  CHECK_THROWS_AS(reader.read_integers("table"), DataError);
  CHECK_THROWS_AS(reader.read("table", 4, {out, 2, 3, 3}), DataError);
  CHECK_THROWS_AS(reader.read("table", -1, {out, 1, 3, 3}), DataError);
  CHECK_THROWS_AS(reader.read("table", 0, {out, 2, 2, 4}), DataError);
  CheckpointWriter writer(directory.file("other.h5"));
  writer.write("x", 1.0f);
  CHECK_THROWS_AS(writer.write("x", 1.0f), ValueError);
  CHECK_THROWS_AS(writer.write("", 1.0f), ValueError);
  CHECK_THROWS_AS(writer.write("y", Shape{2, 3}, {out, 2, 2, 2}), ValueError);
  params.add({.name = "weft/x", .shape = {1}, .initializer = zeros_initializer()});
  CHECK_THROWS_AS(save_checkpoint(directory.file("third.h5"), params), ValueError);
}

TEST_CASE("checkpoint: cut files are refused, and flipped bits are noticed or do no harm") {
  const TestDirectory directory;
  ParameterStore saved;
  fill(saved, 1);
  save_checkpoint(directory.file("model.h5"), saved);
  const std::string whole = file_bytes(directory.file("model.h5"));
  const auto expected = numbers_of(saved);
  const auto restores = [&](std::string_view bytes) {
    put_file(directory.file("bad.h5"), bytes);
    ParameterStore restored;
    fill(restored, 1000);
    try {
      restore_checkpoint(directory.file("bad.h5"), restored);
    } catch (const DataError&) {
      return false;
    }
    CHECK(numbers_of(restored) == expected);
    return true;
  };
  CHECK(restores(whole));
  for (size_t length = 0; length < whole.size(); length += 37) CHECK_FALSE(restores(whole.substr(0, length)));
  for (size_t i = 0; i < whole.size(); i += 3) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    restores(flipped);
  }
}

TEST_CASE("checkpoint: damaged numbers are told with the array's name") {
  const TestDirectory directory;
  ParameterStore params;
  fill(params, 1);
  save_checkpoint(directory.file("model.h5"), params);
  std::string bytes = file_bytes(directory.file("model.h5"));
  const float kernel[] = {101, 102};
  const size_t at = bytes.find(std::string_view(reinterpret_cast<const char*>(kernel), sizeof(kernel)));
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  put_file(directory.file("model.h5"), bytes);
  const std::string text = refusal<DataError>([&] { restore_checkpoint(directory.file("model.h5"), params); });
  CHECK_MESSAGE(text.find("dnn/logits/kernel") != std::string::npos, text);
  CHECK_MESSAGE(text.find("check sum of rows 0 to 3 is wrong") != std::string::npos, text);
  CHECK(CheckpointReader(directory.file("model.h5")).read_floats("dnn/logits/bias").size() == 2);
}

TEST_CASE("checkpoint: a directory that can't be written gives an IoError") {
  const TestDirectory directory;
  put_file(directory.file("file"), "x");
  ParameterStore params;
  fill(params, 1);
  CHECK_THROWS_AS(save_checkpoint(directory.file("file/model.h5"), params), IoError);
  CHECK_THROWS_AS(save_checkpoint(directory.file("none/model.h5"), params), IoError);
  CHECK_THROWS_AS(CheckpointReader(directory.file("none.h5")), IoError);
}

TEST_CASE("checkpoint: a full disk gives an IoError and leaves the old file") {
  const TestDirectory directory;
  ParameterStore params;
  fill(params, 1, 100000);
  save_checkpoint(directory.file("model.h5"), params);
  const std::string before = file_bytes(directory.file("model.h5"));
  params.global_step = 999;
  for (const rlim_t room : {rlim_t{0}, rlim_t{1000}, rlim_t{1} << 20, static_cast<rlim_t>(before.size() - 1000)}) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // The limit on a file's size fails as a full disk does, and for root too. No other thread of this process is
      // here.
      const ThreadLimit one(1);
      signal(SIGXFSZ, SIG_IGN);
      limit_files(room);
      const std::string text = refusal<IoError>([&] { save_checkpoint(directory.file("model.h5"), params); });
      const bool refused = text.starts_with("[hdf5] " + directory.file("model.h5") + ": ") &&
                           text.find('\n') == std::string::npos &&
                           text.ends_with("can't write: File too large. Check the room on the disk.");
      if (!refused) fmt::print(stderr, "{}\n", text);
      const bool closed = open_files_of(directory.path) == 0;
      limit_files(RLIM_INFINITY);
      const bool again = refusal<IoError>([&] { save_checkpoint(directory.file("b.h5"), params); }) == "accepted";
      fs::remove(directory.file("b.h5"));
      _exit(refused && closed && again ? 0 : 1 + 2 * refused + 4 * closed + 8 * again);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_MESSAGE(status == 0, "room for ", room, ": ", WEXITSTATUS(status));
    CHECK(file_bytes(directory.file("model.h5")) == before);
    CHECK(directory.entries() == 1);
  }
}

}  // namespace weft
#endif
