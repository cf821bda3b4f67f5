// Marks of formats; word vectors have none, but their first line has numbers at its end.
#include <doctest/doctest.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/file_kind.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <string_view>

namespace weft {
namespace {

constexpr uint64_t kStart = 4096;

bool is_pickle(std::string_view start) {
  return start.size() > 1 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5;
}

/// The length of the header as 8 bytes, of which no file has the upper two, and the header.
bool is_safetensors(std::string_view start) {
  return start.size() > 8 && start[8] == '{' && start[6] == 0 && start[7] == 0;
}

/// A line of text whose last field is a number, as "<word> <number> ..." and "<count> <dimension>"; of a long line only
/// whole fields are looked at.
bool has_numbers(std::string_view start) {
  const size_t end = start.find('\n');
  std::string_view line = start.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = trimmed(line);
  if (end == std::string_view::npos && start.size() == kStart) line = line.substr(0, line.find_last_of(" \t"));
  const size_t blank = line.find_last_of(" \t");
  if (blank == std::string_view::npos) return false;
  if (std::ranges::any_of(line, [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\t'; })) return false;
  float number = 0;
  return parse_number(line.substr(blank + 1), number);
}

}  // namespace

FileKind file_kind(const std::string& path) {
  const RandomAccessFile file(path);
  const std::string start = file.read(0, std::min(file.size(), kStart));
  if (start.starts_with("\x89HDF\r\n\x1a\n")) return FileKind::hdf5;
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) return FileKind::zip;
  if (start.starts_with("\x93NUMPY")) return FileKind::npy;
  if (is_safetensors(start)) return FileKind::safetensors;
  if (is_pickle(start)) return FileKind::pickle;
  if (path.ends_with(".fvecs")) return FileKind::fvecs;
  if (!has_numbers(start)) return FileKind::unknown;
  return path.ends_with(".bin") ? FileKind::word2vec_binary : FileKind::word_vectors;
}

TEST_CASE("file kind: by marks, names and first lines") {
  using namespace std::string_literals;
  const TestDirectory test;
  const auto kind = [&](const std::string& name, const std::string& bytes) { return file_kind(test.put(name, bytes)); };
  CHECK(kind("pytorch_model.bin", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.") == FileKind::pickle);
  CHECK(kind("a", "\x80\x04\x95\x0d\0\0\0\0\0\0\0"s) == FileKind::pickle);
  CHECK(kind("a", "\x80\x02\0\0\0\0\0\0{\"a\""s) == FileKind::safetensors);  // a header of 640 bytes
  CHECK(kind("a.bin", "PK\x03\x04") == FileKind::zip);
  CHECK(kind("a.bin", "2 1\nred \0\0\0\0"s) == FileKind::word2vec_binary);
  CHECK(kind("a.vec", "2 1\nred 0.5\n") == FileKind::word_vectors);
  CHECK(kind("a.txt", "red {.,; 0.5 -1e-3\n") == FileKind::word_vectors);
  CHECK(kind("a.txt", "red" + std::string(5000, ' ') + "0.5") == FileKind::unknown);
  std::string long_line = "red";
  while (long_line.size() < 9000) long_line += " -0.25";
  CHECK(kind("a.txt", long_line) == FileKind::word_vectors);
  CHECK(kind("checkpoint", "model_checkpoint_path: \"model.ckpt-5\"\n") == FileKind::unknown);
  CHECK(kind("events.out.tfevents.1", "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09"s) == FileKind::unknown);
  CHECK(kind("model.ckpt-5.meta",
             "\x0a\xc2\x05\x0a\x0e\x0a\x05"
             "Const 1") == FileKind::unknown);
  CHECK(kind("empty", "") == FileKind::unknown);
}

}  // namespace weft
