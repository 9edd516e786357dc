// Where kernels are called from, as far as those above them say so: traces and memory reports tell
// it. The kernels themselves never look.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace keratin::kernels {

enum class ScopeKind : std::uint8_t { layer, loss, optimizer, metric, data };

/// A part of a program that computes, such as a layer. Scopes are told apart by their address and
/// live as long as the program.
struct Scope {
  const Scope* outer;  // the layer that calls this one, or nullptr
  ScopeKind kind;
  std::string name;
  bool has_parts;  // a layer that is made of others

  /// "encoder/dense".
  std::string path() const;
};

/// The one scope of this name in `outer`. Any thread may ask.
const Scope* scope_of(const Scope* outer, ScopeKind kind, std::string_view name,
                      bool has_parts = false);

struct CallSite {
  const Scope* scope = nullptr;
  std::string_view op;        // the operation on the tape, while a trace runs
  std::uint64_t op_call = 0;  // which call of it; on the way back that of the way there. 0: unknown
  bool backward = false;
  int threads = 1;  // how many the running kernel may have used so far
  int depth = 0;    // kernels that run
};

// Known to need no initialisation at run time, so that reading it calls nothing.
inline constinit thread_local CallSite call_site;

/// A number for a call of an operation; never 0.
std::uint64_t next_op_call();

/// While one lives, this thread works for `scope`.
class ScopeGuard {
 public:
  explicit ScopeGuard(const Scope* scope) : before_(std::exchange(call_site.scope, scope)) {}
  ~ScopeGuard() { call_site.scope = before_; }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  const Scope* before_;
};

/// The same for all that a call site says: on the way back, for what the tape remembers.
class CallSiteGuard {
 public:
  explicit CallSiteGuard(const CallSite& site) : before_(std::exchange(call_site, site)) {}
  ~CallSiteGuard() { call_site = before_; }
  CallSiteGuard(const CallSiteGuard&) = delete;
  CallSiteGuard& operator=(const CallSiteGuard&) = delete;

 private:
  CallSite before_;
};

/// While one lives, a kernel runs on this thread; it tells how many threads that kernel may have used.
class RunningKernel {
 public:
  explicit RunningKernel(int& threads)
      : threads_(threads), before_(std::exchange(call_site.threads, 1)) {
    ++call_site.depth;
  }
  ~RunningKernel() {
    --call_site.depth;
    threads_ = call_site.threads;
    call_site.threads = threads_ > before_ ? threads_ : before_;
  }
  RunningKernel(const RunningKernel&) = delete;
  RunningKernel& operator=(const RunningKernel&) = delete;

 private:
  int& threads_;
  int before_;
};

}  // namespace keratin::kernels
