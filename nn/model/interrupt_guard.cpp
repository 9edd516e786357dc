#include <atomic>
#include <csignal>
#include <cstdlib>

#include "nn/model/fit_progress.h"

namespace keratin::detail {
namespace {

volatile std::sig_atomic_t noted = 0;
std::atomic<bool> guarded = false;

extern "C" void note_interrupt(int) {
  noted = 1;
  std::signal(SIGINT, SIG_DFL);  // the next one ends the process
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (guarded.exchange(true)) return;  // a fit within a fit
  const auto before = std::signal(SIGINT, note_interrupt);
  if (before != SIG_DFL) {
    std::signal(SIGINT, before);
    guarded = false;
    return;
  }
  noted = 0;
  installed_ = true;
}

InterruptGuard::~InterruptGuard() {
  if (!installed_) return;
  std::signal(SIGINT, SIG_DFL);
  guarded = false;
}

bool InterruptGuard::interrupted() const { return installed_ && noted != 0; }

void InterruptGuard::end_process() {
  std::signal(SIGINT, SIG_DFL);
  std::raise(SIGINT);
  std::exit(130);
}

}  // namespace keratin::detail
