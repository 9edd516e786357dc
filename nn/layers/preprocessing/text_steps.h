// How TextVectorization is told to prepare and to split texts.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace keratin::layers {

/// What is done with a text before it is split: lower_and_strip_punctuation, lower,
/// strip_punctuation, "" for nothing, or a function of one's own, which several threads may call.
class Standardize {
 public:
  using Function = std::function<std::string(const std::string& text)>;

  Standardize() = default;
  Standardize(const char* name) : name_(name) {}
  Standardize(std::string name) : name_(std::move(name)) {}
  template <class F>
  requires std::is_invocable_r_v<std::string, F&, const std::string&> Standardize(F function)
      : function_(std::move(function)) {}

  std::string& name() { return name_; }
  const std::string& name() const { return name_; }
  const Function& function() const { return function_; }

 private:
  std::string name_;
  Function function_;
};

/// How a text becomes tokens: at whitespace, into characters (code points), "" for not at all, or by
/// a function of one's own, which several threads may call.
class Split {
 public:
  using Function = std::function<std::vector<std::string>(const std::string& text)>;

  Split() = default;
  Split(const char* name) : name_(name) {}
  Split(std::string name) : name_(std::move(name)) {}
  template <class F>
  requires std::is_invocable_r_v<std::vector<std::string>, F&, const std::string&> Split(F function)
      : function_(std::move(function)) {}

  std::string& name() { return name_; }
  const std::string& name() const { return name_; }
  const Function& function() const { return function_; }

 private:
  std::string name_;
  Function function_;
};

/// How many tokens in a row make one: n for 1 to n of them, a list for just those sizes.
class Ngrams {
 public:
  Ngrams() = default;  // tokens as they are
  Ngrams(int up_to);
  Ngrams(std::initializer_list<int> sizes) : sizes_(sizes) {}
  explicit Ngrams(std::vector<int> sizes) : sizes_(std::move(sizes)) {}

  std::vector<int>& sizes() { return sizes_; }
  const std::vector<int>& sizes() const { return sizes_; }

 private:
  std::vector<int> sizes_;
};

}  // namespace keratin::layers
