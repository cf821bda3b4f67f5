// Files of more bytes than memory: what is not asked for is not read. Their numbers are holes on the disk.
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/name_rules.h>
#include <weft/io/formats/open_tensors.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

// A sanitizer takes more addresses than any limit, from the start.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_TEST_WITHIN run_weft_anyway
#else
#define WEFT_TEST_WITHIN run_weft_within
#endif

using namespace weft;
using Json = nlohmann::json;

namespace {

constexpr int64_t kRows = 200'000'000, kBytes = kRows * 4 * 4;  // 3.2 GB
constexpr int64_t kMebibytes = 1024;

[[maybe_unused]] CommandResult run_weft_anyway(int64_t, const std::vector<std::string>& arguments) {
  return run_weft(arguments);
}

/// By this process so far; 0 where the system does not count.
int64_t bytes_read() {
  std::ifstream counts("/proc/self/io");
  std::string name;
  int64_t bytes = 0;
  counts >> name >> bytes;  // rchar
  return bytes;
}

/// A file that begins with these bytes, of which so many follow as holes, and ends with `tail`.
std::string put_sparse(const TestDirectory& test, const std::string& name, const std::string& head, int64_t bytes,
                       const std::string& tail = "") {
  const std::string path = test.put(name, head);
  const auto size = static_cast<uint64_t>(static_cast<int64_t>(head.size()) + bytes);
  std::filesystem::resize_file(path, size);
  std::ofstream(path, std::ios::binary | std::ios::app) << tail;
  return path;
}

std::string put_npy(const TestDirectory& test) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (200000000, 4), }";
  header += std::string(127 - 10 - header.size(), ' ') + "\n";
  return put_sparse(test, "a.npy",
                    std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header, kBytes);
}

std::string put_safetensors(const TestDirectory& test) {
  std::string header = R"({"big":{"dtype":"F32","shape":[200000000,4],"data_offsets":[0,3200000000]},)"
                       R"("small":{"dtype":"F32","shape":[2],"data_offsets":[3200000000,3200000008]}})";
  std::string length(8, '\0');
  const uint64_t size = header.size();
  std::memcpy(length.data(), &size, 8);
  const float numbers[2] = {1.5f, -2};
  std::string tail(8, '\0');
  std::memcpy(tail.data(), numbers, 8);
  return put_sparse(test, "a.safetensors", length + header, kBytes, tail);
}

}  // namespace

TEST_CASE("big files: listed, and small tensors of them read and converted, within a third of their size") {
  const TestDirectory test;
  const CommandResult npy = WEFT_TEST_WITHIN(kMebibytes, {"inspect", put_npy(test)});
  CHECK_MESSAGE(npy.exit_code == 0, npy.err);
  CHECK(npy.out.find("[200000000, 4]") != std::string::npos);
  const std::string file = put_safetensors(test);
  const CommandResult inspected = WEFT_TEST_WITHIN(kMebibytes, {"inspect", file, "small", "--stats", "--json"});
  REQUIRE_MESSAGE(inspected.exit_code == 0, inspected.err);
  CHECK(Json::parse(inspected.out)["tensors"][0]["statistics"]["min"] == -2);
  const CommandResult converted = WEFT_TEST_WITHIN(kMebibytes, {"convert", file, test.file("b.h5"), "--only", "small"});
  CHECK_MESSAGE(converted.exit_code == 0, converted.err);
  CHECK(open_tensors(test.file("b.h5")).read_floats("small") == std::vector<float>{1.5f, -2});
}

TEST_CASE("big files: a range of rows, also where a matrix is to be turned, reads those alone") {
  const TestDirectory test;
  const int64_t before = bytes_read();
  const NamedTensors npy = open_tensors(put_npy(test)), safe = open_tensors(put_safetensors(test));
  float rows[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  npy.read(npy.tensors()[0].name, kRows - 2, {.data = rows, .rows = 2, .width = 4, .stride = 4});
  CHECK(rows[7] == 0);
  safe.read("big", kRows / 2, {.data = rows, .rows = 2, .width = 4, .stride = 4});
  // Rules say what is to be turned; nothing is read before it is asked for.
  const RenamedTensors turned = apply({.transpose = {"big"}}, safe);
  CHECK(turned.tensors.find("big")->shape == std::vector<int64_t>{4, kRows});
  CHECK(turned.tensors.read_floats("small")[1] == -2);
  CHECK(bytes_read() - before < 10'000'000);
}

TEST_SUITE("slow") {
  TEST_CASE("big files: every number of 3.2 GB, a piece at a time" * doctest::skip()) {
    const TestDirectory test;
    const CommandResult whole =
        WEFT_TEST_WITHIN(kMebibytes, {"inspect", put_safetensors(test), "--stats", "--checksums", "--json"});
    REQUIRE_MESSAGE(whole.exit_code == 0, whole.err);
    CHECK(Json::parse(whole.out)["tensors"][0]["statistics"]["zeros"] == kRows * 4);
    const std::string file = test.file("a.safetensors");
    const CommandResult turned = WEFT_TEST_WITHIN(kMebibytes, {"diff", file, file, "--map", "big=", "--map", "x="});
    CHECK(turned.exit_code == 1);  // "big" is in one only
    CHECK(WEFT_TEST_WITHIN(kMebibytes, {"diff", file, file}).exit_code == 0);
  }
}
