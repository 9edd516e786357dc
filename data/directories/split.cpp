#include "data/directories/split.h"

#include <fmt/format.h>

#include <bit>
#include <cstdio>
#include <numeric>
#include <random>
#include <utility>

#include "kernels/error.h"

namespace keratin::data::detail {

std::vector<std::int64_t> numpy_order(std::int64_t count, std::uint32_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(seed);
  for (std::size_t i = order.size(); i-- > 1;) {
    const std::uint32_t mask = (std::uint32_t{1} << (std::bit_width(i) - 1)) * 2 - 1;
    std::uint32_t j = 0;
    do j = static_cast<std::uint32_t>(random()) & mask;
    while (j > i);
    std::swap(order[i], order[j]);
  }
  return order;
}

Listing shuffled(Listing listing, std::uint32_t seed) {
  Listing result{.class_names = std::move(listing.class_names)};
  const auto count = static_cast<std::int64_t>(listing.paths.size());
  for (const std::int64_t i : numpy_order(count, seed)) {
    const auto at = static_cast<std::size_t>(i);
    result.paths.push_back(std::move(listing.paths[at]));
    if (!listing.labels.empty()) result.labels.push_back(listing.labels[at]);
  }
  return result;
}

Listing subset_of(const DirectoryRequest& r, const Listing& listing, Subset subset) {
  const std::size_t all = listing.paths.size();
  const auto validation = static_cast<std::size_t>(*r.validation_split * static_cast<double>(all));
  const bool training = subset == Subset::training;
  const std::size_t first = training ? 0 : all - validation,
                    last = training ? all - validation : all;
  const char* const name = training ? "training" : "validation";
  if (first == last) {
    throw ValueError(fmt::format("{}: {}: validation_split {} of {} files leaves none for {}", r.op,
                                 r.directory, *r.validation_split, all, name));
  }
  if (r.verbose) {
    fmt::print("Using {} files for {}.\n", last - first, name);
    std::fflush(stdout);
  }
  const auto part = [&](const auto& list) {
    return std::remove_cvref_t<decltype(list)>(list.begin() + static_cast<std::ptrdiff_t>(first),
                                               list.begin() + static_cast<std::ptrdiff_t>(last));
  };
  Listing result{.class_names = listing.class_names, .paths = part(listing.paths)};
  if (!listing.labels.empty()) result.labels = part(listing.labels);
  return result;
}

}  // namespace keratin::data::detail
