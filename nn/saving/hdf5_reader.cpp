#include <fmt/format.h>

#include "kernels/error.h"
#include "nn/saving/hdf5.h"
#include "nn/saving/hdf5_file.h"
#include "tensor/cast.h"

namespace keratin::saving {

struct Hdf5Reader::State {
  std::optional<detail::H5File> file;

  State(std::string what, std::string name, data::Bytes bytes) {
    const detail::H5Lock lock;
    file.emplace(std::move(what), std::move(name), std::move(bytes));
  }
  ~State() {
    const detail::H5Lock lock;
    file.reset();
  }
};

Hdf5Reader::Hdf5Reader(std::string what, const std::string& file) {
  data::Bytes bytes = data::read_file(what, file);
  state_ = std::make_unique<State>(std::move(what), file, std::move(bytes));
}
Hdf5Reader::Hdf5Reader(std::string what, std::string file, data::Bytes bytes)
    : state_(std::make_unique<State>(std::move(what), std::move(file), std::move(bytes))) {}
Hdf5Reader::~Hdf5Reader() = default;
Hdf5Reader::Hdf5Reader(Hdf5Reader&&) noexcept = default;
Hdf5Reader& Hdf5Reader::operator=(Hdf5Reader&&) noexcept = default;

bool Hdf5Reader::exists(const std::string& path) const {
  const detail::H5Lock lock;
  return state_->file->find(path).valid();
}

bool Hdf5Reader::is_group(const std::string& path) const {
  const detail::H5Lock lock;
  const detail::H5Handle object = state_->file->find(path);
  return object.valid() && H5Iget_type(object) == H5I_GROUP;
}

bool Hdf5Reader::is_dataset(const std::string& path) const {
  const detail::H5Lock lock;
  const detail::H5Handle object = state_->file->find(path);
  return object.valid() && H5Iget_type(object) == H5I_DATASET;
}

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  const detail::H5Lock lock;
  return state_->file->children(group);
}

std::vector<std::string> Hdf5Reader::datasets(const std::string& group) const {
  constexpr std::int64_t kMaxDepth = 60;
  constexpr std::size_t kMaxObjects = 200000;
  const detail::H5Lock lock;
  const detail::H5File& file = *state_->file;
  struct Open {
    std::string path;
    std::int64_t depth;
  };
  std::string start = group.starts_with('/') ? group.substr(1) : group;
  std::vector<Open> open{{start, 0}};  // the next one last
  std::vector<std::string> found;
  for (std::size_t seen = 0; !open.empty(); ++seen) {
    const Open next = open.back();
    open.pop_back();
    const detail::H5Handle object = file.object(next.path);
    if (H5Iget_type(object) == H5I_DATASET) {
      found.push_back(next.path);
      continue;
    }
    if (next.depth >= kMaxDepth) {
      file.fail(next.path.substr(0, 60) + "...",
                fmt::format("groups are deeper than {} levels, or in a circle", kMaxDepth));
    }
    std::vector<std::string> names = file.children(next.path);
    if (seen + open.size() + names.size() > kMaxObjects)
      file.fail("", fmt::format("more than {} objects, or groups in a circle", kMaxObjects));
    for (std::size_t i = names.size(); i-- > 0;) {
      open.push_back({next.path.empty() ? names[i] : next.path + "/" + names[i], next.depth + 1});
    }
  }
  return found;
}

Hdf5Spec Hdf5Reader::spec(const std::string& path) const {
  const detail::H5Lock lock;
  return detail::h5_spec(*state_->file, path);
}

Tensor Hdf5Reader::read(const std::string& path) const {
  const detail::H5Lock lock;
  return detail::h5_read(*state_->file, path, Shape::unset());
}

Tensor Hdf5Reader::read(const std::string& path, const Shape& shape, DType dtype) const {
  Tensor values;
  {
    const detail::H5Lock lock;
    values = detail::h5_read(*state_->file, path, shape);
  }
  return cast(values, dtype);
}

std::vector<std::string> Hdf5Reader::attributes(const std::string& path) const {
  const detail::H5Lock lock;
  return detail::h5_attributes(*state_->file, path);
}

std::optional<std::string> Hdf5Reader::text_attribute(const std::string& path,
                                                      const std::string& name) const {
  const detail::H5Lock lock;
  const detail::H5File& file = *state_->file;
  const auto texts = detail::h5_texts(file, path, file.object(path), name);
  if (!texts) return std::nullopt;
  if (texts->values.size() != 1)
    file.fail(path, fmt::format("the attribute {} holds {} strings; expected one", name,
                                texts->values.size()));
  return texts->values[0];
}

std::optional<std::vector<std::string>> Hdf5Reader::texts_attribute(const std::string& path,
                                                                    const std::string& name) const {
  constexpr std::size_t kMaxTexts = 1000000;
  const detail::H5Lock lock;
  const detail::H5File& file = *state_->file;
  const detail::H5Handle object = file.object(path);
  if (auto texts = detail::h5_texts(file, path, object, name)) return std::move(texts->values);
  std::vector<std::string> joined;
  for (int part = 0;; ++part) {
    auto texts = detail::h5_texts(file, path, object, fmt::format("{}{}", name, part));
    if (!texts && part == 0) return std::nullopt;
    if (!texts) return joined;
    joined.insert(joined.end(), texts->values.begin(), texts->values.end());
    if (joined.size() > kMaxTexts)
      file.fail(path, fmt::format("the attribute {} has more than {} strings", name, kMaxTexts));
  }
}

}  // namespace keratin::saving
