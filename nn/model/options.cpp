#include "nn/model/options.h"

#include <fmt/format.h>

#include <string_view>

namespace keratin {

Verbose::Verbose(const char* automatic) {
  if (std::string_view(automatic) != "auto") {
    throw ValueError(
        fmt::format("verbose: \"{}\" is not known; expected \"auto\", 0, 1 or 2", automatic));
  }
}

Verbose::Verbose(int level) : level_(level) {
  if (level < 0 || level > 2) {
    throw ValueError(fmt::format(
        "verbose: {} is not known; expected 0 (silent), 1 (bar) or 2 (one line an epoch)", level));
  }
}

}  // namespace keratin
