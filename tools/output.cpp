// What subcommands print: JSON, aligned columns, a progress bar on a terminal.
#include "output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

constexpr int kBarWidth = 30;
constexpr double kSecondsBetweenRenewals = 0.1;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string dump(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool is_number(const std::string& cell) {
  const bool starts = !cell.empty() && (std::isdigit(static_cast<unsigned char>(cell[0])) || cell[0] == '-');
  return starts || cell == "nan" || cell == "inf";
}

void print_row(const std::vector<std::string>& row, const std::vector<size_t>& widths, bool header) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string space(widths[i] - row[i].size(), ' ');
    const bool right = !header && is_number(row[i]);
    line += (right ? space + row[i] : row[i] + space) + "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  std::cout << line << '\n';
}

}  // namespace

void print_json(const nlohmann::ordered_json& json) {
  std::cout << dump(json, 2) << '\n';
}

void print_json_line(const nlohmann::ordered_json& json) {
  std::cout << dump(json, -1) << '\n';
}

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    byte < 0x20 || byte == 0x7f ? out += fmt::format("\\x{:02x}", byte) : out += c;
  }
  return out;
}

void print_columns(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cells = rows;
  std::vector<size_t> widths;
  for (const std::string& title : header) widths.push_back(title.size());
  for (auto& row : cells) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  print_row(header, widths, true);
  for (const auto& row : cells) print_row(row, widths, false);
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto number = static_cast<double>(bytes);
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; number >= 1000 && unit + 1 < std::size(units); ++unit) number /= 1000;
  return fmt::format("{:.1f} {}", number, units[unit]);
}

Counter::Counter(std::string unit) : unit_(std::move(unit)), terminal_(isatty(STDERR_FILENO) == 1) {}

Counter::~Counter() {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void Counter::add(int64_t count) {
  count_ += count;
  if (!terminal_ || now() - shown_at_ < kSecondsBetweenRenewals) return;
  shown_at_ = now();
  fmt::print(stderr, "\r{} {}\033[K", count_, unit_);
  std::fflush(stderr);
}

Progress::Progress(int64_t total_bytes)
    : total_(std::max<int64_t>(total_bytes, 1)), started_(now()), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void Progress::add(int64_t bytes) {
  done_ += bytes;
  if (!terminal_ || now() - shown_at_ < kSecondsBetweenRenewals) return;
  shown_at_ = now();
  const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  const auto filled = static_cast<int>(share * kBarWidth);
  const double speed = static_cast<double>(done_) / std::max(shown_at_ - started_, 1e-3);
  fmt::print(stderr, "\r[{}{}] {:3.0f} %  {}  {}/s\033[K", std::string(static_cast<size_t>(filled), '#'),
             std::string(static_cast<size_t>(kBarWidth - filled), '.'), 100 * share, bytes_text(done_),
             bytes_text(static_cast<int64_t>(speed)));
  std::fflush(stderr);
}
