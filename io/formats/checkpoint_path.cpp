// A checkpoint found by its prefix, its directory or a pattern.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint_state.h>
#include <weft/io/file_list.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/random_access_file.h>

#include <chrono>
#include <filesystem>
#include <set>

namespace weft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = ".index";

bool is_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_prefix(const std::string& path) {
  return is_file(path + std::string(kIndex));
}

// A file or a prefix; weft's own state files may leave out ".h5".
std::optional<std::string> existing(const std::string& path) {
  if (is_prefix(path) || is_file(path)) return path;
  if (is_file(path + ".h5")) return path + ".h5";
  return std::nullopt;
}

// The prefix of the shard or index `path`, else the path.
std::string without_suffix(const std::string& path) {
  const size_t data = path.rfind(".data-");
  std::string prefix = path;
  if (path.ends_with(kIndex)) prefix = path.substr(0, path.size() - kIndex.size());
  if (data != std::string::npos) prefix = path.substr(0, data);
  return is_prefix(prefix) ? prefix : path;
}

std::string in_directory(const std::string& directory) {
  if (auto latest = latest_checkpoint(directory)) return *latest;
  for (const char* variables : {"/variables/variables", "/variables"}) {
    if (is_prefix(directory + variables)) return directory + variables;
  }
  throw ValueError(
      fmt::format("[find_checkpoint] Couldn't find 'checkpoint' file or checkpoints in given directory {}. Give a "
                  "checkpoint's path.",
                  directory));
}

[[noreturn]] void nothing_there(const std::string& path) {
  throw IoError(
      fmt::format("[find_checkpoint] Failed to find any matching files for {}. Give a file, the prefix of a "
                  "TensorFlow checkpoint, a directory that holds one, or a pattern.",
                  path));
}

std::string newest_match(const std::string& pattern) {
  // A prefix is found by its index.
  std::set<std::string> found;
  for (const std::string& glob : {pattern, pattern + std::string(kIndex)}) {
    try {
      for (const DataFile& file : list_files(std::span(&glob, 1), "find_checkpoint")) {
        found.insert(without_suffix(file.path));
      }
    } catch (const IoError&) {
      continue;  // no match for this one, or a directory among them
    }
  }
  std::optional<std::pair<fs::file_time_type, std::string>> newest;
  for (const std::string& path : found) {
    std::error_code error;
    const auto time = fs::last_write_time(is_prefix(path) ? path + std::string(kIndex) : path, error);
    if (!error && (!newest || newest->first <= time)) newest.emplace(time, path);
  }
  if (!newest) nothing_there(pattern);
  return newest->second;
}

}  // namespace

std::optional<std::string> latest_checkpoint(const std::string& directory) {
  const std::string path = directory + "/checkpoint";
  if (!is_file(path)) return std::nullopt;
  const RandomAccessFile file(path);
  const auto state = parse_checkpoint_state(file.read(0, file.size()));
  if (!state) return std::nullopt;
  if (state->latest.empty()) {
    throw DataError(
        fmt::format("[latest_checkpoint] Invalid checkpoint state loaded from {}: its file 'checkpoint' names no "
                    "checkpoint. Give a checkpoint's path.",
                    directory));
  }
  return existing(state->latest[0] == '/' ? state->latest : directory + "/" + state->latest);
}

std::string find_checkpoint(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    std::string directory = path;
    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
    return in_directory(directory);
  }
  if (is_prefix(path)) return path;
  if (is_file(path)) return path.ends_with(kIndex) ? without_suffix(path) : path;
  if (path.find_first_of("*?[") == std::string::npos) nothing_there(path);
  return newest_match(path);
}

TEST_CASE("find checkpoint: prefix, index, directory, saved model and pattern") {
  const TestDirectory test;
  const auto at = [&](const std::string& name) { return test.path + "/" + name; };
  fs::create_directories(at("saved/variables"));
  fs::create_directory(at("none"));
  for (const char* name : {"model.ckpt-5.index", "model.ckpt-10.index", "saved/variables/variables.index", "w.h5"}) {
    test.put(name);
  }
  test.put("checkpoint", "model_checkpoint_path: \"model.ckpt-5\"\n");
  CHECK(find_checkpoint(at("model.ckpt-10")) == at("model.ckpt-10"));
  CHECK(find_checkpoint(at("model.ckpt-10.index")) == at("model.ckpt-10"));
  CHECK(find_checkpoint(at("w.h5")) == at("w.h5"));
  CHECK(find_checkpoint(test.path + "/") == at("model.ckpt-5"));
  CHECK(find_checkpoint(at("saved")) == at("saved/variables/variables"));
  CHECK(find_checkpoint(at("saved/variables")) == at("saved/variables/variables"));
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(at("model.ckpt-5.index"), now);
  fs::last_write_time(at("model.ckpt-10.index"), now - std::chrono::hours(1));
  CHECK(find_checkpoint(at("model.ckpt-*")) == at("model.ckpt-5"));
  CHECK(find_checkpoint(at("model.ckpt-1*")) == at("model.ckpt-10"));
  CHECK_THROWS_AS(find_checkpoint(at("nothing")), IoError);
  CHECK_THROWS_AS(find_checkpoint(at("nothing*")), IoError);
  CHECK_THROWS_AS(find_checkpoint(at("none")), ValueError);
}

}  // namespace weft
