// ExactSum: a sum of floating-point numbers without rounding, the same in any order and for any split.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weft {

/// A long fixed-point number that any double fits into (Kulisch's accumulator, in pieces of 32 bits; only the pieces in
/// use are kept). Sums are rounded once, when they are read.
class ExactSum {
 public:
  /// Infinities and NaN stay: value() is then what adding them in floating point gives.
  void add(double value);
  void merge(const ExactSum& other);
  /// The sum, rounded to the nearest double (ties to even); infinite beyond the largest.
  double value() const;

  /// Appends the state: the same integers for the same sum.
  void save(std::vector<int64_t>& out) const;
  /// Reads what save() wrote at `at`, and moves `at` behind it. Throws DataError for integers that save() can't write.
  void restore(std::span<const int64_t> in, size_t& at);

 private:
  void cover(int first, int end);
  void carry();

  // chunks_[i] counts 2^(32 (first_ + i) - 1074). Between carries a chunk is any signed number; `pending_` bounds it.
  std::vector<int64_t> chunks_;
  int32_t first_ = 0;
  uint32_t pending_ = 0;
  uint8_t special_ = 0;
};

/// save() of each, one behind the other, and back; `sums` has the right length. Throws DataError.
std::vector<int64_t> save_sums(std::span<const ExactSum> sums);
void restore_sums(std::span<const int64_t> in, std::span<ExactSum> sums);

}  // namespace weft
