// Folders of small images, and what comes out of a dataset made from them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/directories/image_dataset.h"
#include "tests/data/images.h"

namespace keratin::tests {

using Names = std::vector<std::string>;

// Gray images of 2 x 3 whose value is their number, in folders a, b, c: 5, 4 and 3 of them.
inline constexpr int kCounts[] = {5, 4, 3};
inline void make_images(const TemporaryFolder& folder) {
  int number = 0;
  for (int c = 0; c < 3; ++c) {
    const std::string name(1, static_cast<char>('a' + c));
    std::filesystem::create_directories(folder / name);
    for (int i = 0; i < kCounts[c]; ++i) {
      write_file(folder / (name + "/" + std::to_string(i) + ".png"), plain_png(2, 3, 10 * number));
      ++number;
    }
  }
}

inline data::ImageDirectoryOptions quiet(data::ImageDirectoryOptions options = {}) {
  options.verbose = false;
  options.image_size = {2, 3};
  options.color_mode = "grayscale";
  return options;
}

struct Seen {
  std::vector<int> values, labels;
  std::vector<std::int64_t> batches;
  bool operator==(const Seen&) const = default;
};
// The first pixel of each image, divided by 10, and its label.
inline Seen seen(const Dataset& dataset, std::int64_t pass = 0, std::int64_t skipped = 0) {
  Seen result;
  data::Iterator batches = dataset.begin(pass, skipped);
  while (const std::optional<Example> batch = batches.next()) {
    const Tensor& x = batch->x;
    result.batches.push_back(x.shape()[0]);
    for (std::int64_t i = 0; i < x.shape()[0]; ++i)
      result.values.push_back(x[i].item<int>({0, 0, 0}) / 10);
    if (batch->y.defined())
      for (const int label : batch->y.to_vector<int>()) result.labels.push_back(label);
  }
  return result;
}

inline Names relative(const TemporaryFolder& folder, const Names& paths) {
  Names names;
  for (const std::string& path : paths) {
    REQUIRE(path.starts_with(folder.path() + "/"));
    names.push_back(path.substr(folder.path().size() + 1));
  }
  return names;
}

}  // namespace keratin::tests
