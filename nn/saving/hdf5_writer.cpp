#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "kernels/error.h"
#include "nn/saving/hdf5.h"
#include "nn/saving/hdf5_handle.h"
#include "tensor/named.h"

namespace keratin::saving {
namespace {

using detail::H5Handle;

// Text attributes lie in headers of at most 64 KiB.
constexpr std::size_t kMaxAttribute = 64000;

struct Object {
  std::string path;
  Tensor values;  // none: a group
  Named<std::string> attributes = {};
};

H5Handle file_type(DType dtype) {
  const auto of = [](hid_t type) { return H5Handle(H5Tcopy(type), H5Tclose); };
  switch (dtype) {
    case DType::float32:
      return of(H5T_IEEE_F32LE);
    case DType::float64:
      return of(H5T_IEEE_F64LE);
    case DType::uint8:
      return of(H5T_STD_U8LE);
    case DType::int32:
      return of(H5T_STD_I32LE);
    case DType::int64:
      return of(H5T_STD_I64LE);
    case DType::boolean:
      return detail::h5_bool();
    case DType::bfloat16: {
      H5Handle type(H5Tcreate(H5T_OPAQUE, 2), H5Tclose);
      H5Tset_tag(type, "");
      return type;
    }
    case DType::string:
      break;
  }
  return {};
}

// A bool's byte and bfloat16's two are written as they are.
hid_t memory_type(DType dtype, const H5Handle& in_file) {
  switch (dtype) {
    case DType::float32:
      return H5T_NATIVE_FLOAT;
    case DType::float64:
      return H5T_NATIVE_DOUBLE;
    case DType::uint8:
      return H5T_NATIVE_UINT8;
    case DType::int32:
      return H5T_NATIVE_INT32;
    case DType::int64:
      return H5T_NATIVE_INT64;
    default:
      return in_file;
  }
}

}  // namespace

struct Hdf5Writer::State {
  std::string what;
  std::vector<Object> objects;  // in the order of the calls, a group before what is in it
  std::unordered_map<std::string, std::size_t> index;

  // Without slashes around it; the names in it must be some.
  std::string plain(const std::string& path) const {
    std::string_view rest = path;
    if (rest.starts_with('/')) rest.remove_prefix(1);
    const std::string result(rest);
    while (!rest.empty()) {
      const std::size_t last = std::min(rest.find('/'), rest.size());
      const std::string_view name = rest.substr(0, last);
      if (name.empty() || name == "." || name.find('\0') != std::string_view::npos ||
          last + 1 == rest.size()) {
        throw ValueError(fmt::format(
            "{}: \"{}\" is no path in an HDF5 file; expected names with / between", what, path));
      }
      rest.remove_prefix(std::min(last + 1, rest.size()));
    }
    return result;
  }

  void make_group(const std::string& path) {
    const auto found = index.find(path);
    if (found != index.end()) {
      if (objects[found->second].values.defined())
        throw ValueError(fmt::format("{}: {} is a dataset already; expected a group", what, path));
      return;
    }
    if (!path.empty()) make_group(parent(path));
    add({path, {}});
  }

  void add(Object object) {
    index[object.path] = objects.size();
    objects.push_back(std::move(object));
  }

  static std::string parent(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
  }

  template <class T>
  T require(T&& result, const std::string& path) const {
    if (static_cast<hid_t>(result) < 0) {
      throw FileError(fmt::format("{}: {} cannot be written: {}", what, path.empty() ? "/" : path,
                                  detail::h5_problem()));
    }
    return std::forward<T>(result);
  }

  void write(hid_t file, const Object& object) const {
    if (object.path.empty()) {
      write_attributes(H5Handle(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose), object);
      return;
    }
    if (!object.values.defined()) {
      write_attributes(require(H5Handle(H5Gcreate2(file, object.path.c_str(), H5P_DEFAULT,
                                                   H5P_DEFAULT, H5P_DEFAULT),
                                        H5Gclose),
                               object.path),
                       object);
      return;
    }
    const Tensor values = object.values.to(Device{});
    std::vector<hsize_t> sizes;
    for (const std::int64_t size : values.shape()) sizes.push_back(static_cast<hsize_t>(size));
    const H5Handle space(
        sizes.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
        H5Sclose);
    const H5Handle type = file_type(values.dtype());
    const H5Handle options(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(options, false);  // the same bytes at any time
    const H5Handle dataset = require(H5Handle(H5Dcreate2(file, object.path.c_str(), type, space,
                                                         H5P_DEFAULT, options, H5P_DEFAULT),
                                              H5Dclose),
                                     object.path);
    if (values.size() > 0) {
      require(H5Dwrite(dataset, memory_type(values.dtype(), type), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       values.raw()),
              object.path);
    }
    write_attributes(dataset, object);
  }

  void write_attributes(hid_t object_id, const Object& object) const {
    for (const auto& [name, value] : object.attributes) {
      const H5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
      H5Tset_size(type, H5T_VARIABLE);
      H5Tset_cset(type, H5T_CSET_UTF8);
      const H5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
      const H5Handle attribute = require(
          H5Handle(H5Acreate2(object_id, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose),
          object.path);
      const char* text = value.c_str();
      require(H5Awrite(attribute, type, &text), object.path);
    }
  }
};

Hdf5Writer::Hdf5Writer(std::string what) : state_(std::make_unique<State>()) {
  state_->what = std::move(what);
  state_->add({"", {}});
}
Hdf5Writer::~Hdf5Writer() = default;

void Hdf5Writer::group(const std::string& path) { state_->make_group(state_->plain(path)); }

void Hdf5Writer::dataset(const std::string& path, const Tensor& values) {
  State& s = *state_;
  const std::string plain = s.plain(path);
  if (!values.defined())
    throw ValueError(
        fmt::format("{}: the dataset {} has no values: the tensor is not set", s.what, path));
  if (values.dtype() == string) {
    throw DTypeError(fmt::format("{}: the dataset {} is {}; expected numbers or bool", s.what, path,
                                 values.spec().text()));
  }
  if (s.index.contains(plain))
    throw ValueError(fmt::format("{}: there is an object {} already", s.what, path));
  s.make_group(State::parent(plain));
  s.add({plain, values});
  if (values.dtype() == bfloat16) s.objects.back().attributes["dtype"] = "bfloat16";
}

void Hdf5Writer::dataset(const std::string& path, std::int64_t value) {
  dataset(path, Tensor::from(std::span<const std::int64_t>(&value, 1), Shape{}));
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name,
                           const std::string& value) {
  State& s = *state_;
  const auto found = s.index.find(s.plain(path));
  if (found == s.index.end())
    throw ValueError(
        fmt::format("{}: the attribute {} is for {}, which is not there", s.what, name, path));
  Object& object = s.objects[found->second];
  if (name.empty() || name.find('\0') != std::string::npos || value.find('\0') != std::string::npos)
    throw ValueError(
        fmt::format("{}: {}: the attribute {} is empty or holds a zero", s.what, path, name));
  if (value.size() > kMaxAttribute) {
    throw ValueError(fmt::format("{}: {}: the attribute {} has {} bytes; expected at most {}",
                                 s.what, path, name, value.size(), kMaxAttribute));
  }
  if (object.attributes.contains(name))
    throw ValueError(fmt::format("{}: {} has an attribute {} already", s.what, path, name));
  object.attributes[name] = value;
}

data::Bytes Hdf5Writer::finish() {
  const State& s = *state_;
  std::size_t bytes = 0;
  for (const Object& object : s.objects)
    bytes += object.values.defined() ? static_cast<std::size_t>(object.values.bytes()) : 0;
  const detail::H5Lock lock;
  const H5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Room for all at once: what grows is copied.
  const std::size_t step = bytes + 512 * s.objects.size() + (std::size_t{1} << 16);
  s.require(H5Pset_fapl_core(access, step, /*backing_store=*/false), "");
  H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  const H5Handle file = s.require(
      H5Handle(H5Fcreate(detail::h5_image_name().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access),
               H5Fclose),
      "");
  for (const Object& object : s.objects) s.write(file, object);
  s.require(H5Fflush(file, H5F_SCOPE_GLOBAL), "");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  s.require(size, "");
  return data::Bytes::filled(s.what, size, [&](std::span<std::byte> room) {
    s.require(H5Fget_file_image(file, room.data(), room.size()), "");
  });
}

}  // namespace keratin::saving
