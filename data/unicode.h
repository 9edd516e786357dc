#pragma once

#include <string>
#include <string_view>

namespace keratin::data {

/// UTF-8 without differences of case and of writing, to compare words of any language: "Straße" and
/// "STRASSE" become "strasse", "ﬁ" becomes "fi". Invisible characters go. It is a function to
/// standardize texts with, in TextVectorization or in a pipeline's map.
/// Throws ValueError with the place of bytes that are not UTF-8.
/// Source: Unicode 3.13 and 5.18, toNFKC_Casefold; by utf8proc.
std::string fold_case(std::string_view text);

/// One of Unicode's normalization forms: NFC, NFD, NFKC or NFKD. Throws ValueError for another, and
/// for bytes that are not UTF-8.
/// Source: Unicode Standard Annex #15; by utf8proc.
std::string normalized(std::string_view text, std::string_view form);

}  // namespace keratin::data
