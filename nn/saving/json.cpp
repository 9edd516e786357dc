#include "nn/saving/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kernels/error.h"

namespace keratin::saving {
namespace {

// The library's parser knows no NaN. Outside strings, the bare words become numbers of a spelling
// that occurs nowhere in the text; the handler sees how a number was spelled.
class BareWords {
 public:
  explicit BareWords(std::string_view text) : text_(text) {
    bool in_string = false;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (in_string) {
        if (c == '\\') ++i;
        in_string = c != '"';
      } else if (c == '"') {
        in_string = true;
      } else if (c == 'N' || c == 'I') {
        const std::string_view word = c == 'N' ? "NaN" : "Infinity";
        if (text.substr(i, word.size()) != word) continue;
        if (replaced_.empty()) choose_spelling();
        rewritten_ += text.substr(copied, i - copied);
        rewritten_ += spelling_ + (c == 'N' ? "1" : "2");
        i += word.size() - 1;
        copied = i + 1;
        replaced_.push_back({rewritten_.size(), copied});
      }
    }
    if (!replaced_.empty()) rewritten_ += text.substr(copied);
  }

  std::string_view text() const { return replaced_.empty() ? text_ : rewritten_; }
  /// The place in the original text.
  std::size_t original(std::size_t place) const {
    auto after = std::upper_bound(replaced_.begin(), replaced_.end(), place,
                                  [](std::size_t p, const auto& r) { return p < r.first; });
    return after == replaced_.begin() ? place : place - (after - 1)->first + (after - 1)->second;
  }
  /// Is `number` a bare word? Then its value.
  bool is_word(std::string_view number, double& value) const {
    if (replaced_.empty()) return false;
    const bool negative = number.starts_with('-');
    if (negative) number.remove_prefix(1);
    if (!number.starts_with(spelling_)) return false;
    const double infinity = std::numeric_limits<double>::infinity();
    value = number.back() == '1' ? std::numeric_limits<double>::quiet_NaN()
                                 : (negative ? -infinity : infinity);
    return true;
  }

 private:
  void choose_spelling() {
    spelling_ = "0e";
    do spelling_ += '0';
    while (text_.find(spelling_) != std::string_view::npos);
  }

  std::string_view text_;
  std::string rewritten_, spelling_;
  std::vector<std::pair<std::size_t, std::size_t>> replaced_;  // ends, there and here
};

// Builds a value from the parser's events, and stops at what a hostile text does.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(const BareWords& words, JsonLimits limits) : words_(words), limits_(limits) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& spelled) override {
    double word = 0;
    if (words_.is_word(spelled, word)) return add(word);
    if (spelled.find_first_of(".eE") == std::string::npos)
      return stop(fmt::format("{} is an integer of more than 64 bits", shown(spelled)));
    return add(value);
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return stop("it is binary"); }
  bool start_object(std::size_t) override {
    if (!open(Json::object())) return false;
    keys_.emplace_back();
    return true;
  }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second)
      return stop(fmt::format("the key \"{}\" is there twice", shown(name)));
    key_ = std::move(name);
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t place, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    place_ = place;
    problem = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..."
    const std::size_t bracket = problem.find("] ");
    if (bracket != std::string::npos) problem.erase(0, bracket + 2);
    if (problem.starts_with("parse error at line")) problem.erase(0, problem.find(": ") + 2);
    // The parser shows what it read last, all of it.
    if (problem.size() > 300) problem = problem.substr(0, 300) + " ...";
    return false;
  }

  Json value = nullptr;
  std::string problem;
  /// Where the text is wrong; 0: unknown.
  std::size_t place() const { return place_; }

 private:
  static std::string shown(const std::string& text) {
    return text.size() <= 60 ? text : text.substr(0, 60) + "...";
  }
  bool stop(std::string text) {
    problem = std::move(text);
    return false;
  }
  bool open(Json&& empty) {
    if (static_cast<std::int64_t>(open_.size()) >= limits_.max_depth)
      return stop(fmt::format("deeper than {} levels", limits_.max_depth));
    if (!add(std::move(empty))) return false;
    open_.push_back(added_);
    return true;
  }
  bool add(Json&& element) {
    if (++values_ > limits_.max_values)
      return stop(fmt::format("more than {} values", limits_.max_values));
    if (open_.empty()) {
      value = std::move(element);
      added_ = &value;
    } else if (open_.back()->is_array()) {
      auto& array = open_.back()->get_ref<Json::array_t&>();
      array.push_back(std::move(element));
      added_ = &array.back();
    } else {
      // Past the search for the key, which would take time with the square of their number.
      auto& object = open_.back()->get_ref<Json::object_t&>();
      using Entries = std::vector<Json::object_t::value_type, Json::object_t::allocator_type>;
      Entries& entries = object;
      entries.emplace_back(std::move(key_), std::move(element));
      added_ = &entries.back().second;
    }
    return true;
  }

  const BareWords& words_;
  JsonLimits limits_;
  std::vector<Json*> open_;  // only the innermost grows, so that these stay
  std::vector<std::unordered_set<std::string>> keys_;
  std::string key_;
  Json* added_ = nullptr;
  std::int64_t values_ = 0;
  std::size_t place_ = 0;
};

std::string line_and_column(std::string_view text, std::size_t place) {
  const std::string_view before = text.substr(0, std::min(place, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t last = before.rfind('\n');
  const std::size_t column = before.size() - (last == std::string_view::npos ? 0 : last + 1);
  return fmt::format("line {}, column {}", line, std::max<std::size_t>(column, 1));
}

// Numbers of the parser's own characters, so that an error of the handler has a place too.
struct CountedText {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** furthest;
  const char& operator*() const { return *at; }
  CountedText& operator++() {
    ++at;
    *furthest = at;
    return *this;
  }
  CountedText operator++(int) {
    CountedText before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountedText& a, const CountedText& b) { return a.at == b.at; }
};

}  // namespace

Json parse_json(const std::string& what, std::string_view text, JsonLimits limits) {
  if (static_cast<std::int64_t>(text.size()) > limits.max_bytes) {
    throw FileError(fmt::format("{}: too long: {} bytes of JSON; expected at most {}", what,
                                text.size(), limits.max_bytes));
  }
  const BareWords words(text);
  Builder builder(words, limits);
  const std::string_view plain = words.text();
  const char* furthest = plain.data();
  if (Json::sax_parse(CountedText{plain.data(), &furthest},
                      CountedText{plain.data() + plain.size(), &furthest}, &builder))
    return std::move(builder.value);
  const std::size_t place =
      builder.place() != 0 ? builder.place() : static_cast<std::size_t>(furthest - plain.data());
  throw FileError(fmt::format("{}: {}: {}", what, line_and_column(text, words.original(place)),
                              builder.problem));
}

}  // namespace keratin::saving
