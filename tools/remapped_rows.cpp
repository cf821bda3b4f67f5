// Tables seen with another vocabulary: blocks of new rows are filled from the old rows in the order of the file.
#include "remapped_rows.h"

#include "similar_name.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/variable_names.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

using namespace weft;

namespace {

constexpr int64_t kPieceNumbers = 1 << 18;  // of old rows read at once: 1 MiB

/// One tensor with its rows in the new order. The rows asked for come one block after the other, as writers ask.
class RemappedRows {
 public:
  RemappedRows(NamedTensors tensors, const TensorInfo& old, const RemappedTensor& remapped,
               std::shared_ptr<const VocabRemap> words, Initializer initializer, RandomStream stream, int64_t memory)
      : tensors_(std::move(tensors)),
        remapped_(remapped),
        words_(std::move(words)),
        initializer_(std::move(initializer)),
        stream_(stream),
        width_(old.width()) {
    std::vector<int64_t> extents = old.shape;
    extents[0] = remapped.new_rows;
    shape_ = Shape(std::span<const int64_t>(extents));
    const int64_t row = std::max<int64_t>(width_, 1) * static_cast<int64_t>(sizeof(float));
    block_rows_ = std::clamp<int64_t>(memory / row, 1, std::max<int64_t>(remapped.new_rows, 1));
  }

  void read(int64_t first, int64_t count, float* out) {
    const std::lock_guard lock(mutex_);
    for (int64_t row = first; row < first + count;) {
      if (row < block_first_ || row >= block_first_ + block_count_) fill_block(row);
      const int64_t rows = std::min(first + count, block_first_ + block_count_) - row;
      std::copy_n(block_.data() + (row - block_first_) * width_, rows * width_, out + (row - first) * width_);
      row += rows;
    }
    if (first + count == remapped_.new_rows) release();
  }

 private:
  struct Move {
    int64_t from, to;
  };

  /// The old row; -1: it is new.
  int64_t old_row(int64_t row) const {
    const int64_t words = words_->new_extent();
    return row < words ? words_->old_of_new()[static_cast<size_t>(row)] : row - words + words_->old_extent();
  }

  /// The next tensor needs the memory.
  void release() {
    block_ = std::vector<float>();  // {} would keep the memory
    block_first_ = block_count_ = 0;
  }

  void fill_block(int64_t first) {
    block_first_ = first;
    block_count_ = std::min(block_rows_, remapped_.new_rows - first);
    block_.resize(static_cast<size_t>(block_count_ * width_));
    std::vector<Move> moves;
    for (int64_t i = 0; i < block_count_; ++i) {
      const int64_t old = old_row(first + i);
      if (old >= 0) {
        moves.push_back({old, i});
      } else {
        initializer_({block_.data() + i * width_, static_cast<size_t>(width_)}, (first + i) * width_, shape_, stream_);
      }
    }
    std::ranges::sort(moves, {}, &Move::from);
    copy_rows(moves);
  }

  /// Rows that lie near each other in the file are read together.
  void copy_rows(const std::vector<Move>& moves) {
    const int64_t piece = std::max<int64_t>(kPieceNumbers / std::max<int64_t>(width_, 1), 1);
    std::vector<float> numbers;
    for (size_t i = 0; i < moves.size();) {
      const int64_t first = moves[i].from;
      size_t end = i;
      while (end < moves.size() && moves[end].from < first + piece) ++end;
      const int64_t rows = moves[end - 1].from - first + 1;
      numbers.resize(static_cast<size_t>(rows * width_));
      tensors_.read(remapped_.name, first, {.data = numbers.data(), .rows = rows, .width = width_, .stride = width_});
      for (; i < end; ++i) {
        std::copy_n(numbers.data() + (moves[i].from - first) * width_, width_, block_.data() + moves[i].to * width_);
      }
    }
  }

  NamedTensors tensors_;
  RemappedTensor remapped_;
  std::shared_ptr<const VocabRemap> words_;
  Initializer initializer_;
  RandomStream stream_;
  int64_t width_ = 1;
  Shape shape_;
  int64_t block_rows_ = 1;
  std::mutex mutex_;
  std::vector<float> block_;  ///< rows [block_first_, block_first_ + block_count_)
  int64_t block_first_ = 0, block_count_ = 0;
};

constexpr std::string_view kAttribute =
    "/.ATTRIBUTES/VARIABLE_VALUE";  // the end of names in TensorFlow 2's checkpoints

std::string_view without_attribute(std::string_view name) {
  return name.ends_with(kAttribute) ? name.substr(0, name.size() - kAttribute.size()) : name;
}

/// "Adagrad" of "<table>/t_0/Adagrad".
std::string slot_name(const std::string& tensor) {
  const std::string_view name = without_attribute(tensor);
  return std::string(name.substr(name.rfind('/') + 1));
}

RemappedTensor check(const NamedTensors& tensors, const TensorInfo& info, const VocabRemap& words) {
  const bool floats =
      info.type == TensorType::float32 || info.type == TensorType::float16 || info.type == TensorType::bfloat16;
  if (!floats || info.shape.empty() || info.rows() < words.old_extent()) {
    throw DataError(fmt::format(
        "[weft vocab remap] {}: '{}' is {} of {} rows, expected float32 of {}, one a word of the old vocabulary, or "
        "more. Check --tensor and --old-size.",
        tensors.where(), info.name, to_string(info.type), info.shape.empty() ? 0 : info.rows(), words.old_extent()));
  }
  const int64_t buckets = info.rows() - words.old_extent();
  return {.name = info.name,
          .old_rows = info.rows(),
          .new_rows = words.new_extent() + buckets,
          .buckets = buckets,
          .slot_value = {}};
}

/// Of the slots that a partitioned variable has, one a part, each is zero outside its part: only the first may begin
/// new rows, since a reader adds them up.
float slot_value(const std::string& tensor, const RemapOptions& options) {
  if (variable_name(tensor).part > 0) return 0.0f;
  const std::string slot = slot_name(tensor);
  if (const auto given = options.slot_values.find(slot); given != options.slot_values.end()) return given->second;
  if (const std::optional<float> value = initial_slot_value(slot)) return *value;
  throw ValueError(fmt::format(
      "[weft vocab remap] '{}': got a slot '{}', of which it is not known what it begins with. Say --slot-value "
      "{}=NUMBER.",
      tensor, slot, slot));
}

/// The table and its slots: what is called as the table, "/" and something, and has as many rows.
std::vector<RemappedTensor> with_slots(const NamedTensors& tensors, const std::string& table, const VocabRemap& words,
                                       const RemapOptions& options) {
  const TensorInfo* found = tensors.find(table);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const TensorInfo& info : tensors.tensors()) names.push_back(info.name);
    throw ValueError(fmt::format("[weft vocab remap] {}: there is no tensor '{}'.{}", tensors.where(), table,
                                 similar_or_all(table, names)));
  }
  std::vector<RemappedTensor> all = {check(tensors, *found, words)};
  const std::string prefix = std::string(without_attribute(table)) + "/";
  for (const TensorInfo& info : tensors.tensors()) {
    if (!info.name.starts_with(prefix) || info.name == table || info.shape.empty()) continue;
    if (info.rows() != found->rows()) continue;
    all.push_back(check(tensors, info, words));
    all.back().slot_value = slot_value(info.name, options);
  }
  return all;
}

}  // namespace

RemappedTensors remap_rows(const NamedTensors& tensors, const VocabRemap& words, const RemapOptions& options) {
  std::vector<RemappedTensor> remapped;
  for (const std::string& table : options.tables) {
    for (RemappedTensor& one : with_slots(tensors, table, words, options)) {
      if (std::ranges::find(remapped, one.name, &RemappedTensor::name) == remapped.end()) remapped.push_back(one);
    }
  }
  const auto shared_words = std::make_shared<const VocabRemap>(words);
  std::vector<TensorInfo> infos = tensors.tensors();
  std::vector<std::shared_ptr<RemappedRows>> rows(infos.size());
  for (size_t i = 0; i < infos.size(); ++i) {
    const auto found = std::ranges::find(remapped, infos[i].name, &RemappedTensor::name);
    if (found == remapped.end()) continue;
    const Initializer initializer =
        found->slot_value ? constant_initializer(*found->slot_value) : options.initializer(infos[i].width());
    rows[i] = std::make_shared<RemappedRows>(tensors, infos[i], *found, shared_words, initializer,
                                             RandomStream{options.seed, stream_of(found->name)}, options.memory);
    infos[i].type = TensorType::float32;
    infos[i].shape[0] = found->new_rows;
  }
  const auto read = [tensors, rows](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    if (!rows[i]) return tensors.read_bytes(tensors.tensors()[i].name, first, count, out);
    rows[i]->read(first, count, reinterpret_cast<float*>(out.data()));
  };
  return {tensors.with_numbers(std::move(infos), read), remapped};
}
