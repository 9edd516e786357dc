// keratin_race [--filter=REGEX] [--rounds=N] [--slice=SECONDS] [--markdown=FILE] [--revision=TEXT]
//              [--random=N [--seed=N]]
//
// Prints a row for each contest, then where keratin loses. FILE gets the same as Markdown. --random:
// N contests on random shapes, in place of the listed ones.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <string>

#include "bench/race/report.h"
#include "kernels/error.h"

namespace keratin::bench {
namespace {

constexpr const char* kUsage =
    "usage: keratin_race [--filter=REGEX] [--rounds=N] [--slice=SECONDS] [--markdown=FILE]\n"
    "                    [--revision=TEXT] [--random=N [--seed=N]]\n";

int run(int argc, char** argv) {
  RaceOptions options;
  std::string markdown, revision = "unknown";
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&](const char* name) -> const char* {
      const std::string start = std::string("--") + name + '=';
      return argument.rfind(start, 0) == 0 ? argv[i] + start.size() : nullptr;
    };
    if (const char* text = value("filter")) {
      options.filter = text;
    } else if (const char* text = value("rounds")) {
      options.rounds = std::atoi(text);
    } else if (const char* text = value("slice")) {
      options.slice = std::atof(text);
    } else if (const char* text = value("random")) {
      options.random = std::atoi(text);
    } else if (const char* text = value("seed")) {
      options.seed = std::strtoull(text, nullptr, 10);
    } else if (const char* text = value("markdown")) {
      markdown = text;
    } else if (const char* text = value("revision")) {
      revision = text;
    } else {
      fmt::print(stderr, "{}", kUsage);
      return 2;
    }
  }
  if (options.rounds < 1 || options.slice < 0 || options.random < 0) {
    fmt::print(stderr,
               "keratin_race: rounds is {}, slice {}, random {}; expected at least 1, 0 and 0\n",
               options.rounds, options.slice, options.random);
    return 2;
  }
  fmt::print("{}\n{}", field_text(), table_head());
  const std::vector<Result> results = race(options, [](const Result& result) {
    fmt::print("{}", table_row(result));
    std::fflush(stdout);
  });
  fmt::print("\n{}", summary_text(results));
  if (!markdown.empty()) {
    std::ofstream file(markdown);
    file << markdown_text(results, revision);
    if (!file.flush()) {
      fmt::print(stderr, "keratin_race: {} cannot be written\n", markdown);
      return 1;
    }
  }
  for (const Result& result : results)
    if (!result.mistakes.empty()) return 1;
  return 0;
}

}  // namespace
}  // namespace keratin::bench

int main(int argc, char** argv) {
  try {
    return keratin::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "keratin_race: {}\n", error.what());
    return 1;
  }
}
