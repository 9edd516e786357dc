#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/directories/options.h"
#include "tensor/size2.h"

namespace keratin::data {

struct ImageDirectoryOptions {
  DirectoryLabels labels = "inferred";  // "none", or a list of class numbers
  std::string label_mode = "int";       // "categorical", "binary", "none"
  std::vector<std::string> class_names = {};
  std::string color_mode = "rgb";  // "grayscale", "rgba"
  std::optional<std::int64_t> batch_size = 32;
  Size2 image_size = {256, 256};
  bool shuffle = true;
  std::optional<std::int64_t> seed = {};
  std::optional<double> validation_split = {};
  std::string subset = {};                 // "training", "validation"
  std::string interpolation = "bilinear";  // "nearest", "bicubic", "lanczos3", "lanczos5"
  bool follow_links = false;
  bool crop_to_aspect_ratio = false;
  bool pad_to_aspect_ratio = false;
  bool verbose = true;
  /// "error": a file that cannot be read throws in its place; "skip": it is left out, with a
  /// warning on standard error, and noted in bad_files where that is given.
  std::string on_bad_files = "error";
  std::shared_ptr<BadFiles> bad_files = {};
  bool exif_orientation = false;            // see ReadImageOptions
  std::string dct_method = "INTEGER_FAST";  // likewise
};

/// The images of a folder that has one folder a class: x float32 [batch, height, width, channels],
/// values 0 to 255, y the number of the class.
///
/// Classes are the folders, sorted by name, hidden ones left out; class_names selects some, or
/// gives them another order. Files are those named *.bmp, *.gif, *.jpeg, *.jpg, *.png in any case,
/// in nested folders too, sorted by folder and name; read_image says how they are decoded. Without
/// labels all files below the folder count.
///
/// y      label_mode "int" int32 [batch]; "binary" float32 [batch, 1], two classes; "categorical"
///        one-hot float32 [batch, classes]. Without a batch_size elements come single.
/// resize without antialias, as Keras does; crop_to_aspect_ratio cuts the middle out before,
///        pad_to_aspect_ratio adds black borders after. (nearest: float32 as well.)
/// order  with shuffle the files are shuffled by the seed, as Keras does with the same seed, then
///        split: the last int(validation_split N) are for validation, the same files as with Keras.
///        Training files are shuffled again in every pass, all of them (Keras: a buffer of 8
///        batches); validation files keep the order of file_paths(). A pass can be resumed without
///        reading what it leaves out.
/// The files are read ahead on as many threads as keratin has, straight into the batches; order and
/// bits do not depend on their number. class_names() and file_paths() of the result tell more.
///
/// Throws before anything is read: ValueError for options, class names that are no folders, a
/// subset of no files; FileError for a folder that is missing or cannot be listed, has no images,
/// or an empty class that class_names does not name, a link that leads back. A pass throws
/// FileError with the file's name, its row in file_paths() and the fault.
///
///     auto train = data::image_dataset_from_directory(
///         "flowers", {.image_size = {180, 180}, .seed = 1, .validation_split = 0.2,
///                     .subset = "training"});
///     auto classes = train.class_names();   // daisy, roses, sunflowers
Dataset image_dataset_from_directory(const std::string& directory,
                                     const ImageDirectoryOptions& options = {});

/// The subsets for training and for validation, of one listing. Needs validation_split; without a
/// seed, one is drawn for both.
std::pair<Dataset, Dataset> image_datasets_from_directory(const std::string& directory,
                                                          const ImageDirectoryOptions& options);

}  // namespace keratin::data
