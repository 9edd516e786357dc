#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "nn/saving/hdf5_file.h"

namespace keratin::saving::detail {
namespace {

constexpr std::int64_t kMaxTexts = 1000000;
constexpr std::size_t kMaxAttributes = 10000;

herr_t add_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  auto& found = *static_cast<std::vector<std::string>*>(names);
  if (found.size() >= kMaxAttributes) return 1;
  found.emplace_back(name);
  return 0;
}

std::string fixed_text(const char* bytes, std::size_t size, H5T_str_t padding) {
  std::size_t length = size;
  if (padding == H5T_STR_SPACEPAD) {
    while (length > 0 && bytes[length - 1] == ' ') --length;
  } else {
    length = strnlen(bytes, size);
  }
  return {bytes, length};
}

}  // namespace

std::vector<std::string> h5_attributes(const H5File& file, std::string_view path) {
  const H5Handle object = file.object(path);
  std::vector<std::string> names;
  const herr_t status = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names);
  if (status < 0) file.fail(path, fmt::format("broken attributes: {}", h5_problem()));
  if (status > 0) file.fail(path, fmt::format("more than {} attributes", kMaxAttributes));
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<H5Texts> h5_texts(const H5File& file, std::string_view path, hid_t object,
                                const std::string& name) {
  const auto fail = [&](const std::string& text) {
    file.fail(path, fmt::format("the attribute {} {}", name, text));
  };
  const htri_t there = H5Aexists(object, name.c_str());
  if (there < 0) fail(fmt::format("is broken: {}", h5_problem()));
  if (there == 0) return std::nullopt;
  const H5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute.valid()) fail(fmt::format("is broken: {}", h5_problem()));
  const H5Handle space(H5Aget_space(attribute), H5Sclose);
  const H5Handle type(H5Aget_type(attribute), H5Tclose);
  if (!space.valid() || !type.valid()) fail(fmt::format("is broken: {}", h5_problem()));
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  H5Texts texts;
  texts.scalar = kind == H5S_SCALAR;
  if (kind == H5S_NULL) return texts;
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > 1) fail(fmt::format("has {} axes; expected a string or a list", rank));
  const auto count = static_cast<std::int64_t>(H5Sget_simple_extent_npoints(space));
  if (count < 0 || count > kMaxTexts) fail(fmt::format("has {} elements", count));
  if (count == 0) return texts;  // of any type: an empty list is an array of floats for Keras
  if (H5Tget_class(type) != H5T_STRING) fail("is no text");
  const auto elements = static_cast<std::size_t>(count);
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(elements, nullptr);
    const H5Handle memory(H5Tcopy(type), H5Tclose);
    if (H5Aread(attribute, memory, pointers.data()) < 0)
      fail(fmt::format("is broken: {}", h5_problem()));
    for (const char* text : pointers) texts.values.emplace_back(text == nullptr ? "" : text);
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data());
    return texts;
  }
  const std::size_t bytes = H5Tget_size(type);
  if (bytes == 0 || bytes > static_cast<std::size_t>(file.bytes()) / elements)
    fail("is longer than the file");
  std::vector<char> buffer(bytes * elements);
  if (H5Aread(attribute, type, buffer.data()) < 0) fail(fmt::format("is broken: {}", h5_problem()));
  for (std::size_t i = 0; i < elements; ++i)
    texts.values.push_back(fixed_text(buffer.data() + i * bytes, bytes, H5Tget_strpad(type)));
  return texts;
}

}  // namespace keratin::saving::detail
