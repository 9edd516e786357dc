// The emulation finds each planted defect under the sanitizer that shows it, and nothing in their
// twins.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace {

struct Outcome {
  int status = -1;  // -1 where this compiler has no such program
  std::string output;
};

Outcome run(const std::string& flavour, const std::string& defect, const std::string& version) {
  const std::string program = KERATIN_DEFECTS_DIR "/keratin_cuda_defects_" + flavour;
  Outcome outcome;
  if (!std::filesystem::exists(program)) return outcome;
  FILE* const pipe =
      popen(fmt::format("ASAN_OPTIONS=exitcode=67 TSAN_OPTIONS=exitcode=66 '{}' {} {} 2>&1",
                        program, defect, version)
                .c_str(),
            "r");
  REQUIRE(pipe != nullptr);
  for (int c; (c = std::fgetc(pipe)) != EOF;) outcome.output += static_cast<char>(c);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return outcome;
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
                           {"unwritten_shared", kWrong, kWrong, 0},
                           {"wrong_fragment", kWrong, kWrong, 0},
                           {"early_ldmatrix", kWrong, kWrong, 0},
                           {"no_barrier_for_ldmatrix", 0, 0, kRace},
                           {"stage_not_awaited", kReported, kReported, kRace},
                           {"wrong_parity", kReported, kReported, kRace},
                           {"early_release", kWrong, kWrong, kRace},
                           {"lost_arrival", kReported, kReported, 0},
                           {"unpublished_mbarrier", kReported, kReported, kReported},
                           {"no_product_fence", kReported, kReported, 0},
                           {"no_product_wait", kWrong, kWrong, kWrong},
                           {"wrong_stride", kWrong, kWrong, kWrong}};

}  // namespace

TEST_CASE("cuda emulation: every planted defect is reported, its twin is not") {
  for (const std::string flavour : {"plain", "address", "thread"}) {
    CAPTURE(flavour);
    const Outcome clean = run(flavour, "none", "clean");
    if (clean.status == -1) {
      MESSAGE("this compiler has no sanitizer \"" << flavour << "\"");
      continue;
    }
    CHECK(clean.status == 0);
    CHECK(clean.output == "");  // a sanitizer that only warns lost its way
    for (const Defect& defect : kDefects) {
      const int expected = flavour == "plain"     ? defect.plain
                           : flavour == "address" ? defect.address
                                                  : defect.thread;
      if (expected == 0 || (flavour == "address" && expected != kBounds)) continue;
      CAPTURE(defect.name);
      CHECK(run(flavour, defect.name, "broken").status == expected);
    }
  }
}
