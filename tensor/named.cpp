#include "tensor/named.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace keratin {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// How many letters to add, leave out, change or swap with the next one, case aside: the optimal
// string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto same = [&](std::size_t i, std::size_t j) { return lower(a[i]) == lower(b[j]); };
  std::vector<std::size_t> older(b.size() + 1), old(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(older, old);
    std::swap(old, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = old[j - 1] + (same(i - 1, j - 1) ? 0 : 1);
      row[j] = std::min({old[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1))
        row[j] = std::min(row[j], older[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t best = name.size() / 3 + 1;
  for (const std::string& candidate : known) {
    const std::size_t d = distance(name, candidate);
    if (d < best) {
      best = d;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string name_hint(std::string_view name, const std::vector<std::string>& known) {
  if (known.empty()) return "; there are none";
  const std::string nearest = nearest_name(name, known);
  return fmt::format("{}; known: {}",
                     nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest),
                     fmt::join(known, ", "));
}

namespace detail {
void throw_unknown_name(std::string_view name, const std::vector<std::string>& known) {
  throw ValueError(fmt::format("no entry \"{}\"{}", name, name_hint(name, known)));
}
}  // namespace detail

}  // namespace keratin
