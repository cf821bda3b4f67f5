// What subcommands print: JSON, aligned columns, a progress bar on a terminal.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

/// Indented, with a newline; bytes that are no UTF-8 become U+FFFD.
void print_json(const nlohmann::ordered_json& json);
/// On one line.
void print_json_line(const nlohmann::ordered_json& json);

/// Rows of cells under a header, each column as wide as it must be; numbers to the right. Bytes of control are shown as
/// "\x1b", so that a file's names can't steer the terminal.
void print_columns(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
std::string printable(const std::string& text);
/// "[3, 2]"
std::string shape_text(const std::vector<int64_t>& shape);
/// "1.5 GB"
std::string bytes_text(int64_t bytes);

/// A number that grows, as "1200000 examples", on the error stream while it is a terminal.
class Counter {
 public:
  explicit Counter(std::string unit);
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  /// Takes the line away.
  ~Counter();
  void add(int64_t count);

 private:
  std::string unit_;
  int64_t count_ = 0;
  double shown_at_ = 0.0;
  bool terminal_;
};

/// A bar on the error stream while it is a terminal; nothing otherwise.
class Progress {
 public:
  explicit Progress(int64_t total_bytes);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Takes the bar away.
  ~Progress();
  void add(int64_t bytes);
  /// So many bytes in all.
  void set(int64_t bytes) { add(bytes - done_); }

 private:
  int64_t total_;
  int64_t done_ = 0;
  double started_;
  double shown_at_ = 0.0;
  bool terminal_;
};
