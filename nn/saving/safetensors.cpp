#include "nn/saving/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/atomic_file.h"
#include "data/bytes.h"
#include "kernels/error.h"
#include "nn/saving/half.h"
#include "nn/saving/json.h"

namespace keratin::saving {
namespace {

static_assert(std::endian::native == std::endian::little, "the elements are little-endian");

constexpr std::int64_t kMaxHeader = 100'000'000;
constexpr std::size_t kMaxTensors = 16384;
constexpr const char* kReads = "read_safetensors";

// y[i] = x[i], of bytes that need not be aligned.
template <class From, class To>
void widen(const std::byte* x, To* y, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    From value;
    std::memcpy(&value, x + i * static_cast<std::int64_t>(sizeof(From)), sizeof(From));
    y[i] = static_cast<To>(value);
  }
}

struct Type {
  const char* name;
  std::int64_t bytes;  // of an element, in the file
  DType dtype;
  void (*decode)(const std::byte* x, Tensor& y);  // none: as it is
};

const Type kTypes[] = {
    {"F32", 4, float32, nullptr},
    {"F64", 8, float64, nullptr},
    {"BF16", 2, bfloat16, nullptr},
    {"U8", 1, uint8, nullptr},
    {"I32", 4, int32, nullptr},
    {"I64", 8, int64, nullptr},
    {"BOOL", 1, boolean, nullptr},
    {"F16", 2, float32,
     [](const std::byte* x, Tensor& y) {
       auto* values = y.mutable_data<float>();
       for (std::int64_t i = 0; i < y.size(); ++i) {
         std::uint16_t half;
         std::memcpy(&half, x + 2 * i, 2);
         values[i] = half_to_float(half);
       }
     }},
    {"I8", 1, int32,
     [](const std::byte* x, Tensor& y) {
       widen<std::int8_t>(x, y.mutable_data<std::int32_t>(), y.size());
     }},
    {"I16", 2, int32,
     [](const std::byte* x, Tensor& y) {
       widen<std::int16_t>(x, y.mutable_data<std::int32_t>(), y.size());
     }},
    {"U16", 2, int32,
     [](const std::byte* x, Tensor& y) {
       widen<std::uint16_t>(x, y.mutable_data<std::int32_t>(), y.size());
     }},
    {"U32", 4, int64,
     [](const std::byte* x, Tensor& y) {
       widen<std::uint32_t>(x, y.mutable_data<std::int64_t>(), y.size());
     }},
    {"U64", 8, int64, nullptr},  // checked: none is beyond int64
};

struct Entry {
  std::string name;
  const Type* type = nullptr;
  Shape shape;
  std::int64_t begin = 0, end = 0;
};

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(data::read_file(kReads, path)) {}

  Safetensors read() {
    if (file_.size() < 8)
      fail(fmt::format("no safetensors file: it holds {} bytes; expected 8 of length",
                       file_.size()));
    std::uint64_t length = 0;
    std::memcpy(&length, file_.data(), 8);
    if (length > static_cast<std::uint64_t>(std::min(file_.size() - 8, kMaxHeader))) {
      fail(
          fmt::format("no safetensors file, or a truncated one: it says a header of {} bytes; it "
                      "holds {} after the length, and at most {} are allowed",
                      length, file_.size() - 8, kMaxHeader));
    }
    const auto header_bytes = static_cast<std::int64_t>(length);
    const std::string_view text = file_.slice(8, header_bytes).text();
    if (!text.starts_with('{')) fail("no safetensors file: its header does not begin with {");
    const Json header = parse_json(fmt::format("{}: {}: header", kReads, path_), text,
                                   {.max_bytes = kMaxHeader, .max_depth = 4});
    const data::Bytes elements = file_.slice(8 + header_bytes, file_.size() - 8 - header_bytes);
    Safetensors result;
    std::vector<Entry> entries = all_entries(header, elements.size(), result.metadata);
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::int64_t place = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != place) {
        fail(entry.name, fmt::format("its data begin at {}; expected {}, where those before end",
                                     entry.begin, place));
      }
      place = entry.end;
    }
    if (place != elements.size()) {
      fail(
          fmt::format("it holds {} bytes of data; its header tells of {}", elements.size(), place));
    }
    for (const Entry& entry : entries)
      result.tensors[entry.name] = tensor(entry, elements.data() + entry.begin);
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw FileError(fmt::format("{}: {}: {}", kReads, path_, text));
  }
  [[noreturn]] void fail(const std::string& name, const std::string& text) const {
    throw FileError(fmt::format("{}: {}: \"{}\": {}", kReads, path_, name, text));
  }

  std::vector<Entry> all_entries(const Json& header, std::int64_t bytes,
                                 Named<std::string>& metadata) const {
    if (header.size() > kMaxTensors)
      fail(fmt::format("{} tensors; expected at most {}", header.size(), kMaxTensors));
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (!value.is_object()) fail(name, "is no object");
      if (name != "__metadata__") {
        entries.push_back(entry(name, value, bytes));
        continue;
      }
      if (value.size() > kMaxTensors) fail(name, "has too many entries");
      for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) fail(name, fmt::format("\"{}\" is no string", key));
        metadata[key] = text.get<std::string>();
      }
    }
    return entries;
  }

  Entry entry(const std::string& name, const Json& value, std::int64_t bytes) const {
    Entry entry;
    entry.name = name;
    const Json *type = nullptr, *shape = nullptr, *offsets = nullptr;
    for (const auto& [key, field] : value.items()) {
      if (key == "dtype") {
        type = &field;
      } else if (key == "shape") {
        shape = &field;
      } else if (key == "data_offsets") {
        offsets = &field;
      } else {
        fail(name, fmt::format("has an unknown key \"{}\"", key));
      }
    }
    if (type == nullptr || !type->is_string() || shape == nullptr || !shape->is_array() ||
        offsets == nullptr || !offsets->is_array() || offsets->size() != 2) {
      fail(name, "expected a dtype, a list as shape, and two data_offsets");
    }
    const auto& type_name = type->get_ref<const std::string&>();
    for (const Type& known : kTypes)
      if (type_name == known.name) entry.type = &known;
    if (entry.type == nullptr) {
      fail(name, fmt::format("its dtype is {}; expected F32, F64, F16, BF16, BOOL, U8 to U64 or I8 "
                             "to I64",
                             type_name.substr(0, 40)));
    }
    entry.begin = size(name, (*offsets)[0]);
    entry.end = size(name, (*offsets)[1]);
    if (entry.begin > entry.end || entry.end > bytes) {
      fail(name,
           fmt::format("its data lie at {} to {}, out of {} bytes", entry.begin, entry.end, bytes));
    }
    if (shape->size() > static_cast<std::size_t>(Shape::kMaxRank)) {
      fail(name, fmt::format("has {} axes; expected at most {}", shape->size(), Shape::kMaxRank));
    }
    // An axis of 0 makes all of them count, whatever the others say.
    std::int64_t wanted = entry.type->bytes, in_memory = 8;
    bool overflow = false, empty = false;
    for (const Json& axis : *shape) {
      const std::int64_t here = size(name, axis);
      empty |= here == 0;
      overflow |= here != 0 && (__builtin_mul_overflow(wanted, here, &wanted) ||
                                __builtin_mul_overflow(in_memory, here, &in_memory));
      entry.shape.push_back(here);
    }
    if (overflow)
      fail(name, fmt::format("{}{}: more bytes than any file has", type_name, entry.shape.text()));
    if (empty) wanted = 0;
    if (wanted != entry.end - entry.begin) {
      fail(name, fmt::format("{}{} takes {} bytes; its data are {}", type_name, entry.shape.text(),
                             wanted, entry.end - entry.begin));
    }
    return entry;
  }

  std::int64_t size(const std::string& name, const Json& value) const {
    if (!value.is_number_unsigned() ||
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
      fail(name, fmt::format("{} is no size", value.dump().substr(0, 40)));
    return static_cast<std::int64_t>(value.get<std::uint64_t>());
  }

  Tensor tensor(const Entry& entry, const std::byte* bytes) const {
    Tensor values = Tensor::empty(entry.shape, entry.type->dtype);
    if (values.size() == 0) return values;
    if (entry.type->decode != nullptr) {
      entry.type->decode(bytes, values);
      return values;
    }
    if (entry.type->dtype == boolean) {
      for (std::int64_t i = 0; i < values.size(); ++i) {
        if (bytes[i] > std::byte{1})
          fail(entry.name, fmt::format("is BOOL with a value {}", std::to_integer<int>(bytes[i])));
      }
    }
    std::memcpy(values.raw(), bytes, static_cast<std::size_t>(values.bytes()));
    if (std::string_view(entry.type->name) == "U64") {
      const auto* y = values.data<std::int64_t>();
      for (std::int64_t i = 0; i < values.size(); ++i) {
        if (y[i] < 0) {
          fail(entry.name,
               fmt::format("holds {}, which does not fit int64", static_cast<std::uint64_t>(y[i])));
        }
      }
    }
    return values;
  }

  const std::string& path_;
  data::Bytes file_;
};

const char* type_name(DType dtype) {
  for (const Type& type : kTypes)
    if (type.dtype == dtype && type.decode == nullptr) return type.name;
  return nullptr;
}

}  // namespace

Safetensors read_safetensors(const std::string& path) { return Reader(path).read(); }

void write_safetensors(const std::string& path, const Named<Tensor>& tensors,
                       const Named<std::string>& metadata) {
  const auto where = [&](const std::string& name) {
    return fmt::format("write_safetensors: {}: \"{}\"", path, name);
  };
  Json header = Json::object();
  if (!metadata.empty()) {
    Json& texts = header["__metadata__"] = Json::object();
    for (const auto& [key, text] : metadata) texts[key] = text;
  }
  // Those of wide elements first, so that each lies at a multiple of its element's size.
  std::vector<const Named<Tensor>::Entry*> order;
  for (const auto& entry : tensors) {
    if (!entry.second.defined())
      throw ValueError(where(entry.first) + ": has no values: the tensor is not set");
    if (type_name(entry.second.dtype()) == nullptr) {
      throw DTypeError(fmt::format("{}: is {}; expected numbers or bool", where(entry.first),
                                   entry.second.spec().text()));
    }
    if (entry.first == "__metadata__")
      throw ValueError(where(entry.first) + ": is the name of the metadata; choose another");
    order.push_back(&entry);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return size_of(a->second.dtype()) > size_of(b->second.dtype());
  });
  std::int64_t place = 0;
  for (const auto* entry : order) {
    const Tensor& values = entry->second;
    Json shape = Json::array();
    for (const std::int64_t size : values.shape()) shape.push_back(size);
    header[entry->first] = {{"dtype", type_name(values.dtype())},
                            {"shape", std::move(shape)},
                            {"data_offsets", {place, place + values.bytes()}}};
    place += values.bytes();
  }
  std::string text = dump_json(header);
  text.append((8 - text.size() % 8) % 8, ' ');
  const auto length = static_cast<std::uint64_t>(text.size());
  data::AtomicFile file("write_safetensors", path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const auto* entry : order) file.write(data::Bytes::of(entry->second.to(Device{})).span());
  file.commit();
}

}  // namespace keratin::saving
