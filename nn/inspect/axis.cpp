#include "nn/inspect/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace keratin::detail {
namespace {

constexpr double kLargest = 1e300;

// The smallest of 1, 2, 5, 10, 20 ... times a power of ten that is at least `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

// "1.5e-06" as "1.5e-6".
std::string scientific(double value, int digits) {
  std::string text = fmt::format("{:.{}e}", value, digits);
  const std::size_t sign = text.find('e') + 1;
  while (sign + 2 < text.size() && text[sign + 1] == '0') text.erase(sign + 1, 1);
  if (sign < text.size() && text[sign] == '+') text.erase(sign, 1);
  return text;
}

// Labels with as many digits as tell one tick from the next.
std::string tick_label(double value, double step, double largest) {
  const int step_power = static_cast<int>(std::floor(std::log10(step) + 1e-9));
  if (value == 0) return "0";
  if (step_power >= -5 && largest < 1e6) {
    return fmt::format("{:.{}f}", value, std::max(0, -step_power));
  }
  const int power = static_cast<int>(std::floor(std::log10(std::fabs(value)) + 1e-9));
  return scientific(value, std::clamp(power - step_power, 0, 8));
}

}  // namespace

bool off_scale(double value) { return !(std::fabs(value) <= kLargest); }

Axis value_axis(double low, double high) {
  const double size = std::max(std::fabs(low), std::fabs(high));
  double margin = 0.06 * (high - low);
  if (!(high - low > 1e-6 * size)) margin = 0.1 * size;  // one value only
  if (margin < 1e-290) margin = 1;
  Axis axis = {low - margin, high + margin, {}};
  const auto ticks = [&](double step) {
    return std::floor(axis.high / step) - std::ceil(axis.low / step) + 1;
  };
  double step = round_step((axis.high - axis.low) / 4);
  while (ticks(step) < 4) step = round_step(step * 0.4);
  const double first = std::ceil(axis.low / step), last = std::floor(axis.high / step);
  for (double i = first; i <= last; ++i) {
    axis.ticks.push_back({i * step, tick_label(i * step, step, size)});
  }
  return axis;
}

Axis epoch_axis(std::int64_t first, std::int64_t last) {
  Axis axis = {static_cast<double>(first), static_cast<double>(last), {}};
  const auto step = static_cast<std::int64_t>(
      round_step(std::max(1.0, static_cast<double>(last - first + 1) / 10)));
  for (std::int64_t i = (first + step - 1) / step * step; i <= last; i += step) {
    axis.ticks.push_back({static_cast<double>(i), fmt::format("{}", i)});
  }
  if (first == last) axis.low -= 1, axis.high += 1;
  return axis;
}

std::string short_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double size = std::fabs(value);
  if (size == 0) return "0";
  if (size < 1e-3 || size >= 1e6) return scientific(value, 2);
  const int power = static_cast<int>(std::floor(std::log10(size)));
  return fmt::format("{:.{}f}", value, std::clamp(3 - power, 0, 4));
}

}  // namespace keratin::detail
