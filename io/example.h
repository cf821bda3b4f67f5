// tf.train.Example: read in place (values are views into the record), and written.
#pragma once
#include <weft/core/parse_spec.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// Parses batches of serialized examples by one specification; keeps what it learnt of the specification. Const, so
/// that several threads may use one parser on different outputs.
class ExampleParser {
 public:
  /// Throws ValueError for a specification that can't be (a default of another size or type, float64 or int32 values
  /// ...).
  explicit ExampleParser(ParseSpec spec);
  ExampleParser(ExampleParser&&) noexcept;
  ~ExampleParser();

  /// tf.io.parse_example: a feature a key of the specification, as core/parse_spec.h says of its kind. Strings of `out`
  /// are views into `serialized`, whose bytes must outlive `out` (see Features::own). Throws DataError naming the
  /// example, its key, and the cure; `where(i)` says where example i came from.
  using Where = std::function<std::string(size_t example)>;
  void parse(std::span<const std::string_view> serialized, Features& out, const Where& where = {}) const;
  /// tf.io.parse_single_example: as a batch of one whose shapes have no batch axis (see Feature).
  void parse_single(std::string_view serialized, Features& out, const Where& where = {}) const;
  const ParseSpec& spec() const;

 private:
  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

/// tf.io.parse_example in one call.
Features parse_example(std::span<const std::string_view> serialized, const ParseSpec& spec);

/// tf.io.parse_single_example in one call.
Features parse_single_example(std::string_view serialized, const ParseSpec& spec);

/// Builds serialized examples. Values are written packed, keys in the order they are added.
class ExampleWriter {
 public:
  ExampleWriter& clear();
  ExampleWriter& add(std::string_view key, std::span<const int64_t> values);
  ExampleWriter& add(std::string_view key, std::span<const float> values);
  ExampleWriter& add(std::string_view key, std::span<const std::string_view> values);
  ExampleWriter& add(std::string_view key, int64_t value) { return add(key, std::span<const int64_t>(&value, 1)); }
  ExampleWriter& add(std::string_view key, float value) { return add(key, std::span<const float>(&value, 1)); }
  ExampleWriter& add(std::string_view key, std::string_view value) {
    return add(key, std::span<const std::string_view>(&value, 1));
  }
  /// The serialized example; valid until the next call of a member.
  std::string_view serialized();

 private:
  std::string features_;
  std::string scratch_;
  std::string out_;
};

}  // namespace weft
