#include "data/pipeline/cache_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "data/bytes.h"
#include "data/pipeline/structure.h"
#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

constexpr std::string_view kMagic = "keratin dataset cache 1\n";
constexpr std::int64_t kHeader = static_cast<std::int64_t>(kMagic.size()) + 16;  // bytes
constexpr std::int64_t kRecordHeader = 12;

enum Structure : std::uint8_t { kNone, kOne, kList, kNamed };

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append(std::string& bytes, const Tensor& tensor) {
  const std::string_view dtype = name_of(tensor.dtype());
  append(bytes, static_cast<std::uint8_t>(dtype.size()));
  bytes += dtype;
  append(bytes, static_cast<std::uint8_t>(tensor.rank()));
  for (const std::int64_t size : tensor.shape()) append(bytes, static_cast<std::uint64_t>(size));
  if (tensor.dtype() == DType::string) {
    for (const std::string& text : tensor.strings()) {
      append(bytes, static_cast<std::uint64_t>(text.size()));
      bytes += text;
    }
  } else {
    bytes.append(static_cast<const char*>(tensor.raw()), static_cast<std::size_t>(tensor.bytes()));
  }
}

std::string encoded(const Example& element) {
  std::string bytes;
  for (const PartOfExample& part : kParts) {
    const Tensors& tensors = element.*part.tensors;
    append(bytes, static_cast<std::uint8_t>(tensors.none()     ? kNone
                                            : tensors.single() ? kOne
                                            : tensors.named()  ? kNamed
                                                               : kList));
    append(bytes, static_cast<std::uint32_t>(tensors.count()));
    for (const auto& [name, tensor] : tensors.entries()) {
      if (!tensor.defined()) {
        throw ValueError(fmt::format("Dataset.cache: a tensor has no value, it was never set: {}",
                                     listing(element)));
      }
      append(bytes, static_cast<std::uint32_t>(name.size()));
      bytes += name;
      append(bytes, tensor);
    }
  }
  return bytes;
}

std::uint32_t crc_of(std::string_view bytes) {
  uLong crc = crc32(0, nullptr, 0);
  while (!bytes.empty()) {  // zlib takes 4 GiB at most
    const std::size_t some = std::min<std::size_t>(bytes.size(), 1 << 30);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(some));
    bytes.remove_prefix(some);
  }
  return static_cast<std::uint32_t>(crc);
}

// What is left of an element's bytes. Its sum is right, so that only a writer that is not ours
// leads to a failure here; what it claims is believed as far as there are bytes for it.
class Decoder {
 public:
  Decoder(std::string_view bytes, const ByteReader& reader) : bytes_(bytes), reader_(reader) {}

  Example example() {
    Example element;
    for (const PartOfExample& part : kParts) element.*part.tensors = tensors();
    require(bytes_.empty());
    return element;
  }

 private:
  void require(bool good) const {
    if (!good) reader_.fail("broken: an element is none that keratin has written");
  }
  std::string_view take(std::uint64_t count) {
    require(count <= bytes_.size());
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  Tensors tensors() {
    const auto kind = number<std::uint8_t>();
    const auto count = number<std::uint32_t>();
    require(kind <= kNamed && (kind != kNone || count == 0) && (kind != kOne || count == 1) &&
            count <= bytes_.size());
    std::vector<Tensor> list;
    Named<Tensor> dict;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string name(take(number<std::uint32_t>()));
      Tensor value = tensor();
      if (kind == kNamed) {
        require(!dict.contains(name));
        dict[name] = std::move(value);
      } else {
        list.push_back(std::move(value));
      }
    }
    if (kind == kNone) return {};
    if (kind == kOne) return list[0];
    return kind == kNamed ? Tensors(dict) : Tensors(std::move(list));
  }

  DType dtype() {
    const std::string_view name = take(number<std::uint8_t>());
    for (const DType known :
         {float32, float64, bfloat16, uint8, int32, int64, boolean, DType::string})
      if (name == name_of(known)) return known;
    require(false);
    return float32;
  }

  Tensor tensor() {
    const DType type = dtype();
    const auto rank = number<std::uint8_t>();
    require(rank <= Shape::kMaxRank);
    Shape shape;
    std::int64_t least = type == DType::string ? 8 : static_cast<std::int64_t>(size_of(type));
    for (int axis = 0; axis < rank; ++axis) {
      const auto size = number<std::int64_t>();
      require(size >= 0 && !__builtin_mul_overflow(least, std::max<std::int64_t>(size, 1), &least));
      shape.push_back(size);
    }
    if (shape.size() > 0) require(static_cast<std::uint64_t>(least) <= bytes_.size());
    Tensor value = Tensor::empty(shape, type);
    if (type == DType::string) {
      for (std::string& text : value.mutable_strings()) text = take(number<std::uint64_t>());
    } else {
      const std::string_view elements = take(static_cast<std::uint64_t>(value.bytes()));
      if (!elements.empty()) std::memcpy(value.raw(), elements.data(), elements.size());
    }
    return value;
  }

  std::string_view bytes_;
  const ByteReader& reader_;
};

}  // namespace

CacheWriter::CacheWriter(const std::string& path) : file_("Dataset.cache", path) {
  file_.write(std::string(static_cast<std::size_t>(kHeader), '\0'));  // written by finish()
}

void CacheWriter::add(const Example& element) {
  const std::string bytes = encoded(element);
  std::string header;
  append(header, static_cast<std::uint64_t>(bytes.size()));
  append(header, crc_of(bytes));
  file_.write(header);
  file_.write(bytes);
  ++count_;
}

void CacheWriter::finish() {
  std::string header(kMagic);
  append(header, static_cast<std::uint64_t>(count_));
  append(header, static_cast<std::uint64_t>(file_.tell()));
  file_.seek(0);
  file_.write(header);
  file_.commit();
}

bool CacheReader::exists(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  require_file(fmt::format("Dataset.cache: {}", path), path);
  return true;
}

CacheReader::CacheReader(const std::string& path, std::int64_t expected)
    : reader_("Dataset.cache", path) {
  const std::int64_t size = reader_.most();
  std::array<std::byte, static_cast<std::size_t>(kHeader)> header;
  const std::size_t got = reader_.read(header);
  if (got < header.size() || std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) {
    reader_.fail(
        "not a cache of keratin: it does not begin with \"keratin dataset cache 1\". Give another "
        "name, or remove it.");
  }
  std::int64_t bytes = 0;
  std::memcpy(&count_, header.data() + kMagic.size(), 8);
  std::memcpy(&bytes, header.data() + kMagic.size() + 8, 8);
  if (bytes != size) {
    reader_.fail(fmt::format("{}: its header says {} bytes; it holds {}. Remove it.",
                             bytes > size ? "truncated" : "broken", bytes, size));
  }
  left_ = bytes - kHeader;
  if (count_ < 0 || count_ > left_ / kRecordHeader) {
    reader_.fail(
        fmt::format("broken: its header says {} elements in {} bytes. Remove it.", count_, bytes));
  }
  if (expected >= 0 && count_ != expected) {
    reader_.fail(
        fmt::format("the cache of another dataset: it holds {} elements; this dataset has {}. "
                    "Remove it, or give another name.",
                    count_, expected));
  }
}

void CacheReader::read(std::span<std::byte> bytes) {
  if (reader_.read(bytes) < bytes.size()) reader_.fail("became shorter while it was read");
  left_ -= static_cast<std::int64_t>(bytes.size());
}

std::optional<CacheReader::Record> CacheReader::next_record() {
  if (read_ == count_) {
    if (left_ != 0) reader_.fail(fmt::format("broken: {} bytes follow its elements", left_));
    return {};
  }
  Record record;
  if (left_ >= kRecordHeader) {
    std::array<std::byte, static_cast<std::size_t>(kRecordHeader)> header;
    read(header);
    std::memcpy(&record.bytes, header.data(), 8);
    std::memcpy(&record.crc, header.data() + 8, 4);
  } else {
    record.bytes = -1;
  }
  if (record.bytes < 0 || record.bytes > left_) {
    reader_.fail(
        fmt::format("broken: element {} of {} is longer than the file. Remove it.", read_, count_));
  }
  ++read_;
  return record;
}

std::optional<Example> CacheReader::next() {
  const std::optional<Record> record = next_record();
  if (!record) return {};
  std::string bytes(static_cast<std::size_t>(record->bytes), '\0');
  read(std::as_writable_bytes(std::span(bytes)));
  if (crc_of(bytes) != record->crc) {
    reader_.fail(fmt::format("broken: the checksum of element {} of {} is wrong. Remove it.",
                             read_ - 1, count_));
  }
  return Decoder(bytes, reader_).example();
}

bool CacheReader::skip() {
  const std::optional<Record> record = next_record();
  if (!record) return false;
  std::array<std::byte, 1 << 16> chunk;
  for (std::int64_t left = record->bytes; left > 0;) {
    const auto some = std::min<std::int64_t>(left, static_cast<std::int64_t>(chunk.size()));
    read(std::span(chunk).first(static_cast<std::size_t>(some)));
    left -= some;
  }
  return true;
}

}  // namespace keratin::data::detail
