// Before fmt/format.h, as in a user's program.
#include "tensor/text.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace keratin;

TEST_CASE("text: takes the format of a string") {
  CHECK(fmt::format("{}", Shape{2, 3}) == "[2, 3]");
  CHECK(fmt::format("{:>8}|", Shape{2, 3}) == "  [2, 3]|");
  CHECK(fmt::format("{:*^11}|", float32) == "**float32**|");
  CHECK(fmt::format("{:<4.2}|", Shape{2, 3}) == "[2  |");
  CHECK_THROWS_AS((void)fmt::format(fmt::runtime("{:x}"), Shape{2, 3}), fmt::format_error);
}
