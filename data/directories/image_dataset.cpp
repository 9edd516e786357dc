#include "data/directories/image_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "data/directories/dataset_from_directory.h"
#include "data/images/decoder.h"
#include "data/images/options.h"
#include "kernels/resize/resize.h"
#include "kernels/run.h"
#include "tensor/resize_images.h"

namespace keratin::data {
namespace {

class ImageReader : public detail::FileReader {
 public:
  ImageReader(const std::string& op, const ImageDirectoryOptions& options)
      : channels_(detail::channels_of(op, options.color_mode)),
        accurate_(detail::is_accurate(op, options.dct_method)),
        exif_orientation_(options.exif_orientation),
        resize_{.size = {options.image_size.height(), options.image_size.width()},
                .interpolation = options.interpolation,
                .crop_to_aspect_ratio = options.crop_to_aspect_ratio,
                .pad_to_aspect_ratio = options.pad_to_aspect_ratio} {
    keratin::detail::check_resize_options(op, resize_);
    constexpr std::int64_t kMost = std::int64_t{1} << 28;  // elements of an image
    if (resize_.size[0] > kMost / channels_ / resize_.size[1]) {
      throw ValueError(fmt::format("{}: image_size is {} x {}, of {} channels; at most {} elements",
                                   op, resize_.size[0], resize_.size[1], channels_, kMost));
    }
    interpolation_ = keratin::detail::interpolation_of(op, options.interpolation);
  }

  std::unique_ptr<Scratch> scratch() const override { return std::make_unique<Room>(); }
  Spec spec() const override { return {.shape = {resize_.size[0], resize_.size[1], channels_}}; }

  void read(const std::string& path, const std::string& where, Tensor& to, std::int64_t position,
            Scratch* scratch) const override {
    auto& room = static_cast<Room&>(*scratch);
    const auto bytes = detail::read_whole_file(path, where, room.file);
    std::int64_t height = 0, width = 0;
    const auto pixels = [&](std::int64_t h, std::int64_t w) {
      height = h, width = w;
      return grown(room.pixels, h * w * channels_);
    };
    detail::decode_image({.where = where,
                          .bytes = bytes,
                          .channels = channels_,
                          .exif_orientation = exif_orientation_,
                          .accurate_dct = accurate_},
                         pixels);
    float* const y =
        to.mutable_data<float>() + position * resize_.size[0] * resize_.size[1] * channels_;
    if (resize_.pad_to_aspect_ratio) {
      pad(room, height, width, y);
    } else {
      resize(room.pixels.data(),
             keratin::detail::resize_shape("image_dataset_from_directory",
                                           {.shape = {height, width, channels_}, .dtype = uint8},
                                           resize_),
             y);
    }
  }

 private:
  struct Room : Scratch {
    std::vector<std::byte> file;
    std::vector<std::uint8_t> pixels;
    std::vector<float> resized;
  };

  template <class T>
  static T* grown(std::vector<T>& room, std::int64_t size) {
    if (std::ssize(room) < size) room.resize(static_cast<std::size_t>(size));
    return room.data();
  }

  static void resize(const std::uint8_t* x, const kernels::ResizeShape& shape, float* y) {
    kernels::run(kernels::resize_ladder<std::uint8_t>, x, y, shape);
  }

  // Resized to fit, in the middle of black: tf.image.resize_with_pad, in its float32 arithmetic.
  void pad(Room& room, std::int64_t height, std::int64_t width, float* y) const {
    const auto [out_h, out_w] = resize_.size;
    const auto h = static_cast<float>(height), w = static_cast<float>(width);
    const auto target_h = static_cast<float>(out_h), target_w = static_cast<float>(out_w);
    const float ratio = std::max(w / target_w, h / target_h);
    const float fit_h = h / ratio, fit_w = w / ratio;
    const auto whole = [](float size, std::int64_t most) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(size)), 1, most);
    };
    const std::int64_t rows = whole(fit_h, out_h), columns = whole(fit_w, out_w);
    const auto margin = [](float free, std::int64_t most) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(free / 2)), 0, most);
    };
    const std::int64_t top = margin(target_h - fit_h, out_h - rows),
                       left = margin(target_w - fit_w, out_w - columns);
    float* const from = grown(room.resized, rows * columns * channels_);
    resize(room.pixels.data(),
           kernels::resize_shape(1, height, width, channels_, rows, columns, interpolation_), from);
    const std::int64_t row = out_w * channels_, filled = columns * channels_;
    std::fill(y, y + out_h * row, 0.0f);
    for (std::int64_t i = 0; i < rows; ++i)
      std::copy_n(from + i * filled, filled, y + (top + i) * row + left * channels_);
  }

  std::int64_t channels_;
  bool accurate_, exif_orientation_;
  ResizeOptions resize_;
  kernels::Interpolation interpolation_ = kernels::Interpolation::bilinear;
};

detail::DirectoryRequest request_of(const std::string& op, const std::string& directory,
                                    const ImageDirectoryOptions& o) {
  (void)ImageReader(op, o);  // its options are checked before any folder is read
  return {.op = op,
          .kind = "image",
          .extensions = {".bmp", ".gif", ".jpeg", ".jpg", ".png"},
          .directory = directory,
          .labels = o.labels,
          .label_mode = o.label_mode,
          .class_names = o.class_names,
          .batch_size = o.batch_size,
          .shuffle = o.shuffle,
          .seed = o.seed,
          .validation_split = o.validation_split,
          .subset = o.subset,
          .follow_links = o.follow_links,
          .verbose = o.verbose,
          .on_bad_files = o.on_bad_files,
          .bad_files = o.bad_files};
}

}  // namespace

Dataset image_dataset_from_directory(const std::string& directory,
                                     const ImageDirectoryOptions& options) {
  const std::string op = "image_dataset_from_directory";
  return detail::dataset_from_directory(request_of(op, directory, options), [&] {
    return std::make_unique<const ImageReader>(op, options);
  });
}

std::pair<Dataset, Dataset> image_datasets_from_directory(const std::string& directory,
                                                          const ImageDirectoryOptions& options) {
  const std::string op = "image_datasets_from_directory";
  return detail::datasets_from_directory(request_of(op, directory, options), [&] {
    return std::make_unique<const ImageReader>(op, options);
  });
}

}  // namespace keratin::data
