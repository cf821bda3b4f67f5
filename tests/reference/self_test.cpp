// Tests of the runner itself: it must find what is wrong.
#include <doctest/doctest.h>
#include <weft/core/error.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "errors.h"
#include "families.h"

using namespace weft::reference;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

// A copy of one case in a directory of its own.
class Copy {
 public:
  Copy(const std::string& family, const std::string& name)
      : entry_{family, name, family + "/" + name + ".h5"},
        directory_(fs::temp_directory_path() / ("weft_reference_" + family + "_" + name)),
        bytes_(read(fs::path(WEFT_REFERENCE_DATA) / entry_.file)) {
    REQUIRE(!bytes_.empty());
    fs::remove_all(directory_);
    write(directory_ / entry_.file, bytes_);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() { fs::remove_all(directory_); }

  Report run() const {
    Report report;
    run_case(directory_.string(), entry_, report);
    return report;
  }
  // Changes the first element of a tensor by a thousandth of itself, where it stands in the file.
  void nudge(const std::string& tensor) {
    const std::vector<float> values = Fixture(directory_.string(), entry_).floats(tensor);
    std::string stored(values.size() * sizeof(float), '\0');
    std::memcpy(stored.data(), values.data(), stored.size());
    const float nudged = values.at(0) * 1.001f + 0.001f;
    replace(stored, std::string(reinterpret_cast<const char*>(&nudged), sizeof nudged) + stored.substr(sizeof nudged));
  }
  void replace(const std::string& from, const std::string& to) {
    const size_t at = bytes_.find(from);
    REQUIRE(at != std::string::npos);
    bytes_.replace(at, from.size(), to);
    write(directory_ / entry_.file, bytes_);
  }

 private:
  CaseEntry entry_;
  fs::path directory_;
  std::string bytes_;
};

void check_that_damage_fails(const std::string& family, const std::string& name, const std::string& tensor) {
  Copy copy(family, name);
  const Report whole = copy.run();
  CHECK_MESSAGE(!whole.failed(), whole.summary());
  CHECK(whole.comparisons() > 0);
  copy.nudge(tensor);
  CHECK(copy.run().failed());
}

Json error(const std::string& type, const std::string& message) {
  return {{"type", type}, {"message", message}};
}

bool agrees(const Json& want, const std::function<void()>& call) {
  Report report;
  compare_error(report, "", {want}, call);
  return !report.failed();
}

}  // namespace

TEST_CASE("reference runner: a damaged number in a case fails") {
  check_that_damage_fails("A", "grid_mean_one_weighted_clip", "output");
  check_that_damage_fails("A", "grid_mean_one_weighted_clip", "grads/a_b_weighted_by_b_w_shared_embedding/dense");
  check_that_damage_fails("A", "grid_mean_one_weighted_clip", "per_column/a_shared_embedding");
  check_that_damage_fails("F", "v1_adagrad_sparse", "state/table|Adagrad");
  check_that_damage_fails("G", "v1_head_binary_weighted", "gradients/MEAN");
}

TEST_CASE("reference runner: a damaged name in a case fails") {
  Copy copy("A", "repeats");
  CHECK(!copy.run().failed());
  copy.replace("\"v1\": {\"a_b_shared_embedding\": \"input_layer/a_b",
               "\"v1\": {\"a_b_shared_embedding\": \"input_layer/a_c");
  CHECK(copy.run().failed());
}

TEST_CASE("reference runner: a file that is no case fails") {
  Copy copy("A", "repeats");
  copy.replace("\x89HDF", "\x89HDX");
  CHECK(copy.run().failed());
}

TEST_CASE("reference runner: an expected error that does not come fails") {
  const auto refuse = [] { throw weft::ValueError("[layer] Feature b is not in features dictionary. Keys: a."); };
  const Json want = error("ValueError", "Feature b is not in features dictionary.");
  CHECK(agrees(want, refuse));
  CHECK_FALSE(agrees(want, [] {}));
  CHECK_FALSE(agrees(nullptr, refuse));
  CHECK_FALSE(agrees(error("DataLossError", "Feature b is not in features dictionary."), refuse));
  CHECK_FALSE(agrees(error("ValueError", "Feature c is not in features dictionary."), refuse));
}

TEST_CASE("reference runner: words are compared without what only Python prints") {
  using Words = std::vector<std::string>;
  CHECK(significant_words("Bad dtype, expected <dtype: 'float32'>.") == Words{"bad", "dtype", "expected", "float32"});
  CHECK(significant_words("Given: IdentityCategoricalColumn(key='a', default_value=None) with buckets: 5") ==
        Words{"with", "buckets", "5"});
  CHECK(significant_words("Invalid x -1.000000, type <class 'int'>") == Words{"invalid", "x", "-1", "type"});
}

TEST_CASE("reference runner: numbers beyond the tolerance, of another shape or not finite fail") {
  const auto compare = [](std::vector<float> got, std::vector<int64_t> shape) {
    Report report;
    report.close("x", got, shape, Array{.shape = {2}, .floats = {1.0, 2.0}}, {1e-3, 0.0});
    return !report.failed();
  };
  CHECK(compare({1.0f, 2.001f}, {2}));
  CHECK_FALSE(compare({1.0f, 2.01f}, {2}));
  CHECK_FALSE(compare({1.0f, 2.0f}, {1, 2}));
  CHECK_FALSE(compare({1.0f, NAN}, {2}));
  CHECK_FALSE(compare({1.0f}, {1}));
}
