// Report: what became of one case: passed, failed and by how much, or unsupported.
#pragma once
#include "fixture.h"
#include "tolerances.h"

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weft::reference {

/// Thrown where a case needs what is not built (see unsupported.h): the case, or its row, is unsupported.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown where a case hands in a value that C++'s types can't even write down (a word where a number belongs):
/// the compiler refuses it, which is right where TensorFlow refuses it too.
class NotExpressible : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Collects what went wrong in a case. A comparison that fails is noted, and the case goes on.
class Report {
 public:
  /// Compares numbers one by one; shapes must be equal.
  void close(const std::string& where, std::span<const float> got, std::span<const int64_t> shape, const Array& want,
             const Tolerance& tolerance);
  /// The same where the shape is known to be right.
  void close(const std::string& where, std::span<const float> got, const Array& want, const Tolerance& tolerance);
  void close(const std::string& where, double got, double want, const Tolerance& tolerance);
  void equal(const std::string& where, std::span<const int64_t> got, std::span<const int64_t> want);
  void equal(const std::string& where, std::span<const std::string> got, std::span<const std::string> want);
  void equal(const std::string& where, const std::string& got, const std::string& want);
  void check(const std::string& where, bool holds, const std::string& what);
  void fail(const std::string& where, const std::string& what);
  /// A part of the case that can't be run; the rest is compared.
  void unsupported(const std::string& where, const std::string& why);
  /// Runs a part: what it throws becomes a failure, or an unsupported part, at `where`.
  void part(const std::string& where, const std::function<void()>& run);

  bool failed() const { return !failures_.empty(); }
  bool is_unsupported() const { return !unsupported_.empty(); }
  /// Comparisons made: a case that compared nothing did not pass.
  int64_t comparisons() const { return comparisons_; }
  /// The largest deviation in units of the tolerance, over everything that was compared.
  double largest() const { return largest_; }
  /// One line: the largest deviation and where; or why it is unsupported.
  std::string summary() const;
  struct Failure {
    std::string where;
    std::string what;
    double size = 0.0;
  };
  const std::vector<Failure>& failures() const { return failures_; }

 private:
  void numbers(const std::string& where, std::span<const double> got, std::span<const double> want,
               std::span<const int64_t> shape, const Tolerance& tolerance);

  std::vector<Failure> failures_;
  std::vector<std::string> unsupported_;
  double largest_ = 0.0;
  int64_t comparisons_ = 0;
};

/// "[2, 3]".
std::string shape_text(std::span<const int64_t> shape);

}  // namespace weft::reference
