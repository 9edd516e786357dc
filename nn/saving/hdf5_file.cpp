#include "nn/saving/hdf5_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/error.h"

namespace keratin::saving::detail {
namespace {

constexpr std::int64_t kMaxDepth = 64;  // names in a path
constexpr std::size_t kMaxChildren = 1000000;

// The library asks these for memory of the image. It is ours, and neither copied nor freed; opened
// to be read, it never grows.
struct Image {
  void* bytes;
  std::size_t size;
};
void* image_malloc(std::size_t, H5FD_file_image_op_t, void* image) {
  return static_cast<Image*>(image)->bytes;
}
void* image_memcpy(void* to, const void* from, std::size_t, H5FD_file_image_op_t, void*) {
  return to == from ? to : nullptr;
}
void* image_realloc(void*, std::size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t image_free(void*, H5FD_file_image_op_t, void*) { return 0; }
void* image_copy(void* image) { return new Image(*static_cast<Image*>(image)); }
herr_t image_drop(void* image) {
  delete static_cast<Image*>(image);
  return 0;
}

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  auto& found = *static_cast<std::vector<std::string>*>(names);
  if (found.size() >= kMaxChildren) return 1;
  found.emplace_back(name);
  return 0;
}

}  // namespace

H5File::H5File(std::string what, std::string file, data::Bytes bytes)
    : what_(std::move(what)), file_name_(std::move(file)), bytes_(std::move(bytes)) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  if (!bytes_.text().starts_with(kSignature))
    fail("", "is no HDF5 file: it does not begin with the signature of one");
  Image image{const_cast<std::byte*>(bytes_.data()), static_cast<std::size_t>(bytes_.size())};
  const H5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5FD_file_image_callbacks_t callbacks = {image_malloc, image_memcpy, image_realloc, image_free,
                                           image_copy,   image_drop,   &image};
  if (H5Pset_fapl_core(access, std::size_t{1} << 16, false) < 0 ||
      H5Pset_file_image_callbacks(access, &callbacks) < 0 ||
      H5Pset_file_image(access, image.bytes, image.size) < 0)
    fail("", h5_problem());
  file_ = H5Handle(H5Fopen(h5_image_name().c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  if (!file_.valid()) fail("", fmt::format("broken: {}", h5_problem()));
}

void H5File::fail(std::string_view path, const std::string& text) const {
  throw FileError(path.empty() ? fmt::format("{}: {}: {}", what_, file_name_, text)
                               : fmt::format("{}: {}: {}: {}", what_, file_name_, path, text));
}

H5Handle H5File::find(std::string_view path) const {
  H5Handle object(H5Gopen2(file_, "/", H5P_DEFAULT), H5Gclose);
  if (!object.valid()) fail("/", fmt::format("broken: {}", h5_problem()));
  std::string_view rest = path;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  for (std::int64_t depth = 0; !rest.empty(); ++depth) {
    const std::size_t last = std::min(rest.find('/'), rest.size());
    const std::string name(rest.substr(0, last));
    rest.remove_prefix(std::min(last + 1, rest.size()));
    if (name.empty() || name == "." || name.find('\0') != std::string::npos || depth >= kMaxDepth)
      fail(path, "is no path in an HDF5 file");
    if (H5Iget_type(object) != H5I_GROUP) return {};
    const htri_t there = H5Lexists(object, name.c_str(), H5P_DEFAULT);
    if (there < 0) fail(path, fmt::format("broken: {}", h5_problem()));
    if (there == 0) return {};
    H5L_info_t link;
    if (H5Lget_info(object, name.c_str(), &link, H5P_DEFAULT) < 0)
      fail(path, fmt::format("broken: {}", h5_problem()));
    if (link.type != H5L_TYPE_HARD) {
      fail(path, fmt::format("\"{}\" is a {} link, which is not followed; expected the object "
                             "itself",
                             name, link.type == H5L_TYPE_SOFT ? "soft" : "external"));
    }
    H5Handle next(H5Oopen(object, name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!next.valid()) fail(path, fmt::format("broken: {}", h5_problem()));
    const H5I_type_t type = H5Iget_type(next);
    if (type != H5I_GROUP && type != H5I_DATASET)
      fail(path, fmt::format("\"{}\" is neither a group nor a dataset", name));
    object = std::move(next);
  }
  return object;
}

H5Handle H5File::object(std::string_view path) const {
  H5Handle found = find(path);
  if (!found.valid()) fail(path, "is not there");
  return found;
}

H5Handle H5File::group(std::string_view path) const {
  H5Handle found = object(path);
  if (H5Iget_type(found) != H5I_GROUP) fail(path, "is a dataset; expected a group");
  return found;
}

H5Handle H5File::dataset(std::string_view path) const {
  H5Handle found = object(path);
  if (H5Iget_type(found) != H5I_DATASET) fail(path, "is a group; expected a dataset");
  return found;
}

std::vector<std::string> H5File::children(std::string_view path) const {
  const H5Handle parent = group(path);
  std::vector<std::string> names;
  const herr_t status = H5Literate(parent, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names);
  if (status < 0) fail(path, fmt::format("broken: {}", h5_problem()));
  if (status > 0) fail(path, fmt::format("more than {} objects in a group", kMaxChildren));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace keratin::saving::detail
