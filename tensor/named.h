#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/error.h"

namespace keratin {

namespace detail {
[[noreturn]] void throw_unknown_name(std::string_view name, const std::vector<std::string>& known);
}

/// A small map that keeps the order in which names were added.
template <class T>
class Named {
 public:
  using Entry = std::pair<std::string, T>;
  Named() = default;
  Named(std::initializer_list<Entry> entries) {
    for (const Entry& entry : entries) (*this)[entry.first] = entry.second;
  }

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  const T* find(std::string_view name) const {
    for (const Entry& entry : entries_)
      if (entry.first == name) return &entry.second;
    return nullptr;
  }
  /// Throws ValueError that lists the names there are.
  const T& at(std::string_view name) const& {
    if (const T* value = find(name)) return *value;
    std::vector<std::string> known;
    for (const Entry& entry : entries_) known.push_back(entry.first);
    detail::throw_unknown_name(name, known);
  }
  T at(std::string_view name) && { return std::as_const(*this).at(name); }
  /// Adds the name if it is new.
  T& operator[](std::string_view name) {
    for (Entry& entry : entries_)
      if (entry.first == name) return entry.second;
    return entries_.emplace_back(std::string(name), T{}).second;
  }
  void erase(std::string_view name) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.first == name; });
  }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

 private:
  std::vector<Entry> entries_;
};

/// What a step or an epoch measured: "loss", "accuracy", "val_loss" ...
using Logs = Named<double>;

/// The known name nearest to `name` if it is near enough to be meant (at most a third of its
/// letters differ), else "".
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// "; did you mean \"adam\"?" where a known name is near, and the list of all.
std::string name_hint(std::string_view name, const std::vector<std::string>& known);

}  // namespace keratin
