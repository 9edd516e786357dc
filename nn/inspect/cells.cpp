#include "nn/inspect/cells.h"

#include <algorithm>
#include <iterator>

namespace keratin::detail {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Range {
  char32_t first, last;
};

// Combining marks, zero-width joiners and variation selectors (Unicode categories Mn, Me, Cf).
constexpr Range kNoCells[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x2060, 0x2064}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};

// East Asian Width W and F, and the emoji that are shown as wide.
constexpr Range kTwoCells[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x274C, 0x274C},
    {0x2753, 0x2755},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t c) {
  const Range* range =
      std::lower_bound(std::begin(ranges), std::end(ranges), c,
                       [](const Range& r, char32_t value) { return r.last < value; });
  return range != std::end(ranges) && range->first <= c;
}

std::int64_t cells_of(char32_t c) { return within(kNoCells, c) ? 0 : within(kTwoCells, c) ? 2 : 1; }

struct Decoded {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The shortest form only, no surrogates, nothing past U+10FFFF (RFC 3629).
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, lead >= 0x20 && lead != 0x7F};
  const std::size_t count = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < count) return {};
  char32_t value = lead & (0xFFU >> (count + 1));
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[count] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    return {};
  }
  const bool printable =
      value >= 0xA0 && value != 0xFFFE && value != 0xFFFF;  // C1 controls, no characters
  return {value, count, printable};
}

}  // namespace

std::vector<Glyph> glyphs(std::string_view text) {
  std::vector<Glyph> result;
  while (!text.empty()) {
    const Decoded c = decode(text);
    const std::int64_t cells = c.valid ? cells_of(c.value) : 1;
    if (!c.valid) {
      result.push_back({kReplacement, 1});
    } else if (cells == 0 && !result.empty() &&
               result.back().bytes.data() + result.back().bytes.size() == text.data()) {
      Glyph& base = result.back();
      base.bytes = std::string_view(base.bytes.data(), base.bytes.size() + c.bytes);
    } else {
      result.push_back({text.substr(0, c.bytes), cells});
    }
    text.remove_prefix(c.bytes);
  }
  return result;
}

std::int64_t cell_width(std::string_view text) {
  std::int64_t cells = 0;
  for (const Glyph& glyph : glyphs(text)) cells += glyph.cells;
  return cells;
}

std::string cropped(std::string_view text, std::int64_t cells) {
  const std::vector<Glyph> all = glyphs(text);
  std::string whole, start;
  std::int64_t width = 0;
  for (const Glyph& glyph : all) {
    whole += glyph.bytes;
    width += glyph.cells;
    if (width < cells) start = whole;  // leaves a cell for the ellipsis
  }
  if (width <= cells) return whole;
  return cells <= 0 ? "" : start + "…";
}

std::string aligned(std::string_view text, std::int64_t cells, Align align) {
  std::string result = cropped(text, cells);
  const auto space =
      static_cast<std::size_t>(std::max<std::int64_t>(0, cells - cell_width(result)));
  const std::size_t before = align == Align::left ? 0 : align == Align::right ? space : space / 2;
  return std::string(before, ' ') + result + std::string(space - before, ' ');
}

}  // namespace keratin::detail
