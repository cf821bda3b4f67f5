// ExactSum: a double is a 53-bit integer at one of 2046 places; three chunks of 32 bits hold it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/exact_sum.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace weft {

namespace {

constexpr int kBits = 32;
constexpr int kLowest = -1074;              // the exponent of the smallest double
constexpr int kMostChunks = 2098 / 32 + 4;  // of any sum: all doubles' bits and room for 2^64 of them
constexpr uint32_t kMostPending = 1u << 30;
constexpr uint8_t kPlusInfinity = 1, kMinusInfinity = 2, kNan = 4;

uint8_t special_of(double value) {
  return std::isnan(value) ? kNan : value > 0.0 ? kPlusInfinity : kMinusInfinity;
}

}  // namespace

// Makes room for chunks [first, end).
void ExactSum::cover(int first, int end) {
  if (chunks_.empty()) first_ = first;
  if (first < first_) {
    chunks_.insert(chunks_.begin(), static_cast<size_t>(first_ - first), 0);
    first_ = first;
  }
  const auto size = static_cast<size_t>(end - first_);
  if (chunks_.size() < size) chunks_.resize(size, 0);
}

void ExactSum::add(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff);
  uint64_t mantissa = bits & ((uint64_t{1} << 52) - 1);
  if (exponent == 0x7ff) {
    special_ |= special_of(value);
    return;
  }
  if (exponent != 0) mantissa |= uint64_t{1} << 52;
  if (mantissa == 0) return;
  const int place = std::max(exponent - 1, 0);  // of its lowest bit, from 2^-1074
  const int chunk = place / kBits;
  if (chunks_.empty() || chunk < first_ || chunk + 3 > first_ + static_cast<int>(chunks_.size()))
    cover(chunk, chunk + 3);
  const auto shifted = static_cast<unsigned __int128>(mantissa) << (place % kBits);
  const int64_t sign = value < 0.0 ? -1 : 1;
  int64_t* at = chunks_.data() + (chunk - first_);
  at[0] += sign * static_cast<int64_t>(static_cast<uint32_t>(shifted));
  at[1] += sign * static_cast<int64_t>(static_cast<uint32_t>(shifted >> kBits));
  at[2] += sign * static_cast<int64_t>(static_cast<uint32_t>(shifted >> (2 * kBits)));
  if (++pending_ >= kMostPending) carry();
}

// Afterwards all chunks but the last are in [0, 2^32), the last is in [-2^32, 2^32) and not 0 (nor a -1 that the one
// below it could hold), and the first is not 0: one sum has one form.
void ExactSum::carry() {
  for (size_t i = 0; i < chunks_.size(); ++i) {
    const int64_t up = chunks_[i] >> kBits;
    const bool last = i + 1 == chunks_.size();
    if (last && (up == 0 || up == -1)) break;
    if (last) chunks_.push_back(0);
    chunks_[i] -= up * (int64_t{1} << kBits);
    chunks_[i + 1] += up;
  }
  while (chunks_.size() > 1 && (chunks_.back() == 0 || chunks_.back() == -1)) {
    const int64_t top = chunks_.back();
    chunks_.pop_back();
    chunks_.back() += top * (int64_t{1} << kBits);
  }
  size_t zeros = 0;
  while (zeros < chunks_.size() && chunks_[zeros] == 0) ++zeros;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(zeros));
  first_ = chunks_.empty() ? 0 : first_ + static_cast<int32_t>(zeros);
  pending_ = 1;
}

void ExactSum::merge(const ExactSum& other) {
  special_ |= other.special_;
  if (other.chunks_.empty()) return;
  if (pending_ >= kMostPending - other.pending_ - 1) carry();
  cover(other.first_, other.first_ + static_cast<int>(other.chunks_.size()));
  for (size_t i = 0; i < other.chunks_.size(); ++i)
    chunks_[static_cast<size_t>(other.first_ - first_) + i] += other.chunks_[i];
  pending_ += other.pending_ + 1;
}

double ExactSum::value() const {
  if (special_ & kNan || special_ == (kPlusInfinity | kMinusInfinity)) return std::numeric_limits<double>::quiet_NaN();
  if (special_ != 0) return special_ == kPlusInfinity ? HUGE_VAL : -HUGE_VAL;
  ExactSum sum = *this;
  sum.carry();
  if (sum.chunks_.empty()) return 0.0;
  const bool negative = sum.chunks_.back() < 0;
  if (negative) {
    for (int64_t& chunk : sum.chunks_) chunk = -chunk;
    sum.carry();
  }
  // The highest 96 bits, of which the lowest also says whether there is anything below; then the first 64.
  const auto chunk = [&](size_t from_top) {
    return from_top < sum.chunks_.size() ? static_cast<uint64_t>(sum.chunks_[sum.chunks_.size() - 1 - from_top]) : 0;
  };
  unsigned __int128 top = static_cast<unsigned __int128>(chunk(0)) << 64 | chunk(1) << 32 | chunk(2);
  bool below = sum.chunks_.size() > 3;  // the first chunk isn't 0
  int exponent = kLowest + kBits * (sum.first_ + static_cast<int>(sum.chunks_.size()) - 3);
  const int extra = std::max(64 - std::countl_zero(static_cast<uint64_t>(top >> 64)), 0);
  below = below || (top & ((static_cast<unsigned __int128>(1) << extra) - 1)) != 0;
  top >>= extra;
  exponent += extra;
  const double magnitude = std::ldexp(static_cast<double>(static_cast<uint64_t>(top) | (below ? 1 : 0)), exponent);
  return negative ? -magnitude : magnitude;
}

void ExactSum::save(std::vector<int64_t>& out) const {
  ExactSum sum = *this;
  sum.carry();
  out.push_back(static_cast<int64_t>(sum.chunks_.size()));
  out.push_back(sum.first_);
  out.push_back(sum.special_);
  out.insert(out.end(), sum.chunks_.begin(), sum.chunks_.end());
}

void ExactSum::restore(std::span<const int64_t> in, size_t& at) {
  const auto require = [](bool good) {
    if (!good)
      throw DataError(
          "[ExactSum] damaged state: got integers that are no sum, expected those of save(). Save it again.");
  };
  require(at <= in.size() && in.size() - at >= 3);
  const int64_t size = in[at], first = in[at + 1], special = in[at + 2];
  require(size >= 0 && size <= kMostChunks && first >= 0 && first <= kMostChunks && special >= 0 && special < 8);
  require(in.size() - at - 3 >= static_cast<size_t>(size));
  const auto chunks = in.subspan(at + 3, static_cast<size_t>(size));
  require(std::ranges::all_of(chunks, [](int64_t chunk) { return chunk >> kBits == 0 || chunk >> kBits == -1; }));
  chunks_.assign(chunks.begin(), chunks.end());
  first_ = static_cast<int32_t>(first);
  special_ = static_cast<uint8_t>(special);
  pending_ = 1;
  at += 3 + chunks.size();
}

std::vector<int64_t> save_sums(std::span<const ExactSum> sums) {
  std::vector<int64_t> out;
  for (const ExactSum& sum : sums) sum.save(out);
  return out;
}

void restore_sums(std::span<const int64_t> in, std::span<ExactSum> sums) {
  size_t at = 0;
  for (ExactSum& sum : sums) sum.restore(in, at);
  if (at == in.size()) return;
  throw DataError(fmt::format(
      "[ExactSum] wrong number of integers: got {}, expected {}. Restore what the same metric saved.", in.size(), at));
}

namespace {

[[maybe_unused]] ExactSum sum_of(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.add(value);
  return sum;
}

}  // namespace

TEST_CASE("exact sum: what floating point loses stays") {
  CHECK(ExactSum().value() == 0.0);
  CHECK(sum_of({1e100, 1.0, -1e100}).value() == 1.0);
  CHECK(sum_of({0.1, 0.1, 0.1, -0.3}).value() == 0x1p-55);  // 3 fl(0.1) - fl(0.3)
  CHECK(sum_of({-5e-324, 1e308, -1e308, 5e-324, -5e-324}).value() == -5e-324);
  CHECK(sum_of({1e308, 1e308, -1e308}).value() == 1e308);
  CHECK(sum_of({1e308, 1e308}).value() == HUGE_VAL);
  CHECK(sum_of({-1.5, 0.25}).value() == -1.25);
}

TEST_CASE("exact sum: rounded once, ties to even") {
  CHECK(sum_of({1.0, 0x1p-53}).value() == 1.0);
  CHECK(sum_of({1.0, 0x1p-53, 0x1p-200}).value() == 1.0 + 0x1p-52);
  CHECK(sum_of({1.0 + 0x1p-52, 0x1p-53}).value() == 1.0 + 0x1p-51);
  CHECK(sum_of({-1.0, -0x1p-53, -0x1p-1074}).value() == -1.0 - 0x1p-52);
  CHECK(sum_of({1.0, 0x1p-53, -0x1p-1074}).value() == 1.0);
}

TEST_CASE("exact sum: infinities and NaN stay") {
  CHECK(sum_of({1.0, HUGE_VAL}).value() == HUGE_VAL);
  CHECK(sum_of({-HUGE_VAL, 1.0}).value() == -HUGE_VAL);
  CHECK(std::isnan(sum_of({HUGE_VAL, -HUGE_VAL}).value()));
  CHECK(std::isnan(sum_of({std::nan(""), 1.0}).value()));
}

TEST_CASE("exact sum: any order and any split give the same state") {
  std::mt19937_64 random(1);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) {
    const double value =
        std::ldexp(static_cast<double>(static_cast<int64_t>(random())), static_cast<int>(random() % 1800) - 1000);
    values.push_back(value);
    if (i % 3 == 0) values.push_back(-value);
  }
  std::vector<int64_t> expected;
  const ExactSum whole = sum_of(values);
  whole.save(expected);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(values, random);
    ExactSum parts[3], total;
    for (const double value : values) parts[random() % 3].add(value);
    for (const ExactSum& part : parts) total.merge(part);
    std::vector<int64_t> state;
    total.save(state);
    CHECK(state == expected);
    CHECK(total.value() == whole.value());
  }
}

TEST_CASE("exact sum: a saved sum goes on, damaged integers are refused") {
  const ExactSum sums[] = {sum_of({1e300, -1e-300}), ExactSum(), sum_of({-3.0})};
  const std::vector<int64_t> state = save_sums(sums);
  ExactSum restored[3];
  restore_sums(state, restored);
  CHECK(save_sums(restored) == state);
  restored[0].add(-1e300);
  CHECK(restored[0].value() == -1e-300);
  CHECK(restored[2].value() == -3.0);
  for (size_t length = 0; length < state.size(); ++length)
    CHECK_THROWS_AS(restore_sums(std::span(state).first(length), restored), DataError);
  for (const std::vector<int64_t>& bad : {std::vector<int64_t>{-1, 0, 0},
                                          {1, -1, 0, 1},
                                          {1, 0, 9, 1},
                                          {INT64_MAX, 0, 0},
                                          {1, 0, 0, INT64_MAX},
                                          {0, 0, 0, 0}})
    CHECK_THROWS_AS(restore_sums(bad, std::span(restored).first(1)), DataError);
}

}  // namespace weft
