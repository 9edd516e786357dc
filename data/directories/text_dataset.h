#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/directories/options.h"

namespace keratin::data {

struct TextDirectoryOptions {
  DirectoryLabels labels = "inferred";  // "none", or a list of class numbers
  std::string label_mode = "int";       // "categorical", "binary", "none"
  std::vector<std::string> class_names = {};
  std::optional<std::int64_t> batch_size = 32;
  std::optional<std::int64_t> max_length = {};  // bytes kept of each text
  bool shuffle = true;
  std::optional<std::int64_t> seed = {};
  std::optional<double> validation_split = {};
  std::string subset = {};  // "training", "validation"
  bool follow_links = false;
  bool verbose = true;
  std::string on_bad_files = "error";  // "skip": as with images
  std::shared_ptr<BadFiles> bad_files = {};
  /// Bytes that are not UTF-8: "strict", an error; "replace", U+FFFD in their place.
  std::string encoding_errors = "strict";
};

/// The texts of a folder that has one folder a class: x string [batch], y the number of the class.
/// Files are those named *.txt; folders, labels, order, subsets and errors are those of
/// image_dataset_from_directory. A file is one string, line ends as they are. max_length cuts before
/// a character that it would break. A pass throws FileError for bytes that are not UTF-8, with the
/// file's name, its row in file_paths() and the offset.
///
///     auto train = data::text_dataset_from_directory("imdb/train", {.batch_size = 64, .seed = 7});
Dataset text_dataset_from_directory(const std::string& directory,
                                    const TextDirectoryOptions& options = {});

/// The subsets for training and for validation, of one listing. Needs validation_split; without a
/// seed, one is drawn for both.
std::pair<Dataset, Dataset> text_datasets_from_directory(const std::string& directory,
                                                         const TextDirectoryOptions& options);

}  // namespace keratin::data
