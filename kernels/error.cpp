#include "kernels/error.h"

#include <fmt/format.h>

namespace keratin::kernels {

void assertion_failed(const char* expression, const char* file, int line) {
  throw Error(fmt::format("{}:{}: internal error: {} does not hold; please report it", file, line,
                          expression));
}

}  // namespace keratin::kernels
