// Report: comparisons with a tolerance, and the one line that a case becomes.
#include "report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <set>

namespace weft::reference {
namespace {

std::string place(int64_t element, std::span<const int64_t> shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = element % shape[axis];
    element /= shape[axis];
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

// |got - want| in units of what is allowed: > 1 fails. An exact comparison knows 0 and infinity only.
double deviation(double got, double want, const Tolerance& tolerance) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return 0.0;
  const double allowed = tolerance.rtol * std::abs(want) + tolerance.atol;
  const double difference = std::abs(got - want);
  if (allowed <= 0.0 || !std::isfinite(difference)) return std::numeric_limits<double>::infinity();
  return difference / allowed;
}

std::vector<double> as_doubles(const Array& array) {
  if (array.floating()) return array.floats;
  return {array.integers.begin(), array.integers.end()};
}

}  // namespace

std::string shape_text(std::span<const int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void Report::numbers(const std::string& where, std::span<const double> got, std::span<const double> want,
                     std::span<const int64_t> shape, const Tolerance& tolerance) {
  ++comparisons_;
  if (got.size() != want.size()) {
    return fail(where, fmt::format("got {} numbers, expected {}", got.size(), want.size()));
  }
  double worst = 0.0;
  size_t worst_at = 0, wrong = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double d = deviation(got[i], want[i], tolerance);
    if (d > 1.0) ++wrong;
    if (d > worst) {
      worst = d;
      worst_at = i;
    }
  }
  largest_ = std::max(largest_, worst);
  if (wrong == 0) return;
  const std::string at = shape.empty() ? "" : place(static_cast<int64_t>(worst_at), shape);
  failures_.push_back({where,
                       fmt::format("{}{}: got {:.9g}, expected {:.9g} ({:.3g} times the tolerance; {} of {})", where,
                                   at, got[worst_at], want[worst_at], worst, wrong, got.size()),
                       worst});
}

void Report::close(const std::string& where, std::span<const float> got, std::span<const int64_t> shape,
                   const Array& want, const Tolerance& tolerance) {
  if (!std::equal(shape.begin(), shape.end(), want.shape.begin(), want.shape.end())) {
    ++comparisons_;
    return fail(where, fmt::format("got shape {}, expected {}", shape_text(shape), shape_text(want.shape)));
  }
  close(where, got, want, tolerance);
}

void Report::close(const std::string& where, std::span<const float> got, const Array& want,
                   const Tolerance& tolerance) {
  numbers(where, std::vector<double>(got.begin(), got.end()), as_doubles(want), want.shape, tolerance);
}

void Report::close(const std::string& where, double got, double want, const Tolerance& tolerance) {
  numbers(where, std::span(&got, 1), std::span(&want, 1), {}, tolerance);
}

void Report::equal(const std::string& where, std::span<const int64_t> got, std::span<const int64_t> want) {
  ++comparisons_;
  if (std::equal(got.begin(), got.end(), want.begin(), want.end())) return;
  const auto at = static_cast<size_t>(
      std::mismatch(got.begin(), got.begin() + std::min(got.size(), want.size()), want.begin()).first - got.begin());
  if (got.size() != want.size()) {
    return fail(where,
                fmt::format("got {} integers, expected {}; the first difference at {}", got.size(), want.size(), at));
  }
  fail(where, fmt::format("element {}: got {}, expected {}", at, got[at], want[at]));
}

void Report::equal(const std::string& where, std::span<const std::string> got, std::span<const std::string> want) {
  ++comparisons_;
  if (std::equal(got.begin(), got.end(), want.begin(), want.end())) return;
  const std::multiset<std::string> have(got.begin(), got.end()), need(want.begin(), want.end());
  std::vector<std::string> missing, surplus;
  std::ranges::set_difference(need, have, std::back_inserter(missing));
  std::ranges::set_difference(have, need, std::back_inserter(surplus));
  if (missing.empty() && surplus.empty()) return fail(where, fmt::format("order: got {}, expected {}", got, want));
  fail(where, fmt::format("missing {}, surplus {}", missing, surplus));
}

void Report::equal(const std::string& where, const std::string& got, const std::string& want) {
  check(where, got == want, fmt::format("got '{}', expected '{}'", got, want));
}

void Report::check(const std::string& where, bool holds, const std::string& what) {
  ++comparisons_;
  if (!holds) fail(where, what);
}

void Report::fail(const std::string& where, const std::string& what) {
  failures_.push_back({where, where.empty() ? what : where + ": " + what, std::numeric_limits<double>::infinity()});
}

void Report::unsupported(const std::string& where, const std::string& why) {
  unsupported_.push_back(where.empty() ? why : where + ": " + why);
}

void Report::part(const std::string& where, const std::function<void()>& run) {
  try {
    run();
  } catch (const Unsupported& e) {
    unsupported(where, e.what());
  } catch (const std::exception& e) {
    fail(where, fmt::format("threw {}", e.what()));
  }
}

std::string Report::summary() const {
  const auto others = [](size_t n) { return n > 1 ? fmt::format(" (and {} more)", n - 1) : std::string(); };
  if (!failures_.empty()) {
    const auto worst = std::ranges::max_element(failures_, {}, &Failure::size);
    return worst->what + others(failures_.size());
  }
  if (!unsupported_.empty()) return unsupported_.front() + others(unsupported_.size());
  return fmt::format("{:.3g} times the tolerance at most", largest_);
}

}  // namespace weft::reference
