// StopSignals: SIGINT and SIGTERM as a wish to stop, for as long as one lives.
#pragma once

namespace weft {

/// Takes SIGINT and SIGTERM where their disposition is the default, and gives them back when the last one is gone. A
/// second signal ends the process as it would without this. Calls of several threads share what was received.
class StopSignals {
 public:
  /// `active` false: takes nothing.
  explicit StopSignals(bool active);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();
  /// The signal that came first since this began, or 0.
  int received() const;

 private:
  bool active_;
};

}  // namespace weft
