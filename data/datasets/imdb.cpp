#include "data/datasets/imdb.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/directories/split.h"
#include "data/directories/text_dataset.h"
#include "kernels/error.h"

namespace keratin::data::datasets {
namespace {

namespace fs = std::filesystem;

Part load(const ImdbOptions& options, const char* part) {
  const fs::path folder = fs::path(options.directory) / part;
  for (const char* name : {"neg", "pos"}) {
    std::error_code error;
    if (!fs::is_directory(folder / name, error)) {
      throw FileError(fmt::format(
          "imdb: {}: there is no folder {}/{}; expected aclImdb, with train/pos, train/neg, "
          "test/pos and test/neg",
          options.directory, part, name));
    }
  }
  TextDirectoryOptions how;
  how.class_names = {"neg", "pos"};  // train has "unsup", too
  how.batch_size = {};
  how.shuffle = false;
  how.verbose = false;
  std::vector<std::string> texts;
  std::vector<std::uint8_t> labels;
  const Dataset dataset = text_dataset_from_directory(folder.string(), how);
  for (Iterator reviews = dataset.begin(); const std::optional<Example> review = reviews.next();) {
    texts.push_back(review->x.strings()[0]);
    labels.push_back(review->y.item<std::uint8_t>());
  }
  // They come class by class: who splits off the last for validation must not get one class.
  const std::vector<std::int64_t> order =
      detail::numpy_order(static_cast<std::int64_t>(texts.size()), options.seed);
  std::vector<std::string> mixed;
  std::vector<std::uint8_t> mixed_labels;
  for (const std::int64_t row : order) {
    mixed.push_back(std::move(texts[static_cast<std::size_t>(row)]));
    mixed_labels.push_back(labels[static_cast<std::size_t>(row)]);
  }
  return {.x = Tensor::strings(std::move(mixed)), .y = Tensor::from(mixed_labels)};
}

}  // namespace

std::pair<Part, Part> imdb(const ImdbOptions& options) {
  if (options.directory.empty()) {
    throw ValueError(
        "imdb: no directory; expected the folder aclImdb. Unpack aclImdb_v1.tar.gz of "
        "https://ai.stanford.edu/~amaas/data/sentiment and pass {.directory = \"aclImdb\"}.");
  }
  Part train = load(options, "train"), test = load(options, "test");
  return {std::move(train), std::move(test)};
}

}  // namespace keratin::data::datasets
