#include "nn/inspect/progress_bar.h"

#include <doctest/doctest.h>

#include <string>

#include "nn/inspect/cells.h"
#include "tests/golden/inspect.h"

namespace keratin::tests {
namespace {

struct Recorder {
  double seconds = 0;
  std::string text = {};

  ProgressBarOptions with(ProgressBarOptions options) {
    options.sink = [this](std::string_view part) { text += part; };
    options.clock = [this] { return seconds; };
    return options;
  }
  std::string taken() { return std::exchange(text, ""); }
};

TEST_CASE("ProgressBar prints what Keras prints") {
  for (const golden::Bar& bar : golden::bars()) {
    for (const bool terminal : {true, false}) {
      CAPTURE(bar.name);
      CAPTURE(terminal);
      Recorder recorder;
      ProgressBarOptions options = recorder.with(bar.options);
      options.terminal = terminal;
      options.columns = 1000;
      ProgressBar progress(bar.target, options);
      for (const golden::BarUpdate& update : bar.updates) {
        recorder.seconds = update.seconds;
        progress.update(update.current, update.values, update.finalize);
        CHECK(recorder.taken() == (terminal ? update.terminal : update.plain));
      }
    }
  }
}

TEST_CASE("ProgressBar in a file: one line, or lines some seconds apart where they are asked for") {
  struct Case {
    std::optional<double> interval;
    std::string text;
  };
  const std::string last = "100/100 ━━━━━━━━━━━━━━━━━━━━ 12s 125ms/step - loss: 0.0100\n";
  for (const Case& c :
       {Case{{}, last}, Case{5,
                             "  1/100 ━━━━━━━━━━━━━━━━━━━━ 12s 125ms/step - loss: 1.0000\n"
                             " 41/100 ━━━━━━━━━━━━━━━━━━━━ 7s 125ms/step - loss: 0.0244\n"
                             " 81/100 ━━━━━━━━━━━━━━━━━━━━ 2s 125ms/step - loss: 0.0123\n" +
                                 last}}) {
    Recorder recorder;
    ProgressBar bar(100, recorder.with({.interval = c.interval}));
    for (int step = 1; step <= 100; ++step) {
      recorder.seconds += 0.125;
      bar.update(step, {{"loss", 1.0 / step}});
    }
    CHECK(recorder.text == c.text);
  }
}

TEST_CASE("ProgressBar on a narrow terminal: only the last line may wrap") {
  Recorder recorder;
  ProgressBarOptions options = recorder.with({.interval = 0});
  options.terminal = true;
  options.columns = 40;
  ProgressBar bar(10, options);
  bar.update(1, {{"a_long_name", 1}});
  CHECK(recorder.taken() ==
        "\r\x1b[1m 1/10\x1b[0m \x1b[32m━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m "
        "0s/step …");
  bar.update(10, {{"a_long_name", 1}});
  CHECK(recorder.taken() ==
        std::string(39, '\b') +
            "\r\x1b[1m10/10\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 0s/step - "
            "a_long_name: 1.0000\n");
}

TEST_CASE("ProgressBar: add, due and a target found later") {
  Recorder recorder;
  ProgressBar bar({}, recorder.with({.interval = 1}));
  CHECK(bar.due());
  bar.add(3);
  CHECK(!bar.due());
  recorder.seconds = 1;
  CHECK(bar.due());
  CHECK(recorder.taken() == "      3/Unknown 0s 0s/step\n");
  bar.set_target(5);
  CHECK(bar.target() == 5);
  bar.add(2);
  CHECK(recorder.taken() == "5/5 ━━━━━━━━━━━━━━━━━━━━ 1s 200ms/step\n");
}

TEST_CASE("ProgressBar past its target stays whole") {
  Recorder recorder;
  ProgressBar bar(4, recorder.with({}));
  bar.update(6);
  CHECK(recorder.text == "6/4 ━━━━━━━━━━━━━━━━━━━━ 0s 0s/step\n");
}

TEST_CASE("ProgressBar with an unknown target prints one line only when it is known") {
  Recorder recorder;
  ProgressBar bar({}, recorder.with({.verbose = 2}));
  bar.update(7, {}, true);
  CHECK(recorder.text == "");
  CHECK(!bar.due());
  bar.set_target(7);
  bar.update(7, {}, true);
  CHECK(recorder.text == "7/7 - 0s - 0s/step\n");
}

TEST_CASE("ProgressBar refuses options out of range") {
  CHECK_THROWS_WITH_AS(ProgressBar(-1), "ProgressBar: target is -1; expected 0 or more steps",
                       ValueError);
  CHECK_THROWS_WITH_AS(ProgressBar(5).update(-2),
                       "ProgressBar: current is -2; expected 0 or more steps", ValueError);
  CHECK_THROWS_AS(ProgressBar(5, {.verbose = 3}), ValueError);
  CHECK_THROWS_AS(ProgressBar(5, {.width = -1}), ValueError);
  CHECK_THROWS_AS(ProgressBar(5, {.interval = -0.5}), ValueError);
  CHECK_THROWS_AS(ProgressBar(5, {.stateful_metrics = {"a"}, .stateless_metrics = {"b"}}),
                  ValueError);
}

}  // namespace
}  // namespace keratin::tests
