#include "data/unicode.h"

#include "kernels/error.h"
#include "nn/layers/preprocessing/text_vectorization.h"
#include "tests/support.h"

namespace keratin::tests {

// Expected: unicodedata.normalize and str.casefold of Python 3.11.
TEST_CASE("unicode: case and writing") {
  using data::fold_case;
  CHECK(fold_case("Straße") == "strasse");
  CHECK(fold_case("ÀÉÎ Ǆ ﬁ ① Ａ") == "àéî dž fi 1 a");
  CHECK(fold_case("e\u0301") == "é");
  CHECK(fold_case("ΣΊΣΥΦΟΣ") == "σίσυφοσ");
  CHECK(fold_case("a\u00ad"
                  "b\u200b") == "ab");
  CHECK(fold_case("") == "");
  CHECK(fold_case(std::string("a\0B", 3)) == std::string("a\0b", 3));
  CHECK_THROWS_WITH_AS((void)fold_case("ab\xff"), doctest::Contains("not UTF-8 at byte 2"),
                       ValueError);
}

TEST_CASE("unicode: normalization forms") {
  using data::normalized;
  const std::string text = "é e\u0301 ﬁ 가";
  CHECK(normalized(text, "NFC") == "é é ﬁ 가");
  CHECK(normalized(text, "NFD") == "e\u0301 e\u0301 ﬁ \u1100\u1161");
  CHECK(normalized(text, "NFKC") == "é é fi 가");
  CHECK(normalized(text, "NFKD") == "e\u0301 e\u0301 fi \u1100\u1161");
  CHECK_THROWS_WITH_AS((void)normalized("a", "nfc"), doctest::Contains("expected NFC"), ValueError);
}

TEST_CASE("unicode: words of a vocabulary without their case") {
  layers::TextVectorization vectorize({.standardize = data::fold_case});
  vectorize.adapt(Tensor::strings({"ÉLAN élan Straße"}));
  CHECK(vectorize.get_vocabulary(false) == std::vector<std::string>{"élan", "strasse"});
}

}  // namespace keratin::tests
