// Texts a second of TextVectorization: raw strings to padded ids, and the vocabulary before.
//
//   peer_text_vectorization FILE TOKENS LENGTH BATCH PASSES [IDS]
//
// FILE has one text a line. Prints the seconds of adapt, and of each pass over all batches after the
// first, one a line. IDS gets the ids of all texts as int64. peers/text_vectorization.py runs it.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "nn/layers/preprocessing/text_vectorization.h"

namespace {

template <class F>
double seconds_of(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    fmt::print(stderr, "usage: peer_text_vectorization FILE TOKENS LENGTH BATCH PASSES [IDS]\n");
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    const keratin::Tensor texts = keratin::Tensor::strings(std::move(lines));
    const std::int64_t batch = std::atoll(argv[4]);

    keratin::layers::TextVectorization vectorize(
        {.max_tokens = std::atoll(argv[2]), .output_sequence_length = std::atoll(argv[3])});
    fmt::print("{:.5f}\n", seconds_of([&] { vectorize.adapt(texts); }));

    std::ofstream ids;
    if (argc == 7) ids.open(argv[6], std::ios::binary);
    const auto pass = [&] {
      for (std::int64_t first = 0; first < texts.size(); first += batch) {
        const std::int64_t last = std::min(first + batch, texts.size());
        const keratin::Tensor y = vectorize(keratin::Tensors(texts.slice(first, last))).value();
        if (ids.is_open()) ids.write(static_cast<const char*>(y.raw()), y.bytes());
      }
    };
    pass();
    ids.close();
    for (int i = 0; i < std::atoi(argv[5]); ++i) fmt::print("{:.5f}\n", seconds_of(pass));
  } catch (const keratin::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
