#include "data/csv/rows.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "data/csv/parse_number.h"
#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};

// The bytes that are one of four.
struct Finder {
  char a, b, c, e;

  /// Bit i: is text[i] one? Of 64 bytes.
  std::uint64_t operator()(const char* text) const {
    std::uint64_t bits = 0;
#ifdef __SSE2__  // every x86-64 has it; not worth a dispatch, as numbers take most of the time
    const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c),
                  ve = _mm_set1_epi8(e);
    for (int i = 0; i < 64; i += 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
      const __m128i found =
          _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)),
                       _mm_or_si128(_mm_cmpeq_epi8(v, vc), _mm_cmpeq_epi8(v, ve)));
      bits |= std::uint64_t{static_cast<std::uint16_t>(_mm_movemask_epi8(found))} << i;
    }
#else
    for (int i = 0; i < 64; i += 8) bits |= find_in_eight(load8(text + i), {a, b, c, e}) << i;
#endif
    return bits;
  }
};

// The bytes that a finder finds, one after the other.
class Marks {
 public:
  Marks(std::string_view text, std::size_t from, Finder find) : text_(text), find_(find) {
    jump(from);
  }

  /// Is there one left among the 64 bytes at hand?
  bool in_word() const { return bits_ != 0; }
  std::size_t take() {
    const std::size_t at = base_ + static_cast<std::size_t>(std::countr_zero(bits_));
    bits_ &= bits_ - 1;
    return at;
  }
  /// The next 64 bytes; false at the end.
  bool next_word() {
    base_ += 64;
    if (base_ >= text_.size()) return false;
    load();
    return true;
  }
  /// The next one is at `to` or behind it.
  void jump(std::size_t to) {
    base_ = to / 64 * 64;
    bits_ = 0;
    if (base_ >= text_.size()) return;
    load();
    bits_ &= ~std::uint64_t{0} << (to - base_);
  }

 private:
  void load() {
    bits_ = find_(text_.data() + base_);
    if (text_.size() - base_ < 64) bits_ &= (std::uint64_t{1} << (text_.size() - base_)) - 1;
  }

  std::string_view text_;
  Finder find_;
  std::size_t base_ = 0;
  std::uint64_t bits_ = 0;
};

struct Closing {
  std::size_t at = kNowhere;
  bool doubled = false;
};

// The quote that ends a field whose first quote stands before `from`.
Closing closing_quote(std::string_view text, std::size_t from) {
  Closing result;
  while (from < text.size()) {
    const auto* found =
        static_cast<const char*>(std::memchr(text.data() + from, '"', text.size() - from));
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(found - text.data());
    if (at + 1 == text.size() || text[at + 1] != '"') {
      result.at = at;
      break;
    }
    result.doubled = true;
    from = at + 2;
  }
  return result;
}

// Is there nothing, or only spaces that are left out, between a field's begin and `at`?
bool begins_field(std::string_view text, std::size_t begin, std::size_t at, CsvDialect dialect) {
  if (dialect.skip_initial_space)
    while (begin < at && text[begin] == ' ') ++begin;
  return begin == at;
}

void grow(CsvIndex& index, std::size_t used, std::size_t text_bytes) {
  const std::size_t wanted = std::max({index.capacity * 2, text_bytes / 4, std::size_t{256}});
  std::unique_ptr<CsvCell[]> cells(new CsvCell[wanted]);
  std::copy_n(index.cells.get(), used, cells.get());
  index.cells = std::move(cells);
  index.capacity = wanted;
}

}  // namespace

std::uint64_t find_in_eight(std::uint64_t bytes, std::array<char, 4> marks) {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  std::uint64_t found = 0;  // the highest bit of each byte that is one of them
  for (const char mark : marks) {
    const std::uint64_t other = bytes ^ (0x0101010101010101 * static_cast<unsigned char>(mark));
    found |= ~(((other & kLow) + kLow) | other | kLow);
  }
  return ((found >> 7) * 0x0102040810204080) >> 56;
}

void index_rows(CsvIndex& index, std::string_view text, CsvDialect dialect, std::int64_t columns,
                bool last, std::int64_t most, std::size_t limit) {
  KERATIN_ASSERT(text.size() <= kLargestCsvText);
  index.rows = 0;
  index.end = 0;
  index.fault = CsvFault::none;
  const auto stop = [&](CsvFault fault, std::size_t at) {
    index.fault = fault;
    index.fault_at = at;
  };
  std::size_t size = text.size();
  if (const void* nul = text.empty() ? nullptr : std::memchr(text.data(), 0, size)) {
    // Rows before it are whole: their faults come first.
    size = static_cast<std::size_t>(static_cast<const char*>(nul) - text.data());
    text = text.substr(0, size);
    last = false;
    stop(CsvFault::nul, size);
  }
  std::size_t used = 0, row_used = 0;  // cells; before this row
  std::size_t begin = 0, row_begin = 0;
  Closing closed;  // of the field at hand
  const auto end_field = [&](std::size_t at) {
    if (closed.at != kNowhere) {
      index.cells[used++] = {static_cast<std::uint32_t>(begin),
                             static_cast<std::uint32_t>(closed.at), closed.doubled};
      closed = {};
    } else {
      if (dialect.skip_initial_space)
        while (begin < at && text[begin] == ' ') ++begin;
      index.cells[used++] = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at), 0};
    }
    begin = at + 1;
  };
  // False: stop.
  const auto end_row = [&]() {
    const auto found = static_cast<std::int64_t>(used - row_used);
    if (columns == 0) columns = found;
    if (found != columns) {
      stop(CsvFault::ragged, row_begin);
      index.found = found;
      return false;
    }
    row_used = used;
    row_begin = begin;
    index.end = begin;
    return ++index.rows < most && begin < limit;
  };
  Marks marks(text, 0, {.a = dialect.separator, .b = '\n', .c = '\r', .e = '"'});
  bool going = most > 0 && size > 0;
  while (going) {
    if (index.capacity < used + 66) grow(index, used, size);
    while (marks.in_word()) {
      const std::size_t at = marks.take();
      const char mark = text[at];
      if (mark == '"') {
        if (closed.at != kNowhere) {
          stop(CsvFault::after_quote, closed.at);
          going = false;
          break;
        }
        if (at != begin && !begins_field(text, begin, at, dialect)) continue;
        closed = closing_quote(text, at + 1);
        if (closed.at == kNowhere || (!last && closed.at + 1 == size)) {
          if (last) stop(CsvFault::unterminated, row_begin);
          going = false;
          last = false;
          break;
        }
        begin = at + 1;
        marks.jump(closed.at + 1);
        break;  // one field a word at most, as far as room for cells is concerned
      }
      if (closed.at != kNowhere && at != closed.at + 1) {
        stop(CsvFault::after_quote, closed.at);
        going = false;
        break;
      }
      if (mark == dialect.separator) {
        end_field(at);
        continue;
      }
      if (used == row_used && at == begin && closed.at == kNowhere) {  // empty, or the LF of CRLF
        index.end = row_begin = begin = at + 1;
        if (begin < limit) continue;
        going = last = false;
        break;
      }
      end_field(at);
      if (!end_row()) {
        going = false;
        last = false;
        break;
      }
    }
    if (going && !marks.in_word() && !marks.next_word()) break;
  }
  if (last && index.fault == CsvFault::none && (begin < size || used != row_used)) {
    if (index.capacity < used + 1) grow(index, used, size);
    if (closed.at != kNowhere && closed.at + 1 != size) {
      stop(CsvFault::after_quote, closed.at);
    } else {
      end_field(size);
      begin = size;
      end_row();
    }
  }
  if (index.fault == CsvFault::nul && index.rows == most) index.fault = CsvFault::none;
  index.columns = columns;
}

}  // namespace keratin::data::detail
