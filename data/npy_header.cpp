#include "data/npy_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

class Parser {
 public:
  Parser(std::string_view text, kernels::FunctionRef<void(std::string)> fail)
      : text_(text), all_(text), fail_(fail) {}

  NpyHeader header() {
    NpyHeader header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      bool* seen = key == "descr"           ? &descr
                   : key == "fortran_order" ? &order
                   : key == "shape"         ? &shape
                                            : nullptr;
      if (seen == nullptr || *seen)
        wrong(fmt::format("the key '{}' {}", printable(key), seen ? "twice" : "is none of three"));
      *seen = true;
      if (seen == &descr) parse_descr(header);
      if (seen == &order) header.fortran_order = truth();
      if (seen == &shape) header.shape = tuple();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    space();
    if (!text_.empty()) wrong("text after the dictionary");
    if (!descr || !order || !shape) {
      wrong(fmt::format("no '{}'", !descr ? "descr" : !order ? "fortran_order" : "shape"));
    }
    return header;
  }

 private:
  [[noreturn]] void wrong(const std::string& what) const {
    refuse(fmt::format(
        "broken: its header has {} at byte {}: {}; expected {{'descr': '<f4', 'fortran_order': "
        "False, 'shape': (2, 3), }}",
        what, all_.size() - text_.size(), printable(all_.substr(0, 100))));
  }
  [[noreturn]] void refuse(const std::string& text) const {
    fail_(text);
    KERATIN_ASSERT(false);  // fail_ throws
    throw Error(text);
  }
  static std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text)
      shown += c >= ' ' && c <= '~' ? std::string(1, c)
                                    : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    while (shown.ends_with(' ')) shown.pop_back();
    return shown;
  }

  void space() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t'))
      text_.remove_prefix(1);
  }
  bool accept(char c) {
    space();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) wrong(fmt::format("no '{}'", c));
  }
  bool accept(std::string_view word) {
    space();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::string_view quoted() {
    space();
    const char quote = text_.empty() ? '\0' : text_[0];
    if (quote != '\'' && quote != '"') wrong("no text in quotes");
    const std::size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) wrong("text that does not end");
    const std::string_view inside = text_.substr(1, end - 1);
    if (inside.find('\\') != std::string_view::npos) wrong("text with a backslash");
    text_.remove_prefix(end + 1);
    return inside;
  }

  bool truth() {
    if (accept("True")) return true;
    if (!accept("False")) wrong("neither True nor False");
    return false;
  }

  std::int64_t number() {
    space();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) wrong("no size from 0 on");
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    if (!text_.empty() && text_[0] == 'L') text_.remove_prefix(1);  // of Python 2
    return value;
  }

  // (), (3,), (3, 4), (3, 4,)
  Shape tuple() {
    expect('(');
    std::vector<std::int64_t> sizes;
    bool comma = true;
    while (!accept(')')) {
      if (!comma) wrong("no ','");
      sizes.push_back(number());
      comma = accept(',');
      if (static_cast<std::int64_t>(sizes.size()) > Shape::kMaxRank) {
        refuse(fmt::format("its header says more than {} axes, the most that keratin has",
                           Shape::kMaxRank));
      }
    }
    if (sizes.size() == 1 && !comma) wrong("no tuple");
    std::int64_t count = 1;
    for (const std::int64_t size : sizes) {
      if (__builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count))
        refuse(fmt::format("its header says shape [{}]: more elements than any file has",
                           fmt::join(sizes, ", ")));
    }
    return Shape(sizes);
  }

  void parse_descr(NpyHeader& header) {
    space();
    if (!text_.empty() && text_[0] == '[')
      refuse("holds a structured array; expected numbers or strings. Save its fields one by one.");
    std::string_view descr = quoted();
    const std::string given = printable(descr);
    if (!descr.empty() && std::string_view("<>=|").find(descr[0]) != std::string_view::npos) {
      header.order = descr[0];
      descr.remove_prefix(1);
    }
    if (descr.starts_with('O')) {
      refuse(
          "holds Python objects, that is a pickle, which can run any code when it is read; "
          "expected "
          "numbers or strings. Save it with another dtype.");
    }
    if (descr.empty()) wrong("an empty descr");
    header.kind = descr[0];
    const char* end = descr.data() + descr.size();
    const auto [stop, error] = std::from_chars(descr.data() + 1, end, header.bytes);
    if (error != std::errc() || stop != end || header.bytes < 0) {
      if (std::string_view("mM").find(header.kind) != std::string_view::npos)
        refuse(fmt::format("holds dates or times, '{}'; expected numbers or strings", given));
      wrong(fmt::format("an unknown descr '{}'", given));
    }
    if (header.kind == 'U' && __builtin_mul_overflow(header.bytes, 4, &header.bytes))
      wrong(fmt::format("an unknown descr '{}'", given));
  }

  std::string_view text_, all_;
  kernels::FunctionRef<void(std::string)> fail_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, kernels::FunctionRef<void(std::string)> fail) {
  return Parser(text, fail).header();
}

std::string npy_header(std::string_view descr, const Shape& shape) {
  std::string sizes;
  for (const std::int64_t size : shape) sizes += fmt::format("{}, ", size);
  if (shape.rank() > 1) sizes.resize(sizes.size() - 2);
  if (shape.rank() == 1) sizes.resize(sizes.size() - 1);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, sizes);
  // Room to let the first axis grow in place, as NumPy leaves it.
  if (shape.rank() > 0) text.append(21 - std::to_string(shape[0]).size(), ' ');
  const std::size_t before = kNpyMagic.size() + 4;
  text.append(63 - (before + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kNpyMagic);
  header +=
      {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace keratin::data::detail
