#include "data/unicode.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "data/utf8.h"
#include "kernels/error.h"

namespace keratin::data {
namespace {

std::string mapped(const char* what, std::string_view text, int how) {
  const std::size_t good = well_formed_utf8(text);
  if (good != text.size()) {
    throw ValueError(fmt::format("{}: the text is not UTF-8 at byte {}", what, good));
  }
  if (text.empty()) return {};
  utf8proc_uint8_t* found = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &found,
                                             static_cast<utf8proc_option_t>(how));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(found, &std::free);
  if (size < 0) throw ValueError(fmt::format("{}: {}", what, utf8proc_errmsg(size)));
  return {reinterpret_cast<const char*>(owned.get()), static_cast<std::size_t>(size)};
}

}  // namespace

std::string fold_case(std::string_view text) {
  return mapped(
      "fold_case", text,
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

std::string normalized(std::string_view text, std::string_view form) {
  int how = UTF8PROC_STABLE;
  if (form == "NFC" || form == "NFKC") {
    how |= UTF8PROC_COMPOSE;
  } else if (form == "NFD" || form == "NFKD") {
    how |= UTF8PROC_DECOMPOSE;
  } else {
    throw ValueError(
        fmt::format("normalized: form is \"{}\"; expected NFC, NFD, NFKC or NFKD", form));
  }
  if (form == "NFKC" || form == "NFKD") how |= UTF8PROC_COMPAT;
  return mapped("normalized", text, how);
}

}  // namespace keratin::data
