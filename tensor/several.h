#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/named.h"
#include "tensor/tensor.h"

namespace keratin {

/// One T, or several by position or by name, as Keras' nested structures. With one it is that T.
template <class T>
class Several : public T {
 public:
  using Entry = std::pair<std::string, T>;
  Several() = default;  // none
  Several(T one) : T(one), entries_{{std::string(), std::move(one)}} {}
  Several(std::initializer_list<T> list) : Several(std::vector<T>(list)) {}
  Several(std::vector<T> list) {
    for (T& value : list) entries_.emplace_back(std::string(), std::move(value));
    take_first();
    single_ = false;
  }
  Several(std::initializer_list<Entry> dict) : entries_(dict), named_(true), single_(false) {
    take_first();
  }
  Several(const Named<T>& dict) : entries_(dict.begin(), dict.end()), named_(true), single_(false) {
    take_first();
  }

  // A template, as result[0] would otherwise be a null name.
  template <std::integral I>
  auto operator[](I i) const {
    return static_cast<const T&>(*this)[i];
  }
  const T& operator[](std::string_view name) const {
    for (const Entry& entry : entries_)
      if (entry.first == name) return entry.second;
    std::vector<std::string> known;
    for (const Entry& entry : entries_) known.push_back(entry.first);
    detail::throw_unknown_name(name, known);
  }
  bool contains(std::string_view name) const {
    for (const Entry& entry : entries_)
      if (entry.first == name) return true;
    return false;
  }
  const T& get(std::int64_t position) const {
    return entries_.at(static_cast<std::size_t>(position)).second;
  }
  const std::string& name(std::int64_t position) const {
    return entries_.at(static_cast<std::size_t>(position)).first;
  }
  std::int64_t count() const { return static_cast<std::int64_t>(entries_.size()); }
  /// Nothing given?
  bool none() const { return entries_.empty(); }
  /// Given by name?
  bool named() const { return named_; }
  /// One, not in braces?
  bool single() const { return single_; }
  const std::vector<Entry>& entries() const& { return entries_; }
  std::vector<Entry> entries() && { return std::move(entries_); }  // outlives it in a range-for

  /// The same structure with f applied to every value.
  template <class F>
  auto map(F&& f) const -> Several<decltype(f(std::declval<const T&>()))> {
    using U = decltype(f(std::declval<const T&>()));
    if (entries_.empty()) return {};
    if (single_) return Several<U>(f(entries_[0].second));
    if (named_) {
      Named<U> dict;
      for (const Entry& entry : entries_) dict[entry.first] = f(entry.second);
      return Several<U>(dict);
    }
    std::vector<U> list;
    for (const Entry& entry : entries_) list.push_back(f(entry.second));
    return Several<U>(std::move(list));
  }

 private:
  void take_first() {
    if (!entries_.empty()) static_cast<T&>(*this) = entries_[0].second;
  }

  std::vector<Entry> entries_;
  bool named_ = false;
  bool single_ = true;
};

using Tensors = Several<Tensor>;

/// One element of a dataset, or one batch: inputs, and where there are any targets and weights.
struct Example {
  Tensors x = {};
  Tensors y = {};
  Tensors sample_weight = {};
};

}  // namespace keratin
