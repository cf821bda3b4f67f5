// CheckpointReader: lists the arrays of a checkpoint or of any HDF5 file, and reads them.
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/checkpoint_layout.h>
#include <weft/io/checkpoint_names.h>

#include <doctest/doctest.h>
#include <algorithm>

namespace weft {

using Layout = CheckpointLayout;

namespace {

constexpr int kDeepest = 32;  // groups within groups; damaged files may hold circles
constexpr size_t kMostArrays = 1 << 20;
constexpr size_t kMostGroups = 1 << 16;  // a group may be linked from many: the ways to it multiply

struct Entry {
  ArrayInfo info;  ///< by its name in the checkpoint
  std::string object;
};

/// Every array below a group: those that numbers can be read from, and the others. `groups` counts the groups.
void list_foreign(const Hdf5File& file, const std::string& group, int depth, size_t& groups,
                  std::vector<Entry>& entries, std::vector<CheckpointReader::Other>& others) {
  if (depth > kDeepest || entries.size() + others.size() > kMostArrays || ++groups > kMostGroups) {
    throw DataError(fmt::format("[CheckpointReader] {}: {}: groups lie too deep, or are too many. The file is damaged.",
                                file.path(), group));
  }
  for (const Hdf5File::Member& member : file.members(group)) {
    const std::string object = (group == "/" ? "" : group) + "/" + member.name;
    if (member.group) {
      list_foreign(file, object, depth + 1, groups, entries, others);
      continue;
    }
    if (!file.has_numbers(object)) {  // texts and structures are not ours to read
      others.push_back({object.substr(1), file.claimed_shape(object)});
      continue;
    }
    ArrayInfo info = file.array(object).info();
    info.name = object.substr(1);
    entries.push_back({std::move(info), object});
  }
}

void list_own(const Hdf5File& file, std::vector<Entry>& entries) {
  const auto version = file.integers("/", Layout::kVersion);
  if (!version || version->size() != 1 || (*version)[0] != Layout::kCurrentVersion) {
    throw DataError(fmt::format("[CheckpointReader] {}: version: got {}, expected {}. Read it with a newer weft.",
                                file.path(), version && !version->empty() ? std::to_string((*version)[0]) : "none",
                                Layout::kCurrentVersion));
  }
  for (const Hdf5File::Member& member : file.members(Layout::kArrays)) {
    const std::string object = std::string(Layout::kArrays) + "/" + member.name;
    ArrayInfo info = file.array(object).info();
    info.name = array_name(member.name);
    entries.push_back({std::move(info), object});
  }
}

}  // namespace

struct CheckpointReader::State {
  Hdf5File file;
  bool own = false;
  std::vector<ArrayInfo> arrays;
  std::vector<std::string> objects;  ///< as arrays
  std::vector<Other> others;

  explicit State(const std::string& path) : file(Hdf5File::open(path)) {
    std::vector<Entry> entries;
    own = file.text("/", Layout::kFormat) == Layout::kFormatName;
    size_t groups = 0;
    own ? list_own(file, entries) : list_foreign(file, "/", 0, groups, entries, others);
    std::ranges::sort(others, {}, &Other::name);
    std::ranges::sort(entries, {}, [](const Entry& entry) -> const std::string& { return entry.info.name; });
    for (Entry& entry : entries) {
      arrays.push_back(std::move(entry.info));
      objects.push_back(std::move(entry.object));
    }
  }

  [[noreturn]] void fail(std::string_view name, const std::string& what) const {
    throw DataError(fmt::format("[CheckpointReader] {}: {}: {}", file.path(), name, what));
  }

  /// Index of an array.
  size_t at(std::string_view name) const {
    const auto found = std::ranges::lower_bound(arrays, name, {}, &ArrayInfo::name);
    if (found == arrays.end() || found->name != name) fail(name, "the tensor is not found in the checkpoint.");
    return static_cast<size_t>(found - arrays.begin());
  }

  /// An array's check sums; none in foreign files.
  PieceSums sums(size_t i) const {
    if (!own) return {};
    const auto rows = file.integers(objects[i], Layout::kSumRows);
    const auto sums = file.integers(objects[i], Layout::kSums);
    const ArrayInfo& info = arrays[i];
    const int64_t piece = rows && rows->size() == 1 ? (*rows)[0] : 0;
    const int64_t pieces = info.size() == 0 || piece < 1 ? 0 : (info.rows() - 1) / piece + 1;
    if (piece < 1 || !sums || static_cast<int64_t>(sums->size()) != pieces) {
      fail(info.name, "the check sums are missing. The file is damaged.");
    }
    return {piece, *sums};
  }

  void read(size_t i, int64_t first, const ByteRows& to) const {
    try {
      read_pieces(file.array(objects[i]), sums(i), first, to);
    } catch (const DataError& error) {
      fail(arrays[i].name, error.what());
    }
  }

  template <class T>
  std::vector<T> read_whole(size_t i) const {
    std::vector<T> values(static_cast<size_t>(arrays[i].size()));
    const auto row_bytes = arrays[i].width() * static_cast<int64_t>(sizeof(T));
    if (!values.empty()) {
      read(i, 0, {reinterpret_cast<std::byte*>(values.data()), arrays[i].rows(), row_bytes, row_bytes});
    }
    return values;
  }
};

CheckpointReader::CheckpointReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
CheckpointReader::CheckpointReader(CheckpointReader&&) noexcept = default;
CheckpointReader::~CheckpointReader() = default;

const std::vector<ArrayInfo>& CheckpointReader::arrays() const {
  return state_->arrays;
}

const std::vector<CheckpointReader::Other>& CheckpointReader::others() const {
  return state_->others;
}

const ArrayInfo* CheckpointReader::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(state_->arrays, name, {}, &ArrayInfo::name);
  return found == state_->arrays.end() || found->name != name ? nullptr : &*found;
}

void CheckpointReader::read(std::string_view name, int64_t first, const RowsView& out) const {
  const size_t i = state_->at(name);
  const ArrayInfo& info = arrays()[i];
  if (info.type != ArrayType::float32)
    state_->fail(name, fmt::format("got {}, expected float32.", to_string(info.type)));
  if (!fits_rows(info, out)) {
    state_->fail(name, fmt::format("got rows of {} numbers, expected rows of {}.", info.width(), out.width));
  }
  const ByteRows rows = bytes_of(info, out);
  if (first < 0 || first > info.rows() || rows.rows > info.rows() - first) {
    state_->fail(name, fmt::format("got {} rows, expected rows {} to {}.", info.rows(), first, first + rows.rows - 1));
  }
  state_->read(i, first, rows);
}

void CheckpointReader::read_bytes(std::string_view name, int64_t first, int64_t count, std::span<std::byte> out) const {
  const size_t i = state_->at(name);
  const ArrayInfo& info = arrays()[i];
  if (first < 0 || count < 0 || first > info.rows() || count > info.rows() - first) {
    state_->fail(name, fmt::format("got {} rows, expected {} rows from {}.", info.rows(), count, first));
  }
  const int64_t row_bytes = info.width() * static_cast<int64_t>(size_of(info.type));
  if (static_cast<int64_t>(out.size()) != count * row_bytes) {
    throw ValueError(fmt::format("[CheckpointReader::read_bytes] room for '{}': got {} bytes, expected {}.", name,
                                 out.size(), count * row_bytes));
  }
  state_->read(i, first, {out.data(), count, row_bytes, row_bytes});
}

bool CheckpointReader::own() const {
  return state_->own;
}

std::vector<float> CheckpointReader::read_floats(std::string_view name) const {
  const size_t i = state_->at(name);
  if (arrays()[i].type != ArrayType::float32) {
    state_->fail(name, fmt::format("got {}, expected float32.", to_string(arrays()[i].type)));
  }
  return state_->read_whole<float>(i);
}

std::vector<int64_t> CheckpointReader::read_integers(std::string_view name) const {
  const size_t i = state_->at(name);
  const auto widened = [](const auto& values) { return std::vector<int64_t>(values.begin(), values.end()); };
  switch (arrays()[i].type) {
    case ArrayType::int64:
      return state_->read_whole<int64_t>(i);
    case ArrayType::int32:
      return widened(state_->read_whole<int32_t>(i));
    case ArrayType::uint8:
      return widened(state_->read_whole<uint8_t>(i));
    case ArrayType::float32:
    case ArrayType::float64:
    case ArrayType::bfloat16:
      break;
  }
  state_->fail(name, fmt::format("got {}, expected integers.", to_string(arrays()[i].type)));
}

#ifndef DOCTEST_CONFIG_DISABLE
TEST_CASE("checkpoint: any HDF5 file is read by paths") {
  const TestFile test;
  Hdf5File file = Hdf5File::create(test.path);
  for (const char* group : {"layers", "layers/dense", "empty"}) file.make_group(group);
  const float numbers[] = {1, 2, 3, 4, 5, 6};
  const int32_t step = 9;
  file.make_array({"layers/dense/kernel", ArrayType::float32, {3, 2}}).write(0, 3, numbers);
  file.make_array({"step", ArrayType::int32, {}}).write(0, 1, &step);
  file.close();
  const CheckpointReader reader(test.path);
  CHECK(reader.arrays().size() == 2);
  CHECK(reader.read_floats("layers/dense/kernel") == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(reader.read_integers("step") == std::vector<int64_t>{9});
  float out[4] = {};
  reader.read("layers/dense/kernel", 1, {out, 2, 2, 2});
  CHECK(out[3] == 6.0f);
  CHECK(reader.find("layers/dense") == nullptr);
}

TEST_CASE("checkpoint: a later version is refused") {
  const TestFile test;
  Hdf5File file = Hdf5File::create(test.path);
  const int64_t version = 2;
  file.set_text("/", "format", "weft");
  file.set_integers("/", "version", {&version, 1});
  file.close();
  CHECK_THROWS_WITH_AS(CheckpointReader(test.path), doctest::Contains("got 2, expected 1"), DataError);
}

#endif
}  // namespace weft
