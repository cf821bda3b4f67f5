// StopSignals: a handler knows only what is at namespace scope; a count says who still needs it.
#include <doctest/doctest.h>
#include <signal.h>
#include <weft/estimator/training/stop_signals.h>

#include <array>
#include <atomic>
#include <mutex>

namespace weft {

namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};

std::atomic<int> first_received = 0;
static_assert(std::atomic<int>::is_always_lock_free);  // what a handler may touch

void note(int signal) {
  int none = 0;
  if (first_received.compare_exchange_strong(none, signal)) return;
  ::signal(signal, SIG_DFL);  // the second: not so patient
  ::raise(signal);
}

// Who has taken which signals.
struct Taken {
  std::mutex mutex;
  int users = 0;
  std::array<bool, kSignals.size()> taken = {};

  void take() {
    const std::lock_guard lock(mutex);
    if (users++ > 0) return;
    first_received = 0;
    for (size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction current = {};
      ::sigaction(kSignals[i], nullptr, &current);
      taken[i] = (current.sa_flags & SA_SIGINFO) == 0 && current.sa_handler == SIG_DFL;
      if (!taken[i]) continue;
      struct sigaction ours = {};
      ours.sa_handler = note;
      ours.sa_flags = SA_RESTART;  // reading goes on
      ::sigaction(kSignals[i], &ours, nullptr);
    }
  }

  // A handler that someone has set in the meantime stays.
  void give_back() {
    const std::lock_guard lock(mutex);
    if (--users > 0) return;
    for (size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction current = {};
      ::sigaction(kSignals[i], nullptr, &current);
      if (taken[i] && current.sa_handler == note) ::signal(kSignals[i], SIG_DFL);
    }
  }
};

Taken& taken_signals() {
  static Taken taken;
  return taken;
}

}  // namespace

StopSignals::StopSignals(bool active) : active_(active) {
  if (active_) taken_signals().take();
}

StopSignals::~StopSignals() {
  if (active_) taken_signals().give_back();
}

int StopSignals::received() const {
  return active_ ? first_received.load() : 0;
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

bool handled_by(int signal, void (*handler)(int)) {
  struct sigaction current = {};
  ::sigaction(signal, nullptr, &current);
  return current.sa_handler == handler;
}

volatile sig_atomic_t own_calls = 0;
void own_handler(int) {
  own_calls = own_calls + 1;
}

// doctest has handlers of its own while a test runs.
struct DefaultHandlers {
  struct sigaction before[2] = {};
  DefaultHandlers() {
    for (size_t i = 0; i < 2; ++i) {
      ::sigaction(kSignals[i], nullptr, &before[i]);
      ::signal(kSignals[i], SIG_DFL);
    }
  }
  ~DefaultHandlers() {
    for (size_t i = 0; i < 2; ++i) ::sigaction(kSignals[i], &before[i], nullptr);
  }
};

}  // namespace

TEST_CASE("stop signals: one is received, and the default is back afterwards") {
  const DefaultHandlers defaults;
  {
    const StopSignals outer(true);
    {
      const StopSignals inner(true);
      CHECK(outer.received() == 0);
      ::raise(SIGTERM);
      CHECK(inner.received() == SIGTERM);
    }
    CHECK(outer.received() == SIGTERM);
    CHECK_FALSE(handled_by(SIGINT, SIG_DFL));
  }
  CHECK(handled_by(SIGINT, SIG_DFL));
  CHECK(handled_by(SIGTERM, SIG_DFL));
  const StopSignals next(true);
  CHECK(next.received() == 0);
}

TEST_CASE("stop signals: a program's own handler stays, and inactive ones take nothing") {
  const DefaultHandlers defaults;
  ::signal(SIGINT, own_handler);
  {
    const StopSignals signals(true);
    ::raise(SIGINT);
    CHECK(own_calls == 1);
    CHECK(signals.received() == 0);
  }
  CHECK(handled_by(SIGINT, own_handler));
  const StopSignals inactive(false);
  CHECK(handled_by(SIGTERM, SIG_DFL));
}
#endif

}  // namespace weft
