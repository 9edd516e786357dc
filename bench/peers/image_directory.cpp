// Images a second of image_dataset_from_directory: decoded, resized, in batches.
//
//   peer_image_directory DIR HEIGHT WIDTH PASSES [FILE]
//
// Prints the seconds of each pass after the first, one a line. FILE gets all pixels of the first as
// float32, to be compared with those of others. peers/image_directory.py runs it.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

#include "data/directories/image_dataset.h"

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    fmt::print(stderr, "usage: peer_image_directory DIR HEIGHT WIDTH PASSES [FILE]\n");
    return 2;
  }
  try {
    const keratin::Dataset dataset = keratin::data::image_dataset_from_directory(
        argv[1], {.image_size = {std::atoll(argv[2]), std::atoll(argv[3])},
                  .shuffle = false,
                  .verbose = false});
    std::ofstream file;
    if (argc == 6) file.open(argv[5], std::ios::binary);
    for (const keratin::Example& batch : dataset) {
      if (file.is_open()) file.write(static_cast<const char*>(batch.x.raw()), batch.x.bytes());
    }
    for (int pass = 0; pass < std::atoi(argv[4]); ++pass) {
      const auto start = std::chrono::steady_clock::now();
      for (const keratin::Example& batch : dataset) (void)batch;
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      fmt::print("{:.4f}\n", seconds.count());
    }
  } catch (const keratin::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
