// The emulation finds each planted defect under the sanitizer that shows it, and nothing in their
// twins.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

// Exit status of the program of this flavour; -1 where this compiler has none.
int status_of(const std::string& flavour, const std::string& defect, const std::string& version) {
  const std::string program = KERATIN_DEFECTS_DIR "/keratin_cuda_defects_" + flavour;
  if (!std::filesystem::exists(program)) return -1;
  const int status = std::system(
      fmt::format("ASAN_OPTIONS=exitcode=67 TSAN_OPTIONS=exitcode=66 '{}' {} {} >/dev/null 2>&1",
                  program, defect, version)
          .c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

struct Defect {
  const char* name;
  int plain, address, thread;  // the exit status; 0: it does not show
};
constexpr int kWrong = 1, kReported = 2, kRace = 66, kBounds = 67;
const Defect kDefects[] = {{"no_barrier_in_loop", kWrong, kWrong, kRace},
                           {"no_column_bound", 0, kBounds, 0},
                           {"shared_overrun", 0, kBounds, 0},
                           {"no_barrier_before_reuse", 0, 0, kRace},
                           {"early_return", kReported, kReported, 0},
                           {"no_syncwarp", kWrong, kWrong, kRace},
                           {"wait_too_short", kWrong, kWrong, 0},
                           {"blocks_overlap", kWrong, kWrong, kRace},
                           {"unwritten_shared", kWrong, kWrong, 0}};

}  // namespace

TEST_CASE("cuda emulation: every planted defect is reported, its twin is not") {
  for (const std::string flavour : {"plain", "address", "thread"}) {
    CAPTURE(flavour);
    const int clean = status_of(flavour, "none", "clean");
    if (clean == -1) {
      MESSAGE("this compiler has no sanitizer \"" << flavour << "\"");
      continue;
    }
    CHECK(clean == 0);
    for (const Defect& defect : kDefects) {
      const int expected = flavour == "plain"     ? defect.plain
                           : flavour == "address" ? defect.address
                                                  : defect.thread;
      if (expected == 0 || (flavour == "address" && expected != kBounds)) continue;
      CAPTURE(defect.name);
      CHECK(status_of(flavour, defect.name, "broken") == expected);
    }
  }
}
