// Event files, as TensorBoard reads them: a writer of scalars, histograms, curves and texts, and a reader.
#pragma once
#include <weft/io/summary_histogram.h>
#include <weft/io/tfrecord.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

//   events.out.tfevents.<seconds since 1970>.<host>: a TFRecord file, each record a tensorflow.Event
//
//   Event     { 1: double wall_time, 2: int64 step, and one of 3: "brain.Event:2", 5: Summary, 7: { 1: 1 = start } }
//   Summary   { 1: Value, any number }
//   Value     { 1: tag, 2: float scalar  or  5: Histogram  or  8: Tensor with 9: { 1: { 1: plugin, 2: bytes }, 4: 2 } }
//   Histogram { 1..5: double min, max, num, sum, sum_squares, 6: limits, 7: counts }
//   Tensor    { 1: type, 2: { 2: { 1: extent }, one an axis }, 5: floats, 8: strings }

/// What a precision-recall curve is drawn from: weights of right and wrong answers at thresholds that lie evenly from 0
/// to 1, as many in each list.
struct PrCurve {
  std::vector<double> true_positives, false_positives, true_negatives, false_negatives;
};

struct EventWriterOptions {
  /// Made if it is not there.
  std::string dir;
  /// Added to the file's name.
  std::string suffix = {};
  /// What was written goes to the file when this many seconds have passed; 0: at once.
  double flush_secs = 2.0;
};

/// Writes one event file. Whole events reach the file at flush(), so that a running TensorBoard sees them; the
/// destructor flushes too, and keeps silent where close() would throw.
class EventWriter {
 public:
  /// Makes a new file, which no other writer has. Throws IoError (path, the system's reason).
  explicit EventWriter(EventWriterOptions options);
  EventWriter(EventWriter&& other) noexcept;
  EventWriter& operator=(EventWriter&& other) noexcept;
  ~EventWriter();

  /// All members below throw IoError when the file can't be written, ValueError for an empty tag and after close().
  void scalar(std::string_view tag, int64_t step, double value);
  using Scalar = std::pair<std::string_view, double>;
  /// Several scalars in one event.
  void scalars(int64_t step, std::span<const Scalar> scalars);
  /// Throws ValueError for a number that is not finite.
  void histogram(std::string_view tag, int64_t step, std::span<const float> values);
  void histogram(std::string_view tag, int64_t step, const SummaryHistogram& histogram);
  /// Throws ValueError for lists of different lengths or of fewer than 2 thresholds.
  void pr_curve(std::string_view tag, int64_t step, const PrCurve& curve);
  /// Markdown.
  void text(std::string_view tag, int64_t step, std::string_view markdown);
  /// Says that a run starts at `step`: TensorBoard drops what an earlier run of the directory wrote from there on.
  void session_start(int64_t step);

  void flush();
  /// flush(), then no more. Closing twice does nothing.
  void close();
  const std::string& path() const { return path_; }

 private:
  void add_summary(int64_t step, std::string_view summary);
  void add_event(int64_t step, int field, std::string_view content);
  void discard() noexcept;

  EventWriterOptions options_;
  std::string path_;
  int descriptor_ = -1;
  std::string buffer_, event_;
  std::chrono::steady_clock::time_point flushed_;
};

/// A value of an event: a scalar, a histogram, or an array of floats or strings that a plugin draws.
struct EventValue {
  std::string tag = {};
  std::string plugin = {};  ///< "pr_curves", "text", "scalars", ...; empty for plain scalars and histograms
  std::optional<float> scalar = {};
  std::optional<SummaryHistogram> histogram = {};
  std::vector<int64_t> shape = {};
  std::vector<float> floats = {};
  std::vector<std::string> strings = {};
};

struct Event {
  double wall_time = 0.0;  ///< seconds since 1970
  int64_t step = 0;
  std::string file_version = {};  ///< of a file's first event
  bool session_start = false;
  std::vector<EventValue> values = {};
};

/// Reads the events of a file in order, TensorFlow's files too; what is neither of the above is passed over.
class EventReader {
 public:
  /// Throws IoError if the file can't be opened.
  explicit EventReader(const std::string& path);
  /// False at the end of what there is now. Throws DataError (path, record) for damaged bytes.
  bool next(Event& event);

 private:
  std::string path_;
  RecordReader reader_;
  int64_t number_ = 0;
};

}  // namespace weft
