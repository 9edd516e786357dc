#pragma once

#if defined(__unix__)
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace keratin::tests {

// What `body` writes to stderr.
template <class F>
std::string written_to_stderr(F body) {
  std::fflush(stderr);
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int kept = dup(2);
  dup2(fileno(file), 2);
  body();
  std::fflush(stderr);
  dup2(kept, 2);
  close(kept);
  std::rewind(file);
  std::string text(10'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

}  // namespace keratin::tests
#endif
