// Which files a folder holds, of which class.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/directories/options.h"

namespace keratin::data::detail {

/// What both kinds of directory datasets ask for.
struct DirectoryRequest {
  std::string op = {};                            // the function, for messages
  std::string kind = {};                          // "image": what the files are
  std::vector<std::string_view> extensions = {};  // ".png": in lower case
  std::string directory = {};
  DirectoryLabels labels = "inferred";
  std::string label_mode = "int";
  std::vector<std::string> class_names = {};
  std::optional<std::int64_t> batch_size = 32;
  bool shuffle = true;
  std::optional<std::int64_t> seed = {};
  std::optional<double> validation_split = {};
  std::string subset = {};
  bool follow_links = false;
  bool verbose = true;
  std::string on_bad_files = "error";
  std::shared_ptr<BadFiles> bad_files = {};

  bool labelled() const { return !labels.none() && label_mode != "none"; }
  bool skips() const { return on_bad_files == "skip"; }
};

/// Throws ValueError where options contradict each other or cannot be.
void check_request(const DirectoryRequest& request);

struct Listing {
  std::vector<std::string> class_names = {};
  std::vector<std::string> paths = {};    // the directory's name before each
  std::vector<std::int32_t> labels = {};  // empty without labels
};

/// The files, class by class, folder by folder, sorted by name. Throws FileError for a directory
/// that is missing, a folder that cannot be read, one that links lead to again, an empty class;
/// ValueError for class names that are no folders, and labels that do not fit.
Listing list_directory(const DirectoryRequest& request);

/// The warnings of this part of keratin, on standard error.
void warn(const DirectoryRequest& request, const std::string& text);

}  // namespace keratin::data::detail
