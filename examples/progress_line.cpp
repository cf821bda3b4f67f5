// Draws the progress line.
#include "progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace {
constexpr double kSecondsBetweenLines = 2.0;     // where output is kept
constexpr double kSecondsBetweenRenewals = 0.1;  // on a terminal
}  // namespace

ProgressLine::ProgressLine(int64_t batch_size)
    : batch_size_(static_cast<double>(batch_size)), terminal_(isatty(STDOUT_FILENO) == 1) {}

void ProgressLine::show(const weft::TrainProgress& progress) {
  const double loss = progress.loss / batch_size_;
  mean_loss_ = mean_loss_ == 0.0 ? loss : 0.9 * mean_loss_ + 0.1 * loss;
  const int64_t last = progress.last_step.value_or(progress.step);
  const bool ends = progress.step == last;
  if (!ends && progress.seconds - shown_at_ < (terminal_ ? kSecondsBetweenRenewals : kSecondsBetweenLines)) return;
  shown_at_ = progress.seconds;
  const double examples_per_second = static_cast<double>(progress.examples) / progress.seconds;
  const double examples_left = batch_size_ * static_cast<double>(last - progress.step);
  fmt::print("{}   step {} of {}   {:.0f} examples/s   loss {:.4f}   {:.0f} s left{}", terminal_ ? "\r" : "",
             progress.step, last, examples_per_second, mean_loss_, examples_left / examples_per_second,
             terminal_ ? "\033[K" : "\n");
  std::fflush(stdout);
}

void ProgressLine::finish() {
  if (terminal_) std::puts("");
}
