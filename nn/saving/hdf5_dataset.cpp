#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

#include "kernels/parallel.h"
#include "nn/saving/half.h"
#include "nn/saving/hdf5_file.h"
#include "tensor/cast.h"

namespace keratin::saving::detail {
namespace {

enum class Layout { as_is, wider, unsigned64, half, bf16, boolean };

// An element's type in the file, and how it gets into memory.
struct Element {
  std::string name;
  DType dtype = float32;
  Layout layout = Layout::as_is;
  bool swapped = false;  // of the two bytes of half and bf16
};

Element integer(const H5File& file, std::string_view path, hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  const bool has_sign = H5Tget_sign(type) == H5T_SGN_2;
  if (H5Tget_precision(type) != 8 * bytes || H5Tget_offset(type) != 0)
    file.fail(path, "has integers of a part of their bits");
  Element element;
  element.name = fmt::format("{}int{}", has_sign ? "" : "u", 8 * bytes);
  switch (bytes) {
    case 1:
      element.dtype = has_sign ? int32 : uint8;
      element.layout = has_sign ? Layout::wider : Layout::as_is;
      return element;
    case 2:
      element.dtype = int32;
      element.layout = Layout::wider;
      return element;
    case 4:
      element.dtype = has_sign ? int32 : int64;
      element.layout = has_sign ? Layout::as_is : Layout::wider;
      return element;
    case 8:
      element.dtype = int64;
      element.layout = has_sign ? Layout::as_is : Layout::unsigned64;
      return element;
    default:
      file.fail(path, fmt::format("has integers of {} bytes; expected 1, 2, 4 or 8", bytes));
  }
}

Element floating(const H5File& file, std::string_view path, hid_t type) {
  if (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0)
    return {"float32", float32};
  if (H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0)
    return {"float64", float64};
  std::size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0;
  const H5T_order_t order = H5Tget_order(type);
  if (H5Tget_size(type) == 2 && (order == H5T_ORDER_LE || order == H5T_ORDER_BE) &&
      H5Tget_offset(type) == 0 && H5Tget_precision(type) == 16 &&
      H5Tget_norm(type) == H5T_NORM_IMPLIED &&
      H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
      sign == 15 && mantissa == 0 && exponent == mantissa_bits &&
      exponent_bits + mantissa_bits == 15) {
    const std::size_t bias = H5Tget_ebias(type);
    if (exponent_bits == 5 && bias == 15)
      return {"float16", float32, Layout::half, order == H5T_ORDER_BE};
    if (exponent_bits == 8 && bias == 127)
      return {"bfloat16", bfloat16, Layout::bf16, order == H5T_ORDER_BE};
  }
  file.fail(path, fmt::format("has floating-point numbers of {} bytes of an unknown kind; expected "
                              "float16, bfloat16, float32 or float64",
                              H5Tget_size(type)));
}

bool is_bool(hid_t type) {
  const H5Handle base(H5Tget_super(type), H5Tclose);
  if (!base.valid() || H5Tget_size(type) != 1 || H5Tget_class(base) != H5T_INTEGER ||
      H5Tget_nmembers(type) != 2)
    return false;
  for (unsigned i = 0; i < 2; ++i) {
    std::int8_t value = -1;
    char* name = H5Tget_member_name(type, i);
    const bool fits = name != nullptr && H5Tget_member_value(type, i, &value) >= 0 &&
                      ((value == 0 && std::strcmp(name, "FALSE") == 0) ||
                       (value == 1 && std::strcmp(name, "TRUE") == 0));
    H5free_memory(name);
    if (!fits) return false;
  }
  return true;
}

Element element_of(const H5File& file, std::string_view path, hid_t dataset, hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return integer(file, path, type);
    case H5T_FLOAT:
      return floating(file, path, type);
    case H5T_ENUM:
      if (is_bool(type)) return {"bool", boolean, Layout::boolean};
      file.fail(path, "is an enumeration other than bool; expected numbers or bool");
    case H5T_OPAQUE: {
      const auto tag = h5_texts(file, path, dataset, "dtype");
      if (H5Tget_size(type) == 2 && tag && tag->values == std::vector<std::string>{"bfloat16"})
        return {"bfloat16", bfloat16, Layout::bf16};
      file.fail(path, "is opaque, and no bfloat16; expected numbers or bool");
    }
    case H5T_STRING:
      file.fail(path, "is text; expected numbers or bool");
    default:
      file.fail(path, "is neither numbers nor bool");
  }
}

struct Dataset {
  H5Handle id, type;
  Element element;
  Shape shape;
  std::int64_t bytes = 0;  // in the file, uncompressed
};

Dataset open(const H5File& file, std::string_view path, const Shape& expected) {
  Dataset dataset;
  dataset.id = file.dataset(path);
  const H5Handle options(H5Dget_create_plist(dataset.id), H5Pclose);
  const H5D_layout_t layout = H5Pget_layout(options);
  // Before the shape is asked for, which may open the other files.
  if (layout == H5D_VIRTUAL) file.fail(path, "is a virtual dataset, made of other files; refused");
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
    file.fail(path, "has a layout of an unknown kind");
  if (H5Pget_external_count(options) != 0) file.fail(path, "lies in another file; refused");
  const H5Handle space(H5Dget_space(dataset.id), H5Sclose);
  const H5S_class_t kind = space.valid() ? H5Sget_simple_extent_type(space) : H5S_NO_CLASS;
  if (kind != H5S_SIMPLE && kind != H5S_SCALAR) file.fail(path, "has no shape");
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > Shape::kMaxRank)
    file.fail(path, fmt::format("has {} axes; expected at most {}", rank, Shape::kMaxRank));
  std::array<hsize_t, Shape::kMaxRank> sizes = {};
  H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  dataset.type = H5Handle(H5Dget_type(dataset.id), H5Tclose);
  const auto element_bytes =
      dataset.type.valid() ? static_cast<std::int64_t>(H5Tget_size(dataset.type)) : 0;
  if (element_bytes <= 0) file.fail(path, fmt::format("broken: {}", h5_problem()));
  bool overflow = false, empty = false;
  std::int64_t size = 16;  // the widest element in memory has fewer bytes
  for (int axis = 0; axis < rank; ++axis) {
    const auto here = static_cast<std::int64_t>(sizes[static_cast<std::size_t>(axis)]);
    overflow |= here < 0 || (here > 0 && __builtin_mul_overflow(size, here, &size));
    empty |= here == 0;
    dataset.shape.push_back(overflow ? 0 : here);
  }
  if (overflow) file.fail(path, "has more elements than any file");
  if (expected.is_set() && dataset.shape != expected) {
    file.fail(path,
              fmt::format("has the shape {}; expected {}", dataset.shape.text(), expected.text()));
  }
  dataset.element = element_of(file, path, dataset.id, dataset.type);
  if (empty) return dataset;
  dataset.bytes = size / 16 * element_bytes;
  if (layout == H5D_CHUNKED) return dataset;
  const auto stored = static_cast<std::int64_t>(H5Dget_storage_size(dataset.id));
  if (stored == 0) file.fail(path, "was never written: it has a shape, but no values");
  if (stored != dataset.bytes) {
    file.fail(path, fmt::format("is {}{}, {} bytes; the file holds {} of it", dataset.element.name,
                                dataset.shape.text(), dataset.bytes, stored));
  }
  if (layout == H5D_CONTIGUOUS) {
    const haddr_t place = H5Dget_offset(dataset.id);
    const auto all = static_cast<haddr_t>(file.bytes());
    if (place > all || static_cast<haddr_t>(dataset.bytes) > all - place)
      file.fail(path, "truncated: its values lie beyond the end of the file");
  }
  return dataset;
}

void check_chunks(const H5File& file, std::string_view path, const Dataset& dataset,
                  bool shape_is_known) {
  const H5Handle options(H5Dget_create_plist(dataset.id), H5Pclose);
  if (H5Pget_layout(options) != H5D_CHUNKED || dataset.bytes == 0) return;
  constexpr std::int64_t kSmall = std::int64_t{1} << 28, kMostRatio = 100;
  if (!shape_is_known && dataset.bytes > kSmall && dataset.bytes / kMostRatio > file.bytes()) {
    file.fail(path, fmt::format("refused: {} bytes out of a file of {}; expected at most {} times "
                                "as many",
                                dataset.bytes, file.bytes(), kMostRatio));
  }
  h5_check_chunks(file, path, dataset.id, dataset.shape,
                  static_cast<std::int64_t>(H5Tget_size(dataset.type)));
}

hid_t memory_type(const Dataset& dataset) {
  switch (dataset.element.layout) {
    case Layout::unsigned64:
      return H5T_NATIVE_UINT64;
    case Layout::half:
    case Layout::bf16:
    case Layout::boolean:
      return dataset.type;  // as it is in the file
    default:
      break;
  }
  switch (dataset.element.dtype) {
    case DType::float32:
      return H5T_NATIVE_FLOAT;
    case DType::float64:
      return H5T_NATIVE_DOUBLE;
    case DType::uint8:
      return H5T_NATIVE_UINT8;
    case DType::int32:
      return H5T_NATIVE_INT32;
    default:
      return H5T_NATIVE_INT64;
  }
}

// Two bytes, little-endian, or the other way round.
std::uint16_t two_bytes(const std::byte* bytes, bool swapped) {
  const auto low = std::to_integer<unsigned>(bytes[swapped ? 1 : 0]);
  const auto high = std::to_integer<unsigned>(bytes[swapped ? 0 : 1]);
  return static_cast<std::uint16_t>(low | (high << 8));
}

}  // namespace

Hdf5Spec h5_spec(const H5File& file, std::string_view path) {
  const Dataset dataset = open(file, path, Shape::unset());
  return {dataset.shape, dataset.element.dtype, dataset.element.name};
}

Tensor h5_read(const H5File& file, std::string_view path, const Shape& expected) {
  const Dataset dataset = open(file, path, expected);
  check_chunks(file, path, dataset, expected.is_set());
  const Element& element = dataset.element;
  Tensor values = Tensor::empty(dataset.shape, element.dtype);
  if (values.size() == 0) return values;
  const auto read = [&](void* to) {
    if (H5Dread(dataset.id, memory_type(dataset), H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0)
      file.fail(path, fmt::format("broken: {}", h5_problem()));
  };
  const std::int64_t size = values.size();
  switch (element.layout) {
    case Layout::half: {
      std::vector<std::byte> raw(static_cast<std::size_t>(2 * size));
      read(raw.data());
      auto* y = values.mutable_data<float>();
      for (std::int64_t i = 0; i < size; ++i)
        y[i] = half_to_float(two_bytes(raw.data() + 2 * i, element.swapped));
      break;
    }
    case Layout::bf16: {
      read(values.raw());
      auto* y = values.mutable_data<BFloat16>();
      const auto* raw = static_cast<const std::byte*>(values.raw());
      for (std::int64_t i = 0; i < size; ++i) y[i].bits = two_bytes(raw + 2 * i, element.swapped);
      break;
    }
    case Layout::boolean: {
      read(values.raw());
      const auto* raw = static_cast<const std::uint8_t*>(values.raw());
      for (std::int64_t i = 0; i < size; ++i) {
        if (raw[i] > 1) file.fail(path, fmt::format("is bool with a value {}", raw[i]));
      }
      break;
    }
    case Layout::unsigned64: {
      read(values.raw());
      const auto* y = values.data<std::int64_t>();
      for (std::int64_t i = 0; i < size; ++i) {
        if (y[i] < 0) {
          file.fail(path, fmt::format("holds {}, which does not fit int64",
                                      static_cast<std::uint64_t>(y[i])));
        }
      }
      break;
    }
    case Layout::as_is:
    case Layout::wider:
      read(values.raw());
      break;
  }
  return values;
}

}  // namespace keratin::saving::detail
