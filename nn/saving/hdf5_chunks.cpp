#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include "nn/saving/hdf5_file.h"

namespace keratin::saving::detail {
namespace {

// How many bytes zlib data inflate to; -1 if they are broken, `most` + 1 if they are more.
std::int64_t inflated_size(const std::vector<std::byte>& bytes, std::size_t used,
                           std::int64_t most) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return -1;
  std::array<Bytef, 65536> scratch;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(used);
  std::int64_t size = 0;
  int result = Z_OK;
  while (result == Z_OK && size <= most) {
    stream.next_out = scratch.data();
    stream.avail_out = static_cast<uInt>(scratch.size());
    result = inflate(&stream, Z_NO_FLUSH);
    size += static_cast<std::int64_t>(scratch.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (size > most) return most + 1;
  return result == Z_STREAM_END ? size : -1;
}

struct Filters {
  unsigned deflate_mask = 0;  // its bit, where there is one
  bool fletcher = false;
};

Filters filters_of(const H5File& file, std::string_view path, hid_t options) {
  Filters filters;
  const int count = H5Pget_nfilters(options);
  if (count < 0 || count > 8) file.fail(path, "has more than 8 filters");
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    const H5Z_filter_t id =
        H5Pget_filter2(options, i, &flags, &values, nullptr, 0, nullptr, &config);
    if (id == H5Z_FILTER_DEFLATE && filters.deflate_mask == 0) {
      filters.deflate_mask = 1u << i;
    } else if (id == H5Z_FILTER_FLETCHER32 && !filters.fletcher) {
      // Written after compression it would stand outside of it.
      if (filters.deflate_mask != 0) file.fail(path, "has a checksum over compressed data");
      filters.fletcher = true;
    } else if (id != H5Z_FILTER_SHUFFLE) {
      file.fail(path, fmt::format("has filter {}; expected deflate (gzip), shuffle or fletcher32. "
                                  "Write it without compression, or with gzip.",
                                  id));
    }
  }
  return filters;
}

}  // namespace

void h5_check_chunks(const H5File& file, std::string_view path, hid_t dataset, const Shape& shape,
                     std::int64_t element_bytes) {
  const auto broken = [&]() { file.fail(path, fmt::format("broken: {}", h5_problem())); };
  const H5Handle options(H5Dget_create_plist(dataset), H5Pclose);
  const Filters filters = filters_of(file, path, options);
  const auto rank = static_cast<std::size_t>(shape.rank());
  std::array<hsize_t, Shape::kMaxRank> chunk = {}, offset = {};
  if (H5Pget_chunk(options, static_cast<int>(rank), chunk.data()) != static_cast<int>(rank))
    broken();
  std::int64_t chunk_bytes = element_bytes, count = 1;
  bool overflow = false;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const auto size = static_cast<std::int64_t>(chunk[axis]);
    if (size <= 0) file.fail(path, "has chunks without a size");
    const std::int64_t all = shape[static_cast<std::int64_t>(axis)];
    overflow |= __builtin_mul_overflow(chunk_bytes, size, &chunk_bytes);
    overflow |= __builtin_mul_overflow(count, all / size + (all % size != 0 ? 1 : 0), &count);
  }
  // The library sets a whole chunk aside, and what is deflated expands to one.
  constexpr std::int64_t kSmall = 1 << 22, kMostInflated = 1032;
  if (overflow || (chunk_bytes > kSmall && chunk_bytes / kMostInflated > file.bytes()))
    file.fail(path, "has chunks of more bytes than the file can hold");
  if (count > file.bytes()) file.fail(path, "has more chunks than the file can hold");

  std::vector<std::byte> stored;
  for (std::int64_t i = 0; i < count; ++i) {
    hsize_t size = 0;
    if (H5Dget_chunk_storage_size(dataset, offset.data(), &size) < 0 || size == 0)
      file.fail(path, "has parts that were never written");
    if (size > static_cast<hsize_t>(file.bytes())) file.fail(path, "truncated");
    if (filters.deflate_mask == 0) {
      const hsize_t whole = static_cast<hsize_t>(chunk_bytes) + (filters.fletcher ? 4 : 0);
      if (size != whole)
        file.fail(path, fmt::format("has a chunk of {} bytes; expected {}", size, whole));
    } else {
      stored.resize(size);
      std::uint32_t skipped = 0;
      if (H5Dread_chunk(dataset, H5P_DEFAULT, offset.data(), &skipped, stored.data()) < 0) broken();
      const std::int64_t most = chunk_bytes + (filters.fletcher ? 4 : 0);
      const std::int64_t holds = (skipped & filters.deflate_mask) != 0
                                     ? static_cast<std::int64_t>(size)
                                     : inflated_size(stored, size, most);
      const std::int64_t wanted = (skipped & ~filters.deflate_mask) != 0 ? chunk_bytes : most;
      if (holds < 0) file.fail(path, "has a chunk of broken compressed data");
      if (holds != most && holds != wanted) {
        file.fail(path, fmt::format("has a compressed chunk of other than {} bytes", most));
      }
    }
    for (std::size_t axis = rank; axis-- > 0;) {  // the next chunk, row by row
      offset[axis] += chunk[axis];
      if (offset[axis] < static_cast<hsize_t>(shape[static_cast<std::int64_t>(axis)])) break;
      offset[axis] = 0;
    }
  }
}

}  // namespace keratin::saving::detail
