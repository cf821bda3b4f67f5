// VocabRemap: two vocabularies side by side.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/vocab_remap.h>
#include <weft/io/vocabulary.h>

#include <algorithm>

namespace weft {

namespace {

constexpr int64_t kBlockNumbers = 1 << 18;  // of an old array at once: 1 MiB

}  // namespace

VocabRemap::VocabRemap(const VocabInfo& info) {
  if (info.axis != 0 && info.axis != 1) {
    throw ValueError(
        fmt::format("[VocabInfo] The only supported values for the axis argument are 0 and 1.  Provided axis: {}. "
                    "Choose one of them.",
                    info.axis));
  }
  if (info.num_oov_buckets < 0) {
    throw ValueError(fmt::format("[VocabInfo] num_oov_buckets: got {}, expected 0 or more. Check the model's columns.",
                                 info.num_oov_buckets));
  }
  const Vocabulary now = Vocabulary::from_file(info.new_vocab, {.size = info.new_vocab_size});
  const Vocabulary before = Vocabulary::from_file(info.old_vocab, {.size = info.old_vocab_size});
  old_extent_ = before.size();
  old_of_new_.assign(static_cast<size_t>(now.size() + info.num_oov_buckets), -1);
  for (int64_t id = 0; id < now.size(); ++id) old_of_new_[static_cast<size_t>(id)] = before.find(now.word(id));
}

int64_t VocabRemap::new_words() const {
  return std::ranges::count(old_of_new_, int64_t{-1});
}

void VocabRemap::read_rows(const NamedTensors& tensors, const std::string& array, const RowsView& out) const {
  std::vector<int64_t> new_of_old(static_cast<size_t>(old_extent_), -1);
  for (size_t id = 0; id < old_of_new_.size(); ++id) {
    if (old_of_new_[id] >= 0) new_of_old[static_cast<size_t>(old_of_new_[id])] = static_cast<int64_t>(id);
  }
  const int64_t block = std::max<int64_t>(kBlockNumbers / std::max<int64_t>(out.width, 1), 1);
  std::vector<float> numbers(static_cast<size_t>(std::min(block, old_extent_) * out.width));
  for (int64_t first = 0; first < old_extent_; first += block) {
    const int64_t rows = std::min(block, old_extent_ - first);
    const RowsView old{.data = numbers.data(), .rows = rows, .width = out.width, .stride = out.width};
    tensors.read(array, first, old);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t now = new_of_old[static_cast<size_t>(first + i)];
      if (now >= 0) std::ranges::copy(old.row(i), out.row(now).begin());
    }
  }
}

void VocabRemap::read_columns(const NamedTensors& tensors, const std::string& array, int64_t old_width,
                              const RowsView& out) const {
  std::vector<float> numbers(static_cast<size_t>(old_width));
  const RowsView old{.data = numbers.data(), .rows = 1, .width = old_width, .stride = old_width};
  for (int64_t row = 0; row < out.rows; ++row) {
    tensors.read(array, row, old);
    for (size_t id = 0; id < old_of_new_.size(); ++id) {
      if (old_of_new_[id] >= 0) out.row(row)[id] = numbers[static_cast<size_t>(old_of_new_[id])];
    }
  }
}

}  // namespace weft
