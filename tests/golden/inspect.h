// Made by make_inspect.py; see there. Keras 3.15.1.
// clang-format off
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/inspect/progress_bar.h"
#include "nn/inspect/summary.h"

namespace keratin::tests::golden {

struct BarUpdate {
  double seconds;
  std::int64_t current;
  Logs values;
  std::optional<bool> finalize;
  std::string_view terminal, plain;  // what it draws; nothing where the last drawing is too recent
};
struct Bar {
  std::string_view name;
  std::optional<std::int64_t> target;
  ProgressBarOptions options;
  std::vector<BarUpdate> updates;
};
struct SummaryCase {
  detail::Summary summary;
  SummaryOptions options;
  std::int64_t columns;
  std::string_view text;
};

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline std::vector<Bar> bars() {
  return {
    {"an epoch of fit", 1875,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.9, 1, {{"accuracy", 0.125}, {"loss", 2.3456789}}, false,
       "\r\x1b[1m   1/1875\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m28:06\x1b[0m 900ms/step - accuracy: 0.1250 - loss: 2.3457",
       "   1/1875 ━━━━━━━━━━━━━━━━━━━━ 28:06 900ms/step - accuracy: 0.1250 - loss: 2.3457\n"},
      {0.91, 5, {{"accuracy", 0.15}, {"loss", 2.29}}, false,
       "",
       ""},
      {1.0, 60, {{"accuracy", 0.3125}, {"loss", 1.9}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m  60/1875\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 2ms/step - accuracy: 0.3125 - loss: 1.9000     ",
       "  60/1875 ━━━━━━━━━━━━━━━━━━━━ 3s 2ms/step - accuracy: 0.3125 - loss: 1.9000\n"},
      {2.5, 900, {{"accuracy", 0.87654}, {"loss", 0.4321}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m 900/1875\x1b[0m \x1b[32m━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━\x1b[0m \x1b[1m1s\x1b[0m 2ms/step - accuracy: 0.8765 - loss: 0.4321",
       " 900/1875 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.8765 - loss: 0.4321\n"},
      {4.2, 1875, {{"accuracy", 0.91263}, {"loss", 0.29529}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m1875/1875\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 2ms/step - accuracy: 0.9126 - loss: 0.2953",
       "1875/1875 ━━━━━━━━━━━━━━━━━━━━ 0s 2ms/step - accuracy: 0.9126 - loss: 0.2953\n"},
      {4.6, 1875, {{"accuracy", 0.91263}, {"loss", 0.29529}, {"val_accuracy", 0.9583}, {"val_loss", 0.1402}}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m1875/1875\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m5s\x1b[0m 2ms/step - accuracy: 0.9126 - loss: 0.2953 - val_accuracy: 0.9583 - val_loss: 0.1402\n",
       "1875/1875 ━━━━━━━━━━━━━━━━━━━━ 5s 2ms/step - accuracy: 0.9126 - loss: 0.2953 - val_accuracy: 0.9583 - val_loss: 0.1402\n"},
     }},
    {"finalized by its target", 3,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {{"loss", 1.5}}, std::nullopt,
       "\r\x1b[1m1/3\x1b[0m \x1b[32m━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━\x1b[0m \x1b[1m2s\x1b[0m 1s/step - loss: 1.5000",
       "1/3 ━━━━━━━━━━━━━━━━━━━━ 2s 1s/step - loss: 1.5000\n"},
      {2.0, 2, {{"loss", 1.0}}, std::nullopt,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/3\x1b[0m \x1b[32m━━━━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━\x1b[0m \x1b[1m1s\x1b[0m 1s/step - loss: 1.0000",
       "2/3 ━━━━━━━━━━━━━━━━━━━━ 1s 1s/step - loss: 1.0000\n"},
      {3.0, 3, {{"loss", 0.5}}, std::nullopt,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 1s/step - loss: 0.5000\n",
       "3/3 ━━━━━━━━━━━━━━━━━━━━ 3s 1s/step - loss: 0.5000\n"},
     }},
    {"length unknown", std::nullopt,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.2, 1, {{"loss", 2.0}}, false,
       "\r      1/Unknown \x1b[1m0s\x1b[0m 200ms/step - loss: 2.0000",
       "      1/Unknown 0s 200ms/step - loss: 2.0000\n"},
      {0.4, 2, {{"loss", 1.0}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r      2/Unknown \x1b[1m0s\x1b[0m 200ms/step - loss: 1.0000",
       "      2/Unknown 0s 200ms/step - loss: 1.0000\n"},
      {61.5, 123, {{"loss", 0.75}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r    123/Unknown \x1b[1m62s\x1b[0m 502ms/step - loss: 0.7500",
       "    123/Unknown 62s 502ms/step - loss: 0.7500\n"},
      {62.5, 124, {{"loss", 0.7}}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r    124/Unknown \x1b[1m62s\x1b[0m 507ms/step - loss: 0.7000\n",
       "    124/Unknown 62s 507ms/step - loss: 0.7000\n"},
     }},
    {"nothing to do", 0,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.5, 0, {}, true,
       "\r      0/Unknown \x1b[1m0s\x1b[0m 0s/step\n",
       "      0/Unknown 0s 0s/step\n"},
     }},
    {"no values", 40,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.1, 1, {}, false,
       "\r\x1b[1m 1/40\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 100ms/step",
       " 1/40 ━━━━━━━━━━━━━━━━━━━━ 3s 100ms/step\n"},
      {0.3, 20, {}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m20/40\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 11ms/step ",
       "20/40 ━━━━━━━━━━━━━━━━━━━━ 0s 11ms/step\n"},
      {0.5, 40, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m40/40\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 10ms/step\n",
       "40/40 ━━━━━━━━━━━━━━━━━━━━ 0s 10ms/step\n"},
     }},
    {"one line", 1875,
     {.width = 20, .verbose = 2, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {{"loss", 2.0}}, false,
       "",
       ""},
      {2.0, 900, {{"loss", 1.0}}, false,
       "",
       ""},
      {3.75, 1875, {{"accuracy", 0.9126}, {"loss", 0.2953}}, true,
       "1875/1875 - 4s - 1ms/step - loss: 0.2953 - accuracy: 0.9126\n",
       "1875/1875 - 4s - 1ms/step - loss: 0.2953 - accuracy: 0.9126\n"},
     }},
    {"silent", 2,
     {.width = 20, .verbose = 0, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {{"loss", 2.0}}, false,
       "",
       ""},
      {2.0, 2, {{"loss", 1.0}}, true,
       "",
       ""},
     }},
    {"averaged", 4,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {"loss"}, .unit_name = "step"},
     {
      {1.0, 1, {{"loss", 4.0}, {"lr", 0.1}}, false,
       "\r\x1b[1m1/4\x1b[0m \x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 1s/step - loss: 4.0000 - lr: 0.1000",
       "1/4 ━━━━━━━━━━━━━━━━━━━━ 3s 1s/step - loss: 4.0000 - lr: 0.1000\n"},
      {2.0, 3, {{"loss", 1.0}, {"lr", 0.01}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m3/4\x1b[0m \x1b[32m━━━━━━━━━━━━━━━\x1b[0m\x1b[37m━━━━━\x1b[0m \x1b[1m0s\x1b[0m 500ms/step - loss: 2.0000 - lr: 0.0100",
       "3/4 ━━━━━━━━━━━━━━━━━━━━ 0s 500ms/step - loss: 2.0000 - lr: 0.0100\n"},
      {2.01, 3, {{"loss", 2.0}, {"lr", 0.01}}, false,
       "",
       ""},
      {3.0, 4, {{"loss", 0.5}, {"lr", 0.01}}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m4/4\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 667ms/step - loss: 0.5000 - lr: 0.0100\n",
       "4/4 ━━━━━━━━━━━━━━━━━━━━ 3s 667ms/step - loss: 0.5000 - lr: 0.0100\n"},
     }},
    {"averaged but for one", 4,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {"lr"},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {{"loss", 4.0}, {"lr", 0.1}}, false,
       "\r\x1b[1m1/4\x1b[0m \x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 1s/step - loss: 4.0000 - lr: 0.1000",
       "1/4 ━━━━━━━━━━━━━━━━━━━━ 3s 1s/step - loss: 4.0000 - lr: 0.1000\n"},
      {2.0, 3, {{"loss", 1.0}, {"lr", 0.01}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m3/4\x1b[0m \x1b[32m━━━━━━━━━━━━━━━\x1b[0m\x1b[37m━━━━━\x1b[0m \x1b[1m0s\x1b[0m 500ms/step - loss: 2.0000 - lr: 0.0100",
       "3/4 ━━━━━━━━━━━━━━━━━━━━ 0s 500ms/step - loss: 2.0000 - lr: 0.0100\n"},
      {3.0, 4, {{"loss", 0.5}, {"lr", 0.01}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m4/4\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 667ms/step - loss: 1.6250 - lr: 0.0100",
       "4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 667ms/step - loss: 1.6250 - lr: 0.0100\n"},
     }},
    {"numbers", 3,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {{"zero", 0.0}, {"tiny", 1.2345e-07}, {"edge", 0.001}, {"above", 0.0010001}, {"minus", -0.5}, {"little", -0.0005}}, false,
       "\r\x1b[1m1/3\x1b[0m \x1b[32m━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━\x1b[0m \x1b[1m2s\x1b[0m 1s/step - zero: 0.0000e+00 - tiny: 1.2345e-07 - edge: 1.0000e-03 - above: 0.0010 - minus: -0.5000 - little: -5.0000e-04",
       "1/3 ━━━━━━━━━━━━━━━━━━━━ 2s 1s/step - zero: 0.0000e+00 - tiny: 1.2345e-07 - edge: 1.0000e-03 - above: 0.0010 - minus: -0.5000 - little: -5.0000e-04\n"},
      {2.0, 2, {{"nan", kNaN}, {"inf", kInfinity}, {"low", -kInfinity}, {"large", 123456789.123}, {"half", 0.00125}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/3\x1b[0m \x1b[32m━━━━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━\x1b[0m \x1b[1m1s\x1b[0m 1s/step - zero: 0.0000e+00 - tiny: 1.2345e-07 - edge: 1.0000e-03 - above: 0.0010 - minus: -0.5000 - little: -5.0000e-04 - nan: nan - inf: inf - low: -inf - large: 123456789.1230 - half: 0.0013",
       "2/3 ━━━━━━━━━━━━━━━━━━━━ 1s 1s/step - zero: 0.0000e+00 - tiny: 1.2345e-07 - edge: 1.0000e-03 - above: 0.0010 - minus: -0.5000 - little: -5.0000e-04 - nan: nan - inf: inf - low: -inf - large: 123456789.1230 - half: 0.0013\n"},
      {3.0, 3, {{"five", 0.12345}, {"huge", 1e+300}}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 1s/step - zero: 0.0000e+00 - tiny: 1.2345e-07 - edge: 1.0000e-03 - above: 0.0010 - minus: -0.5000 - little: -5.0000e-04 - nan: nan - inf: inf - low: -inf - large: 123456789.1230 - half: 0.0013 - five: 0.1235 - huge: 1000000000000000052504760255204420248704468581108159154915854115511802457988908195786371375080447864043704443832883878176942523235360430575644792184786706982848387200926575803737830233794788090059368953234970799945081119038967640880074652742780142494579258788820056842838115669472196386865459400540160.0000\n",
       "3/3 ━━━━━━━━━━━━━━━━━━━━ 3s 1s/step - zero: 0.0000e+00 - tiny: 1.2345e-07 - edge: 1.0000e-03 - above: 0.0010 - minus: -0.5000 - little: -5.0000e-04 - nan: nan - inf: inf - low: -inf - large: 123456789.1230 - half: 0.0013 - five: 0.1235 - huge: 1000000000000000052504760255204420248704468581108159154915854115511802457988908195786371375080447864043704443832883878176942523235360430575644792184786706982848387200926575803737830233794788090059368953234970799945081119038967640880074652742780142494579258788820056842838115669472196386865459400540160.0000\n"},
     }},
    {"0.00015 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.00015, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 150us/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 0s 150us/step\n"},
      {0.0003, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 150us/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 0s 150us/step\n"},
     }},
    {"0.0154 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.0154, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 15ms/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 0s 15ms/step\n"},
      {0.0308, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 15ms/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 0s 15ms/step\n"},
     }},
    {"0.9999996 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.9999996, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 1000ms/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 0s 1000ms/step\n"},
      {1.9999992, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m2s\x1b[0m 1000ms/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 2s 1000ms/step\n"},
     }},
    {"1.0 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m1s\x1b[0m 1s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 1s 1s/step\n"},
      {2.0, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m2s\x1b[0m 1s/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 2s 1s/step\n"},
     }},
    {"2.5 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {2.5, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m2s\x1b[0m 2s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 2s 2s/step\n"},
      {5.0, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m5s\x1b[0m 2s/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 5s 2s/step\n"},
     }},
    {"60.0 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {60.0, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m60s\x1b[0m 60s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 60s 60s/step\n"},
      {120.0, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m120s\x1b[0m 60s/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 120s 60s/step\n"},
     }},
    {"60.6 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {60.6, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m1:00\x1b[0m 61s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 1:00 61s/step\n"},
      {121.2, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m121s\x1b[0m 61s/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 121s 61s/step\n"},
     }},
    {"3600.0 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {3600.0, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m60:00\x1b[0m 3600s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 60:00 3600s/step\n"},
      {7200.0, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m7200s\x1b[0m 3600s/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 7200s 3600s/step\n"},
     }},
    {"3601.0 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {3601.0, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m1:00:01\x1b[0m 3601s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 1:00:01 3601s/step\n"},
      {7202.0, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m7202s\x1b[0m 3601s/step  \n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 7202s 3601s/step\n"},
     }},
    {"7384.9 s a step", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {7384.9, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m2:03:04\x1b[0m 7385s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 2:03:04 7385s/step\n"},
      {14769.8, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m14770s\x1b[0m 7385s/step \n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 14770s 7385s/step\n"},
     }},
    {"no time", 2,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {0.0, 1, {}, false,
       "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 0s/step",
       "1/2 ━━━━━━━━━━━━━━━━━━━━ 0s 0s/step\n"},
      {0.0, 2, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 0s/step\n",
       "2/2 ━━━━━━━━━━━━━━━━━━━━ 0s 0s/step\n"},
     }},
    {"a shorter text", 100,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {100.0, 1, {{"loss", 10.0}, {"zz_long_name", 1e-09}}, false,
       "\r\x1b[1m  1/100\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m2:45:00\x1b[0m 100s/step - loss: 10.0000 - zz_long_name: 1.0000e-09",
       "  1/100 ━━━━━━━━━━━━━━━━━━━━ 2:45:00 100s/step - loss: 10.0000 - zz_long_name: 1.0000e-09\n"},
      {100.1, 99, {{"loss", 1.0}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m 99/100\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m━\x1b[0m \x1b[1m0s\x1b[0m 1ms/step - loss: 1.0000 - zz_long_name: 1.0000e-09       ",
       " 99/100 ━━━━━━━━━━━━━━━━━━━━ 0s 1ms/step - loss: 1.0000 - zz_long_name: 1.0000e-09\n"},
      {100.2, 100, {{"loss", 1.0}}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m100/100\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m100s\x1b[0m 2ms/step - loss: 1.0000 - zz_long_name: 1.0000e-09\n",
       "100/100 ━━━━━━━━━━━━━━━━━━━━ 100s 2ms/step - loss: 1.0000 - zz_long_name: 1.0000e-09\n"},
     }},
    {"a shorter text in one value", 100,
     {.width = 20, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {{"loss", 123456.0}}, false,
       "\r\x1b[1m  1/100\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m1:39\x1b[0m 1s/step - loss: 123456.0000",
       "  1/100 ━━━━━━━━━━━━━━━━━━━━ 1:39 1s/step - loss: 123456.0000\n"},
      {2.0, 50, {{"loss", 1.0}}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m 50/100\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m1s\x1b[0m 20ms/step - loss: 1.0000     ",
       " 50/100 ━━━━━━━━━━━━━━━━━━━━ 1s 20ms/step - loss: 1.0000\n"},
      {3.0, 100, {{"loss", 1.0}}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m100/100\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 20ms/step - loss: 1.0000\n",
       "100/100 ━━━━━━━━━━━━━━━━━━━━ 3s 20ms/step - loss: 1.0000\n"},
     }},
    {"narrow, of samples", 1000,
     {.width = 10, .verbose = 1, .interval = 0.05, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "sample"},
     {
      {1.0, 99, {}, false,
       "\r\x1b[1m  99/1000\x1b[0m \x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m9s\x1b[0m 10ms/sample",
       "  99/1000 ━━━━━━━━━━ 9s 10ms/sample\n"},
      {2.0, 100, {}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m 100/1000\x1b[0m \x1b[32m━\x1b[0m\x1b[37m━━━━━━━━━\x1b[0m \x1b[1m18s\x1b[0m 20ms/sample",
       " 100/1000 ━━━━━━━━━━ 18s 20ms/sample\n"},
      {3.0, 999, {}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m 999/1000\x1b[0m \x1b[32m━━━━━━━━━\x1b[0m\x1b[37m━\x1b[0m \x1b[1m0s\x1b[0m 3ms/sample  ",
       " 999/1000 ━━━━━━━━━━ 0s 3ms/sample\n"},
      {4.0, 1000, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m1000/1000\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m \x1b[1m4s\x1b[0m 4ms/sample\n",
       "1000/1000 ━━━━━━━━━━ 4s 4ms/sample\n"},
     }},
    {"slow to draw", 9,
     {.width = 20, .verbose = 1, .interval = 2.0, .stateful_metrics = {},
      .stateless_metrics = {}, .unit_name = "step"},
     {
      {1.0, 1, {}, false,
       "\r\x1b[1m1/9\x1b[0m \x1b[32m━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m8s\x1b[0m 1s/step",
       "1/9 ━━━━━━━━━━━━━━━━━━━━ 8s 1s/step\n"},
      {2.9, 2, {}, false,
       "",
       ""},
      {3.0, 3, {}, false,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m3/9\x1b[0m \x1b[32m━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━\x1b[0m \x1b[1m6s\x1b[0m 1s/step",
       "3/9 ━━━━━━━━━━━━━━━━━━━━ 6s 1s/step\n"},
      {4.9, 4, {}, false,
       "",
       ""},
      {5.0, 9, {}, true,
       "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\x1b[1m9/9\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m5s\x1b[0m 500ms/step\n",
       "9/9 ━━━━━━━━━━━━━━━━━━━━ 5s 500ms/step\n"},
     }},
  };
}

inline std::vector<SummaryCase> summaries() {
  return {
    {{.model_name = "digits",
      .rows = {
       {.name = "conv2d", .class_name = "Conv2D",
        .output_shape = "(None, 26, 26, 32)", .params = 320,
        .connected_to = "input_layer[0][0]", .trainable = true, .nesting = 0},
       {.name = "max_pooling2d", .class_name = "MaxPooling2D",
        .output_shape = "(None, 13, 13, 32)", .params = 0,
        .connected_to = "conv2d[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "batch_normalization", .class_name = "BatchNormalization",
        .output_shape = "(None, 13, 13, 32)", .params = 128,
        .connected_to = "max_pooling2d[0][0]", .trainable = true, .nesting = 0},
       {.name = "flatten", .class_name = "Flatten",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "batch_normalization[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dropout", .class_name = "Dropout",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "flatten[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dense", .class_name = "Dense",
        .output_shape = "(None, 10)", .params = 54090,
        .connected_to = "dropout[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = false, .trainable = {54474, 217896}, .non_trainable = {64, 256},
      .optimizer = std::nullopt},
     {}, 80,
R"(Model: "digits"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                 │ (None, 26, 26, 32)     │           320 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d (MaxPooling2D)    │ (None, 13, 13, 32)     │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization             │ (None, 13, 13, 32)     │           128 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flatten (Flatten)               │ (None, 5408)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dropout (Dropout)               │ (None, 5408)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 10)             │        54,090 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 54,538 (213.04 KB)
 Trainable params: 54,474 (212.79 KB)
 Non-trainable params: 64 (256.00 B)
)"},
    {{.model_name = "digits",
      .rows = {
       {.name = "conv2d", .class_name = "Conv2D",
        .output_shape = "(None, 26, 26, 32)", .params = 320,
        .connected_to = "input_layer[0][0]", .trainable = true, .nesting = 0},
       {.name = "max_pooling2d", .class_name = "MaxPooling2D",
        .output_shape = "(None, 13, 13, 32)", .params = 0,
        .connected_to = "conv2d[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "batch_normalization", .class_name = "BatchNormalization",
        .output_shape = "(None, 13, 13, 32)", .params = 128,
        .connected_to = "max_pooling2d[0][0]", .trainable = true, .nesting = 0},
       {.name = "flatten", .class_name = "Flatten",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "batch_normalization[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dropout", .class_name = "Dropout",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "flatten[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dense", .class_name = "Dense",
        .output_shape = "(None, 10)", .params = 54090,
        .connected_to = "dropout[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = false, .trainable = {54474, 217896}, .non_trainable = {64, 256},
      .optimizer = std::nullopt},
     {}, 120,
R"(Model: "digits"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                      │ (None, 26, 26, 32)          │             320 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ max_pooling2d (MaxPooling2D)         │ (None, 13, 13, 32)          │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ batch_normalization                  │ (None, 13, 13, 32)          │             128 │
│ (BatchNormalization)                 │                             │                 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ flatten (Flatten)                    │ (None, 5408)                │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dropout (Dropout)                    │ (None, 5408)                │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dense (Dense)                        │ (None, 10)                  │          54,090 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 54,538 (213.04 KB)
 Trainable params: 54,474 (212.79 KB)
 Non-trainable params: 64 (256.00 B)
)"},
    {{.model_name = "digits",
      .rows = {
       {.name = "conv2d", .class_name = "Conv2D",
        .output_shape = "(None, 26, 26, 32)", .params = 320,
        .connected_to = "input_layer[0][0]", .trainable = true, .nesting = 0},
       {.name = "max_pooling2d", .class_name = "MaxPooling2D",
        .output_shape = "(None, 13, 13, 32)", .params = 0,
        .connected_to = "conv2d[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "batch_normalization", .class_name = "BatchNormalization",
        .output_shape = "(None, 13, 13, 32)", .params = 128,
        .connected_to = "max_pooling2d[0][0]", .trainable = true, .nesting = 0},
       {.name = "flatten", .class_name = "Flatten",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "batch_normalization[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dropout", .class_name = "Dropout",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "flatten[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dense", .class_name = "Dense",
        .output_shape = "(None, 10)", .params = 54090,
        .connected_to = "dropout[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = false, .trainable = {54474, 217896}, .non_trainable = {64, 256},
      .optimizer = std::nullopt},
     {.show_trainable = true}, 80,
R"(Model: "digits"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)                ┃ Output Shape          ┃    Param # ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━┩
│ conv2d (Conv2D)             │ (None, 26, 26, 32)    │        320 │   Y   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ max_pooling2d               │ (None, 13, 13, 32)    │          0 │   -   │
│ (MaxPooling2D)              │                       │            │       │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ batch_normalization         │ (None, 13, 13, 32)    │        128 │   Y   │
│ (BatchNormalization)        │                       │            │       │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ flatten (Flatten)           │ (None, 5408)          │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ dropout (Dropout)           │ (None, 5408)          │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ dense (Dense)               │ (None, 10)            │     54,090 │   Y   │
└─────────────────────────────┴───────────────────────┴────────────┴───────┘
 Total params: 54,538 (213.04 KB)
 Trainable params: 54,474 (212.79 KB)
 Non-trainable params: 64 (256.00 B)
)"},
    {{.model_name = "digits",
      .rows = {
       {.name = "conv2d", .class_name = "Conv2D",
        .output_shape = "(None, 26, 26, 32)", .params = 320,
        .connected_to = "input_layer[0][0]", .trainable = true, .nesting = 0},
       {.name = "max_pooling2d", .class_name = "MaxPooling2D",
        .output_shape = "(None, 13, 13, 32)", .params = 0,
        .connected_to = "conv2d[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "batch_normalization", .class_name = "BatchNormalization",
        .output_shape = "(None, 13, 13, 32)", .params = 128,
        .connected_to = "max_pooling2d[0][0]", .trainable = true, .nesting = 0},
       {.name = "flatten", .class_name = "Flatten",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "batch_normalization[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dropout", .class_name = "Dropout",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "flatten[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dense", .class_name = "Dense",
        .output_shape = "(None, 10)", .params = 54090,
        .connected_to = "dropout[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = false, .trainable = {54474, 217896}, .non_trainable = {64, 256},
      .optimizer = std::nullopt},
     {.line_length = 60, .positions = {0.5, 0.75, 0.9}}, 80,
R"(Model: "digits"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape  ┃  Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━┩
│ conv2d (Conv2D)               │ (None, 26,    │      320 │
│                               │ 26, 32)       │          │
├───────────────────────────────┼───────────────┼──────────┤
│ max_pooling2d (MaxPooling2D)  │ (None, 13,    │        0 │
│                               │ 13, 32)       │          │
├───────────────────────────────┼───────────────┼──────────┤
│ batch_normalization           │ (None, 13,    │      128 │
│ (BatchNormalization)          │ 13, 32)       │          │
├───────────────────────────────┼───────────────┼──────────┤
│ flatten (Flatten)             │ (None, 5408)  │        0 │
├───────────────────────────────┼───────────────┼──────────┤
│ dropout (Dropout)             │ (None, 5408)  │        0 │
├───────────────────────────────┼───────────────┼──────────┤
│ dense (Dense)                 │ (None, 10)    │   54,090 │
└───────────────────────────────┴───────────────┴──────────┘
 Total params: 54,538 (213.04 KB)
 Trainable params: 54,474 (212.79 KB)
 Non-trainable params: 64 (256.00 B)
)"},
    {{.model_name = "digits",
      .rows = {
       {.name = "conv2d", .class_name = "Conv2D",
        .output_shape = "(None, 26, 26, 32)", .params = 320,
        .connected_to = "input_layer[0][0]", .trainable = true, .nesting = 0},
       {.name = "max_pooling2d", .class_name = "MaxPooling2D",
        .output_shape = "(None, 13, 13, 32)", .params = 0,
        .connected_to = "conv2d[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "batch_normalization", .class_name = "BatchNormalization",
        .output_shape = "(None, 13, 13, 32)", .params = 128,
        .connected_to = "max_pooling2d[0][0]", .trainable = true, .nesting = 0},
       {.name = "flatten", .class_name = "Flatten",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "batch_normalization[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dropout", .class_name = "Dropout",
        .output_shape = "(None, 5408)", .params = 0,
        .connected_to = "flatten[0][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "dense", .class_name = "Dense",
        .output_shape = "(None, 10)", .params = 54090,
        .connected_to = "dropout[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = false, .trainable = {54474, 217896}, .non_trainable = {64, 256},
      .optimizer = keratin::detail::ParamTotal{108950, 435800}},
     {.line_length = 50}, 80,
R"(Model: "digits"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape   ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ conv2d (Conv2D)     │ (None, 26, 26, │     320 │
│                     │ 32)            │         │
├─────────────────────┼────────────────┼─────────┤
│ max_pooling2d       │ (None, 13, 13, │       0 │
│ (MaxPooling2D)      │ 32)            │         │
├─────────────────────┼────────────────┼─────────┤
│ batch_normalization │ (None, 13, 13, │     128 │
│ (BatchNormalizatio… │ 32)            │         │
├─────────────────────┼────────────────┼─────────┤
│ flatten (Flatten)   │ (None, 5408)   │       0 │
├─────────────────────┼────────────────┼─────────┤
│ dropout (Dropout)   │ (None, 5408)   │       0 │
├─────────────────────┼────────────────┼─────────┤
│ dense (Dense)       │ (None, 10)     │  54,090 │
└─────────────────────┴────────────────┴─────────┘
 Total params: 163,488 (638.62 KB)
 Trainable params: 54,474 (212.79 KB)
 Non-trainable params: 64 (256.00 B)
 Optimizer params: 108,950 (425.59 KB)
)"},
    {{.model_name = "empty",
      .rows = {
      },
      .connections = false, .trainable = {0, 0}, .non_trainable = {0, 0},
      .optimizer = std::nullopt},
     {}, 80,
R"(Model: "empty"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
)"},
    {{.model_name = "unbuilt",
      .rows = {
       {.name = "dense", .class_name = "Dense",
        .output_shape = "?", .params = std::nullopt,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
      },
      .connections = false, .trainable = {0, 0}, .non_trainable = {0, 0},
      .optimizer = std::nullopt},
     {}, 80,
R"(Model: "unbuilt"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense (Dense)                   │ ?                      │   0 (unbuilt) │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
)"},
    {{.model_name = "siamese",
      .rows = {
       {.name = "left", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "right", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "tower", .class_name = "Sequential",
        .output_shape = "(None, 4)", .params = 36,
        .connected_to = "left[0][0], right[0][0]", .trainable = false, .nesting = 0},
       {.name = "concatenate", .class_name = "Concatenate",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "tower[0][0], tower[1][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "a_rather_long_name_of_a_layer", .class_name = "Dense",
        .output_shape = "(None, 1000)", .params = 9000,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
       {.name = "score", .class_name = "Dense",
        .output_shape = "(None, 1)", .params = 9,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = true, .trainable = {9009, 36036}, .non_trainable = {36, 144},
      .optimizer = std::nullopt},
     {}, 80,
R"(Model: "siamese"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ left (InputLayer)   │ (None, 8)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ right (InputLayer)  │ (None, 8)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ tower (Sequential)  │ (None, 4)         │         36 │ left[0][0],       │
│                     │                   │            │ right[0][0]       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ concatenate         │ (None, 8)         │          0 │ tower[0][0],      │
│ (Concatenate)       │                   │            │ tower[1][0]       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ a_rather_long_name… │ (None, 1000)      │      9,000 │ concatenate[0][0] │
│ (Dense)             │                   │            │                   │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ score (Dense)       │ (None, 1)         │          9 │ concatenate[0][0] │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 9,045 (35.33 KB)
 Trainable params: 9,009 (35.19 KB)
 Non-trainable params: 36 (144.00 B)
)"},
    {{.model_name = "siamese",
      .rows = {
       {.name = "left", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "right", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "tower", .class_name = "Sequential",
        .output_shape = "(None, 4)", .params = 36,
        .connected_to = "left[0][0], right[0][0]", .trainable = false, .nesting = 0},
       {.name = "concatenate", .class_name = "Concatenate",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "tower[0][0], tower[1][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "a_rather_long_name_of_a_layer", .class_name = "Dense",
        .output_shape = "(None, 1000)", .params = 9000,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
       {.name = "score", .class_name = "Dense",
        .output_shape = "(None, 1)", .params = 9,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = true, .trainable = {9009, 36036}, .non_trainable = {36, 144},
      .optimizer = std::nullopt},
     {}, 200,
R"(Model: "siamese"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape              ┃         Param # ┃ Connected to               ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ left (InputLayer)             │ (None, 8)                 │               0 │ -                          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ right (InputLayer)            │ (None, 8)                 │               0 │ -                          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ tower (Sequential)            │ (None, 4)                 │              36 │ left[0][0], right[0][0]    │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ concatenate (Concatenate)     │ (None, 8)                 │               0 │ tower[0][0], tower[1][0]   │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ a_rather_long_name_of_a_layer │ (None, 1000)              │           9,000 │ concatenate[0][0]          │
│ (Dense)                       │                           │                 │                            │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ score (Dense)                 │ (None, 1)                 │               9 │ concatenate[0][0]          │
└───────────────────────────────┴───────────────────────────┴─────────────────┴────────────────────────────┘
 Total params: 9,045 (35.33 KB)
 Trainable params: 9,009 (35.19 KB)
 Non-trainable params: 36 (144.00 B)
)"},
    {{.model_name = "siamese",
      .rows = {
       {.name = "left", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "right", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "tower", .class_name = "Sequential",
        .output_shape = "(None, 4)", .params = 36,
        .connected_to = "left[0][0], right[0][0]", .trainable = false, .nesting = 0},
       {.name = "inner", .class_name = "Dense",
        .output_shape = "(None, 4)", .params = 36,
        .connected_to = "", .trainable = false, .nesting = 1},
       {.name = "re_lu", .class_name = "ReLU",
        .output_shape = "(None, 4)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 1},
       {.name = "concatenate", .class_name = "Concatenate",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "tower[0][0], tower[1][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "a_rather_long_name_of_a_layer", .class_name = "Dense",
        .output_shape = "(None, 1000)", .params = 9000,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
       {.name = "score", .class_name = "Dense",
        .output_shape = "(None, 1)", .params = 9,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = true, .trainable = {9009, 36036}, .non_trainable = {36, 144},
      .optimizer = std::nullopt},
     {.show_trainable = true}, 200,
R"(Model: "siamese"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape              ┃          Param # ┃ Connected to              ┃ Trainable ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ left (InputLayer)             │ (None, 8)                 │                0 │ -                         │     -     │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│ right (InputLayer)            │ (None, 8)                 │                0 │ -                         │     -     │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│ tower (Sequential)            │ (None, 4)                 │               36 │ left[0][0], right[0][0]   │     N     │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│    └ inner (Dense)            │ (None, 4)                 │               36 │ -                         │     N     │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│    └ re_lu (ReLU)             │ (None, 4)                 │                0 │ -                         │     -     │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│ concatenate (Concatenate)     │ (None, 8)                 │                0 │ tower[0][0], tower[1][0]  │     -     │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│ a_rather_long_name_of_a_layer │ (None, 1000)              │            9,000 │ concatenate[0][0]         │     Y     │
│ (Dense)                       │                           │                  │                           │           │
├───────────────────────────────┼───────────────────────────┼──────────────────┼───────────────────────────┼───────────┤
│ score (Dense)                 │ (None, 1)                 │                9 │ concatenate[0][0]         │     Y     │
└───────────────────────────────┴───────────────────────────┴──────────────────┴───────────────────────────┴───────────┘
 Total params: 9,045 (35.33 KB)
 Trainable params: 9,009 (35.19 KB)
 Non-trainable params: 36 (144.00 B)
)"},
    {{.model_name = "siamese",
      .rows = {
       {.name = "left", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "right", .class_name = "InputLayer",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 0},
       {.name = "tower", .class_name = "Sequential",
        .output_shape = "(None, 4)", .params = 36,
        .connected_to = "left[0][0], right[0][0]", .trainable = false, .nesting = 0},
       {.name = "inner", .class_name = "Dense",
        .output_shape = "(None, 4)", .params = 36,
        .connected_to = "", .trainable = false, .nesting = 1},
       {.name = "re_lu", .class_name = "ReLU",
        .output_shape = "(None, 4)", .params = 0,
        .connected_to = "", .trainable = std::nullopt, .nesting = 1},
       {.name = "concatenate", .class_name = "Concatenate",
        .output_shape = "(None, 8)", .params = 0,
        .connected_to = "tower[0][0], tower[1][0]", .trainable = std::nullopt, .nesting = 0},
       {.name = "a_rather_long_name_of_a_layer", .class_name = "Dense",
        .output_shape = "(None, 1000)", .params = 9000,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
       {.name = "score", .class_name = "Dense",
        .output_shape = "(None, 1)", .params = 9,
        .connected_to = "concatenate[0][0]", .trainable = true, .nesting = 0},
      },
      .connections = true, .trainable = {9009, 36036}, .non_trainable = {36, 144},
      .optimizer = std::nullopt},
     {.show_trainable = true}, 80,
R"(Model: "siamese"
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)      ┃ Output Shape    ┃   Param # ┃ Connected to   ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━┩
│ left (InputLayer) │ (None, 8)       │         0 │ -              │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ right             │ (None, 8)       │         0 │ -              │   -   │
│ (InputLayer)      │                 │           │                │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ tower             │ (None, 4)       │        36 │ left[0][0],    │   N   │
│ (Sequential)      │                 │           │ right[0][0]    │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│    └ inner        │ (None, 4)       │        36 │ -              │   N   │
│ (Dense)           │                 │           │                │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│    └ re_lu (ReLU) │ (None, 4)       │         0 │ -              │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ concatenate       │ (None, 8)       │         0 │ tower[0][0],   │   -   │
│ (Concatenate)     │                 │           │ tower[1][0]    │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ a_rather_long_na… │ (None, 1000)    │     9,000 │ concatenate[0… │   Y   │
│ (Dense)           │                 │           │                │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ score (Dense)     │ (None, 1)       │         9 │ concatenate[0… │   Y   │
└───────────────────┴─────────────────┴───────────┴────────────────┴───────┘
 Total params: 9,045 (35.33 KB)
 Trainable params: 9,009 (35.19 KB)
 Non-trainable params: 36 (144.00 B)
)"},
  };
}

}  // namespace keratin::tests::golden
