// A checkpoint found by its prefix, its directory or a pattern.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <glob.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint_state.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/file_kind.h>
#include <weft/io/formats/random_access_file.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <memory>
#include <new>
#include <set>
#include <vector>

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

// The checkpoint of a directory, or of a SavedModel's.
std::optional<std::string> find_in(const std::string& directory) {
  if (auto latest = latest_checkpoint(directory)) return latest;
  for (const char* variables : {"/variables/variables", "/variables"}) {
    if (is_prefix(directory + variables)) return directory + variables;
  }
  return std::nullopt;
}

std::string in_directory(const std::string& directory) {
  if (auto found = find_in(directory)) return *found;
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

std::vector<std::string> glob_matches(const std::vector<std::string>& patterns) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    glob_t found = {};
    const std::unique_ptr<glob_t, void (*)(glob_t*)> cleaner(&found, ::globfree);
    const int failure = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
    if (failure == GLOB_NOSPACE) throw std::bad_alloc();
    if (failure == 0) paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  return paths;
}

// What a match stands for, if it can be opened.
std::optional<std::string> checkpoint_of(const std::string& match) {
  std::error_code ignored;
  try {
    if (fs::is_directory(match, ignored)) return find_in(match);
    const std::string path = without_suffix(match);
    if (is_prefix(path) || (is_file(path) && file_kind(path) != FileKind::unknown)) return path;
  } catch (const Error&) {
    return std::nullopt;  // a state file that names nothing, a file that may not be read
  }
  return std::nullopt;
}

// "model.ckpt-9" before "model.ckpt-10".
bool number_before(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); };
  const auto [end_a, end_b] = std::ranges::mismatch(a, b);
  auto at = static_cast<size_t>(end_a - a.begin());
  while (at > 0 && std::isdigit(static_cast<unsigned char>(a[at - 1]))) --at;
  a.remove_prefix(at);
  b.remove_prefix(at);
  if (digits(a) == 0 || digits(b) == 0 || digits(a) == digits(b)) return a < b;
  return digits(a) < digits(b);
}

std::string newest_match(const std::string& pattern) {
  std::set<std::string> found;
  // A prefix is found by its index.
  for (const std::string& match : glob_matches({pattern, pattern + std::string(kIndex)})) {
    if (const auto path = checkpoint_of(match)) found.insert(*path);
  }
  std::optional<std::pair<fs::file_time_type, std::string>> newest;
  for (const std::string& path : found) {
    std::error_code error;
    const auto time = fs::last_write_time(is_prefix(path) ? path + std::string(kIndex) : path, error);
    if (error) continue;
    const bool newer =
        !newest || newest->first < time || (newest->first == time && number_before(newest->second, path));
    if (newer) newest.emplace(time, path);
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
  if (is_file(path)) return without_suffix(path);
  if (path.find_first_of("*?[") == std::string::npos) nothing_there(path);
  return newest_match(path);
}

namespace {

// Times are those of writing, and a file system may give two files one: here all have it.
void same_time(const TestDirectory& test) {
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::recursive_directory_iterator(test.path)) fs::last_write_time(entry.path(), now);
}

}  // namespace

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
  CHECK(find_checkpoint(test.put("model.ckpt-10.data-00000-of-00001")) == at("model.ckpt-10"));
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

TEST_CASE("find checkpoint: a pattern passes over what is no checkpoint, and knows numbers") {
  const TestDirectory test;
  const auto at = [&](const std::string& name) { return test.path + "/" + name; };
  for (const char* name : {"model.ckpt-9", "model.ckpt-10", "model.ckpt-2"}) {
    test.put(std::string(name) + ".index");
    test.put(std::string(name) + ".data-00000-of-00001");
    test.put(std::string(name) + ".meta", std::string("\x0a\xc2\x05\x0a\x0e\x0a\x05", 7) + "Const");
  }
  test.put("checkpoint", "model_checkpoint_path: \"model.ckpt-2\"\n");
  test.put("events.out.tfevents.17", std::string("\x18\0\0\0\0\0\0\0\xa3\x7f", 10));
  fs::create_directories(at("eval"));
  test.put("eval/events.out.tfevents.18");
  same_time(test);
  fs::last_write_time(at("model.ckpt-10.meta"), fs::file_time_type::clock::now() + std::chrono::hours(1));
  CHECK(find_checkpoint(at("model.ckpt-*")) == at("model.ckpt-10"));
  CHECK(find_checkpoint(at("*")) == at("model.ckpt-10"));
  CHECK_THROWS_AS(find_checkpoint(at("ev*")), IoError);
  CHECK_THROWS_AS(find_checkpoint(at("*.meta")), IoError);
}

TEST_CASE("find checkpoint: a pattern of directories, exported or trained in") {
  const TestDirectory test;
  const auto at = [&](const std::string& name) { return test.path + "/" + name; };
  for (const char* name : {"export/99/variables", "export/100/variables", "export/temp-101", "runs/a", "runs/b"}) {
    fs::create_directories(at(name));
  }
  test.put("export/99/variables/variables.index");
  test.put("export/100/variables/variables.index");
  test.put("runs/a/checkpoint", "model_checkpoint_path: \"model.ckpt-7.h5\"\n");
  test.put("runs/a/model.ckpt-7.h5", "\x89HDF\r\n\x1a\n");
  test.put("runs/b/checkpoint", "all_model_checkpoint_paths: \"none\"\n");
  same_time(test);
  CHECK(find_checkpoint(at("export/*")) == at("export/100/variables/variables"));
  CHECK(find_checkpoint(at("runs/*")) == at("runs/a/model.ckpt-7.h5"));
}

}  // namespace weft
