// EventWriter: events into a buffer, the buffer into a file.
#include <weft/core/error.h>
#include <weft/io/events.h>
#include <weft/io/wire_writer.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace weft {
namespace {

constexpr const char* kFileVersion = "brain.Event:2";
constexpr size_t kMostBuffered = size_t{1} << 20;
// Fields of the messages that events.h draws.
constexpr int kWallTime = 1, kStep = 2, kVersion = 3, kSummary = 5, kSessionLog = 7;
constexpr int64_t kFloatType = 1, kStringType = 7, kTensorClass = 2;

[[noreturn]] void fail(const char* what, const std::string& path, int error) {
  throw IoError(
      fmt::format("[EventWriter] {}: can't {}: {}. Check the directory, its permissions and the room on the disk.",
                  path, what, std::strerror(error)));
}

std::string host_name() {
  std::array<char, 256> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

void check_tag(std::string_view tag) {
  if (tag.empty()) throw ValueError("[EventWriter] the tag is empty: got '', expected a name. Say what is written.");
}

// One Value in a Summary: the tag and what else it has.
void append_value(std::string& summary, std::string_view tag, std::string_view content) {
  check_tag(tag);
  wire::append_length(summary, 1, wire::field_size(tag.size()) + content.size());
  wire::append_bytes(summary, 1, tag);
  summary += content;
}

// Appends the fields of a Value that a plugin draws: its tensor and its metadata.
void append_tensor(std::string& value, std::string_view tensor, std::string_view plugin, std::string_view settings) {
  wire::append_bytes(value, 8, tensor);
  std::string data, metadata;
  wire::append_bytes(data, 1, plugin);
  if (!settings.empty()) wire::append_bytes(data, 2, settings);
  wire::append_bytes(metadata, 1, data);
  wire::append_integer(metadata, 4, kTensorClass);
  wire::append_bytes(value, 9, metadata);
}

std::string matrix(size_t rows, size_t columns, std::span<const float> numbers) {
  std::string tensor, shape, axis;
  for (const size_t extent : {rows, columns}) {
    axis.clear();
    wire::append_integer(axis, 1, static_cast<int64_t>(extent));
    wire::append_bytes(shape, 2, axis);
  }
  wire::append_integer(tensor, 1, kFloatType);
  wire::append_bytes(tensor, 2, shape);
  wire::append_length(tensor, 5, numbers.size_bytes());
  tensor.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
  return tensor;
}

// Rows true positives, false positives, true negatives, false negatives, precision, recall.
std::vector<float> curve_rows(const PrCurve& curve) {
  const size_t n = curve.true_positives.size();
  if (n < 2 || curve.false_positives.size() != n || curve.true_negatives.size() != n ||
      curve.false_negatives.size() != n) {
    throw ValueError(
        fmt::format("[pr_curve] wrong number of thresholds: got {}, {}, {} and {}, expected four lists of "
                    "the same length, at least 2. Give one number a threshold.",
                    n, curve.false_positives.size(), curve.true_negatives.size(), curve.false_negatives.size()));
  }
  std::vector<float> rows(6 * n);
  const auto divide = [](double a, double b) { return static_cast<float>(b > 0.0 ? a / b : 0.0); };
  for (size_t k = 0; k < n; ++k) {
    const double tp = curve.true_positives[k], fp = curve.false_positives[k], fn = curve.false_negatives[k];
    rows[k] = static_cast<float>(tp);
    rows[n + k] = static_cast<float>(fp);
    rows[2 * n + k] = static_cast<float>(curve.true_negatives[k]);
    rows[3 * n + k] = static_cast<float>(fn);
    rows[4 * n + k] = divide(tp, tp + fp);
    rows[5 * n + k] = divide(tp, tp + fn);
  }
  return rows;
}

}  // namespace

EventWriter::EventWriter(EventWriterOptions options)
    : options_(std::move(options)), flushed_(std::chrono::steady_clock::now()) {
  std::error_code error;
  std::filesystem::create_directories(options_.dir, error);
  if (error) fail("make the directory", options_.dir, error.value());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string name = fmt::format("events.out.tfevents.{:010d}.{}",
                                       std::chrono::duration_cast<std::chrono::seconds>(now).count(), host_name());
  for (int n = 0; descriptor_ < 0; ++n) {  // another writer may have begun in the same second
    const std::string number = n == 0 ? "" : fmt::format(".{}", n);
    path_ = (std::filesystem::path(options_.dir) / (name + number + options_.suffix)).string();
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) fail("create the file", path_, errno);
  }
  try {
    add_event(0, kVersion, kFileVersion);
    flush();
  } catch (...) {
    discard();
    throw;
  }
}

EventWriter::EventWriter(EventWriter&& other) noexcept
    : options_(std::move(other.options_)),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      event_(std::move(other.event_)),
      flushed_(other.flushed_) {}

EventWriter& EventWriter::operator=(EventWriter&& other) noexcept {
  std::swap(options_, other.options_);
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(buffer_, other.buffer_);
  std::swap(event_, other.event_);
  std::swap(flushed_, other.flushed_);
  return *this;
}

EventWriter::~EventWriter() {
  try {
    close();
  } catch (const IoError&) {
    discard();  // nobody is there to be told; close() tells
  }
}

void EventWriter::discard() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void EventWriter::add_event(int64_t step, int field, std::string_view content) {
  if (descriptor_ < 0)
    throw ValueError(fmt::format("[EventWriter] {}: got an event after close(). Make a new writer.", path_));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  event_.clear();
  wire::append_double(event_, kWallTime, std::chrono::duration<double>(now).count());
  if (step != 0) wire::append_integer(event_, kStep, step);
  wire::append_bytes(event_, field, content);
  append_record(buffer_, event_);
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - flushed_;
  if (buffer_.size() >= kMostBuffered || waited.count() >= options_.flush_secs) flush();
}

void EventWriter::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      buffer_.erase(0, buffer_.size() - rest.size());
      fail("write", path_, error);
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
  flushed_ = std::chrono::steady_clock::now();
}

void EventWriter::close() {
  if (descriptor_ < 0) return;
  flush();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("close", path_, errno);
}

void EventWriter::scalar(std::string_view tag, int64_t step, double value) {
  const Scalar one[] = {{tag, value}};
  scalars(step, one);
}

void EventWriter::scalars(int64_t step, std::span<const Scalar> scalars) {
  std::string summary, value;
  for (const auto& [tag, number] : scalars) {
    value.clear();
    wire::append_float(value, 2, static_cast<float>(number));
    append_value(summary, tag, value);
  }
  add_event(step, kSummary, summary);
}

void EventWriter::histogram(std::string_view tag, int64_t step, std::span<const float> values) {
  histogram(tag, step, make_summary_histogram(values));
}

void EventWriter::histogram(std::string_view tag, int64_t step, const SummaryHistogram& histogram) {
  std::string message, value, summary;
  wire::append_double(message, 1, histogram.min);
  wire::append_double(message, 2, histogram.max);
  wire::append_double(message, 3, histogram.num);
  wire::append_double(message, 4, histogram.sum);
  wire::append_double(message, 5, histogram.sum_squares);
  wire::append_doubles(message, 6, histogram.limits);
  wire::append_doubles(message, 7, histogram.counts);
  wire::append_bytes(value, 5, message);
  append_value(summary, tag, value);
  add_event(step, kSummary, summary);
}

void EventWriter::pr_curve(std::string_view tag, int64_t step, const PrCurve& curve) {
  const std::vector<float> rows = curve_rows(curve);
  const size_t n = rows.size() / 6;
  std::string value, summary, settings;
  wire::append_integer(settings, 2, static_cast<int64_t>(n));
  append_tensor(value, matrix(6, n, rows), "pr_curves", settings);
  append_value(summary, tag, value);
  add_event(step, kSummary, summary);
}

void EventWriter::text(std::string_view tag, int64_t step, std::string_view markdown) {
  std::string tensor, value, summary;
  wire::append_integer(tensor, 1, kStringType);
  wire::append_bytes(tensor, 2, {});
  wire::append_bytes(tensor, 8, markdown);
  append_tensor(value, tensor, "text", {});
  append_value(summary, tag, value);
  add_event(step, kSummary, summary);
}

void EventWriter::session_start(int64_t step) {
  std::string log;
  wire::append_integer(log, 1, 1);
  add_event(step, kSessionLog, log);
}

}  // namespace weft
