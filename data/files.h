#pragma once

#include <string>
#include <vector>

namespace keratin::data::detail {

/// What a dataset that was made from a directory knows of it.
struct FileNames {
  std::vector<std::string> class_names = {};
  std::vector<std::string> file_paths = {};
};

}  // namespace keratin::data::detail
