// open_keras_archive: the weights out of the archive, then as any file of Keras'.
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/keras_archive.h>
#include <weft/io/formats/zip_archive.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

namespace weft {
namespace {

constexpr std::string_view kWeights = "model.weights.h5";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(fmt::format("[open_keras_archive] {}: {}", path, what));
}

/// A new file that is removed when this goes; whoever has opened it by then keeps it.
class TemporaryFile {
 public:
  TemporaryFile() : path_((std::filesystem::temp_directory_path() / "weft-XXXXXX").string()) {
    descriptor_ = ::mkstemp(path_.data());
    if (descriptor_ < 0) fail("make it");
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void write(const std::byte* bytes, size_t count) {
    while (count > 0) {
      const ssize_t done = ::write(descriptor_, bytes, count);
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) fail("write it");
      bytes += done;
      count -= static_cast<size_t>(done);
    }
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw IoError(
        fmt::format("[open_keras_archive] {}: a file for the weights for the time being: can't {}: {}. Set "
                    "TMPDIR to a directory with room.",
                    path_, what, std::strerror(errno)));
  }
  std::string path_;
  int descriptor_ = -1;
};

const ZipMember& weights_of(const ZipArchive& archive) {
  const auto& members = archive.members();
  const auto found = std::ranges::find(members, kWeights, &ZipMember::name);
  if (found == members.end()) fail(archive.path(), fmt::format("it has no {}, expected a model of Keras 3.", kWeights));
  return *found;
}

/// Keras does not compress weights; an archive that was packed again by other hands may hold them compressed.
void copy(const ZipArchive& archive, const ZipMember& member, TemporaryFile& out) {
  constexpr uint64_t kPiece = uint64_t{1} << 20;
  std::optional<ZipInflater> inflater;
  if (member.compressed) {
    inflater = archive.inflater(member);
  } else {
    archive.verify(member);
  }
  std::vector<std::byte> piece;
  for (uint64_t at = 0; at < member.size; at += piece.size()) {
    piece.resize(std::min(kPiece, member.size - at));
    inflater ? inflater->read(at, piece) : archive.read(member, at, piece);
    out.write(piece.data(), piece.size());
  }
}

NamedTensors open_weights(const std::string& path, const TemporaryFile& file) {
  try {
    return open_keras_h5(file.path());
  } catch (const DataError& error) {
    fail(path, fmt::format("its {}: {}", kWeights, error.what()));
  }
}

}  // namespace

NamedTensors open_keras_archive(const std::string& path) {
  TemporaryFile file;
  const ZipArchive archive(path);
  copy(archive, weights_of(archive), file);
  const NamedTensors weights = open_weights(path, file);
  return NamedTensors({.where = path,
                       .format = "Keras 3 model",
                       .tensors = weights.tensors(),
                       .read_rows =
                           [weights](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                             weights.read_bytes(weights.tensors()[i].name, first, count, out);
                           },
                       .read_strings = {}});
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_archive(const std::string& path, const std::string& member, const std::string& bytes) {
  ZipWriter zip(path);
  zip.begin("config.json", 2);
  zip.write("{}");
  zip.begin(member, bytes.size());
  zip.write(bytes);
  zip.commit();
}

}  // namespace

TEST_CASE("keras archive: the weights inside, under their names; they outlive what they were copied to") {
  const TestDirectory test;
  const NamedTensors kernel({.where = "memory",
                             .format = "test",
                             .tensors = {{"layers/dense/vars/0", TensorType::float32, {2, 3}}},
                             .read_rows = [](size_t, int64_t, int64_t, std::span<std::byte> out) {
                               std::vector<float> numbers(out.size() / sizeof(float), 2.5f);
                               std::memcpy(out.data(), numbers.data(), out.size());
                             }});
  write_keras_h5(test.file("weights.h5"), kernel);
  const std::string weights = bytes_of(test.file("weights.h5"));
  write_archive(test.file("model.keras"), "model.weights.h5", weights);
  const NamedTensors tensors = open_keras_archive(test.file("model.keras"));
  CHECK(tensors.where() == test.file("model.keras"));
  CHECK(tensors.read_floats("layers/dense/vars/0") == std::vector<float>(6, 2.5f));
}

TEST_CASE("keras archive: none, without weights, cut short, with other bytes") {
  const TestDirectory test;
  const auto refuses = [&](const char* text) {
    CHECK_THROWS_WITH_AS(open_keras_archive(test.file("a.keras")), doctest::Contains(text), DataError);
  };
  test.put("a.keras", "no archive");
  refuses("a.keras");
  write_archive(test.file("a.keras"), "other.h5", "");
  refuses("it has no model.weights.h5");
  write_archive(test.file("a.keras"), "model.weights.h5", "no HDF5 file");
  refuses("its model.weights.h5");
  std::string bytes = bytes_of(test.file("a.keras"));
  bytes[bytes.find("no HDF5")] = 'N';
  test.put("a.keras", bytes);
  refuses("a.keras");
  CHECK_THROWS_AS(open_keras_archive(test.file("missing.keras")), IoError);
}
#endif

}  // namespace weft
