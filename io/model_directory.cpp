// ModelDirectory: the text file `checkpoint`, read with tolerance and written whole.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/atomic_file.h>
#include <weft/io/checkpoint_state.h>
#include <weft/io/model_directory.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

namespace weft {
namespace {

namespace fs = std::filesystem;

/// False if the text can't be understood or names no checkpoint.
bool parse(std::string_view text, CheckpointState& state) {
  const auto parsed = parse_checkpoint_state(text);
  if (parsed) state = *parsed;
  return parsed && !state.latest.empty();
}

std::string file_name(int64_t step) {
  return fmt::format("model.ckpt-{}.h5", step);
}

/// Whether record() may delete a file of this name.
bool is_ours(const std::string& name) {
  constexpr std::string_view kPrefix = "model.ckpt-", kSuffix = ".h5";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix) || name.size() <= kPrefix.size() + kSuffix.size())
    return false;
  const std::string_view step =
      std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  return step.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string state_path(const std::string& directory) {
  return directory + "/checkpoint";
}

[[noreturn]] void unreadable(const std::string& directory, int error) {
  throw IoError(fmt::format(
      "[ModelDirectory] {}: can't read: {}, expected the text file that names the newest checkpoint. Check its "
      "permissions, move what is in its place away, or give another model_dir.",
      state_path(directory), error != 0 ? std::strerror(error) : "no reason given"));
}

/// The text of the state file; nothing if there is none.
std::optional<std::string> state_text(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(state_path(directory), error) && !error) return std::nullopt;
  if (fs::is_directory(state_path(directory), error)) unreadable(directory, EISDIR);  // a stream throws another error
  errno = 0;
  std::ifstream file(state_path(directory), std::ios::binary);
  if (!file) unreadable(directory, errno);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) unreadable(directory, errno);
  return text;
}

}  // namespace

ModelDirectory::ModelDirectory(const std::string& path) : path_(path) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  std::error_code error;
  fs::create_directories(path_, error);
  if (error || !fs::is_directory(path_)) {
    throw IoError(fmt::format("[ModelDirectory] {}: can't make the directory: {}. Give another model_dir.", path,
                              error ? error.message() : "a file is in its place"));
  }
}

std::string ModelDirectory::checkpoint_path(int64_t step) const {
  return path_ + "/" + file_name(step);
}

std::optional<std::string> ModelDirectory::latest() const {
  const auto text = state_text(path_);
  if (!text) return std::nullopt;
  CheckpointState state;
  if (!parse(*text, state)) {
    throw DataError(
        fmt::format("[ModelDirectory] {}: can't be understood, expected a line model_checkpoint_path: \"<name>\". "
                    "Write the newest checkpoint's name there, or delete the file to start anew.",
                    state_path(path_)));
  }
  const std::string path = state.latest[0] == '/' ? state.latest : path_ + "/" + state.latest;
  for (const char* suffix : {"", ".h5"}) {
    std::error_code ignored;
    if (fs::is_regular_file(path + suffix, ignored)) return path + suffix;
  }
  throw DataError(
      fmt::format("[ModelDirectory] {}: it names {}, which is not there. Put the checkpoint back, name another, or "
                  "delete the file to start anew.",
                  state_path(path_), path));
}

void ModelDirectory::record(int64_t step, int keep) {
  CheckpointState state;
  // What can't be understood is replaced: the new checkpoint is there, and is the newest.
  if (!parse(state_text(path_).value_or(""), state)) state.all.clear();
  state.latest = file_name(step);
  std::erase(state.all, state.latest);
  state.all.push_back(state.latest);
  const size_t kept = keep <= 0 ? state.all.size() : std::min(state.all.size(), static_cast<size_t>(keep));
  const auto first_kept = state.all.end() - static_cast<std::ptrdiff_t>(kept);
  const std::string text =
      checkpoint_state_text({.latest = state.latest, .all = std::vector<std::string>(first_kept, state.all.end())});
  write_file(state_path(path_), text);
  // Only now: whatever happens in between, the file names what is there.
  for (auto path = state.all.begin(); path != first_kept; ++path) {
    std::error_code ignored;
    if (is_ours(*path)) fs::remove(path_ + "/" + *path, ignored);
  }
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {}  // namespace

TEST_CASE("model directory: records the newest and keeps as many as asked for") {
  const TestDirectory test;
  ModelDirectory directory(test.path + "/deep/model/");
  CHECK_FALSE(directory.latest().has_value());
  for (const int64_t step : {100, 200, 300}) {
    test.put(fmt::format("deep/model/model.ckpt-{}.h5", step));
    directory.record(step, 2);
    CHECK(directory.latest() == directory.checkpoint_path(step));
  }
  CHECK(directory.checkpoint_path(300) == test.path + "/deep/model/model.ckpt-300.h5");
  CHECK_FALSE(test.has("deep/model/model.ckpt-100.h5"));
  CHECK(test.has("deep/model/model.ckpt-200.h5"));
  CHECK(test.text("deep/model/checkpoint") ==
        "model_checkpoint_path: \"model.ckpt-300.h5\"\n"
        "all_model_checkpoint_paths: \"model.ckpt-200.h5\"\n"
        "all_model_checkpoint_paths: \"model.ckpt-300.h5\"\n");
}

TEST_CASE("model directory: 0 keeps all; a step recorded again is there once") {
  const TestDirectory test;
  ModelDirectory directory(test.path);
  for (const int64_t step : {1, 2, 3, 2}) {
    test.put(fmt::format("model.ckpt-{}.h5", step));
    directory.record(step, 0);
  }
  CHECK(test.text("checkpoint") ==
        "model_checkpoint_path: \"model.ckpt-2.h5\"\n"
        "all_model_checkpoint_paths: \"model.ckpt-1.h5\"\n"
        "all_model_checkpoint_paths: \"model.ckpt-3.h5\"\n"
        "all_model_checkpoint_paths: \"model.ckpt-2.h5\"\n");
  CHECK(test.has("model.ckpt-1.h5"));
}

TEST_CASE("model directory: states that TensorFlow understands") {
  const TestDirectory test;
  const ModelDirectory directory(test.path);
  test.put("model.ckpt-5.h5");
  const std::string expected = test.path + "/model.ckpt-5.h5";
  for (const std::string& text : {
           std::string("model_checkpoint_path: \"model.ckpt-5.h5\"\n"),
           std::string("model_checkpoint_path: \"model.ckpt-5\""),
           std::string("# a comment\n\nmodel_checkpoint_path: 'model.ckpt-5.h5'  # newest\r\n"),
           std::string("model_checkpoint_path:\"model.ckpt-5.h5\"\nall_model_checkpoint_timestamps: "
                       "1.5\nlast_preserved_timestamp: 2.5\n"),
           "model_checkpoint_path: \"" + expected + "\"\n",
       }) {
    test.put("checkpoint", text);
    CHECK(directory.latest() == expected);
  }
}

TEST_CASE("model directory: what can't be understood is told with the file's name") {
  const TestDirectory test;
  const ModelDirectory directory(test.path);
  for (const char* text : {"", "this is not a text protobuf\n", "model_checkpoint_path: \"model.ckpt-5",
                           "model_checkpoint_path: 5\n", "all_model_checkpoint_paths: \"a\"\n",
                           "model_checkpoint_path: \"a\" b\n", "\x89HDF\r\n\x1a\n", "model_checkpoint_path: \"a\\"}) {
    test.put("checkpoint", text);
    CHECK_THROWS_WITH_AS(directory.latest(), doctest::Contains((test.path + "/checkpoint").c_str()), DataError);
  }
  test.put("checkpoint", "model_checkpoint_path: \"model.ckpt-99.h5\"\n");
  CHECK_THROWS_WITH_AS(directory.latest(), doctest::Contains("model.ckpt-99.h5, which is not there"), DataError);
}

TEST_CASE("model directory: deletes nothing but its own checkpoints") {
  const TestDirectory test;
  ModelDirectory directory(test.path);
  test.put("keep.txt");
  test.put("model.ckpt-x.h5");
  test.put("checkpoint",
           "model_checkpoint_path: \"keep.txt\"\nall_model_checkpoint_paths: \"keep.txt\"\n"
           "all_model_checkpoint_paths: \"model.ckpt-x.h5\"\nall_model_checkpoint_paths: \"../model.ckpt-1.h5\"\n");
  test.put("model.ckpt-7.h5");
  directory.record(7, 1);
  CHECK(test.has("keep.txt"));
  CHECK(test.has("model.ckpt-x.h5"));
  CHECK(directory.latest() == directory.checkpoint_path(7));
}

TEST_CASE("model directory: a file in its place is an IoError") {
  const TestDirectory test;
  test.put("file");
  CHECK_THROWS_AS(ModelDirectory(test.path + "/file"), IoError);
  CHECK_THROWS_AS(ModelDirectory(test.path + "/file/model"), IoError);
}

TEST_CASE("model directory: a directory in the place of its state file is an IoError with the reason") {
  const TestDirectory test;
  ModelDirectory directory(test.path);
  fs::create_directory(test.path + "/checkpoint");
  const std::string text = test.path + "/checkpoint: can't read: Is a directory";
  CHECK_THROWS_WITH_AS(directory.latest(), doctest::Contains(text.c_str()), IoError);
  CHECK_THROWS_WITH_AS(directory.record(1, 0), doctest::Contains(text.c_str()), IoError);
}

#endif
}  // namespace weft
