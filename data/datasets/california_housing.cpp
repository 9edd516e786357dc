#include "data/datasets/california_housing.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "data/directories/split.h"
#include "data/download.h"
#include "data/npy.h"
#include "data/pipeline/table.h"
#include "tensor/cast.h"

namespace keratin::data::datasets {
namespace {

constexpr const char* kFile = "california_housing.npz";

std::string find(const std::string& directory) {
  if (!directory.empty()) return (std::filesystem::path(directory) / kFile).string();
  return download(
      {.path = fmt::format("california_housing/{}", kFile),
       .urls = {fmt::format("https://storage.googleapis.com/tensorflow/tf-keras-datasets/{}",
                            kFile)},
       .sha256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
       .advice = "With the file in a folder, use california_housing({.directory = \"FOLDER\"})."});
}

}  // namespace

std::pair<Part, Part> california_housing(const CaliforniaHousingOptions& options) {
  if (options.version != "large" && options.version != "small") {
    throw ValueError(fmt::format(
        "california_housing: version is \"{}\"; expected \"large\" or \"small\"", options.version));
  }
  if (!(options.test_split >= 0 && options.test_split < 1)) {
    throw ValueError(
        fmt::format("california_housing: test_split is {}; expected a share from 0 on and below 1",
                    options.test_split));
  }
  const std::string path = find(options.directory);
  const Tensors arrays = read_npz(path, {.names = {"x", "y"}});
  const Tensor &x = arrays["x"], &y = arrays["y"];
  if (!is_floating(x.dtype()) || x.rank() != 2 || x.shape()[1] != 8 || !is_floating(y.dtype()) ||
      y.rank() != 1 || y.shape()[0] != x.shape()[0]) {
    throw FileError(
        fmt::format("california_housing: {}: holds x {} and y {}; expected f32[N, 8] and f32[N]",
                    path, x.spec().text(), y.spec().text()));
  }
  const std::int64_t all =
      options.version == "small" ? std::min<std::int64_t>(x.shape()[0], 600) : x.shape()[0];
  const std::vector<std::int64_t> order = detail::numpy_order(all, options.seed);
  const detail::Table table({.x = cast(x, float32), .y = cast(y, float32)});
  const auto train = static_cast<std::size_t>(static_cast<double>(all) * (1 - options.test_split));
  const auto part = [&](std::span<const std::int64_t> rows) {
    const Example chosen = table.gather(rows);
    return Part{.x = chosen.x, .y = chosen.y};
  };
  return {part(std::span(order).first(train)), part(std::span(order).subspan(train))};
}

}  // namespace keratin::data::datasets
