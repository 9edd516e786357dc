#include "kernels/call_site.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

namespace keratin::kernels {

std::string Scope::path() const {
  return outer == nullptr || outer->kind != ScopeKind::layer ? name : outer->path() + "/" + name;
}

const Scope* scope_of(const Scope* outer, ScopeKind kind, std::string_view name, bool has_parts) {
  using Key = std::tuple<const Scope*, ScopeKind, std::string_view, bool>;  // names are the scopes'
  // Never destroyed: tensors in static variables may point to scopes.
  static auto* const mutex = new std::mutex;
  static auto* const scopes = new std::map<Key, std::unique_ptr<const Scope>>;
  const std::lock_guard lock(*mutex);
  const auto found = scopes->find(Key(outer, kind, name, has_parts));
  if (found != scopes->end()) return found->second.get();
  auto made = std::make_unique<const Scope>(
      Scope{.outer = outer, .kind = kind, .name = std::string(name), .has_parts = has_parts});
  const Key key(outer, kind, made->name, has_parts);
  return scopes->emplace(key, std::move(made)).first->second.get();
}

std::uint64_t next_op_call() {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace keratin::kernels
