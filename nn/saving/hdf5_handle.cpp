#include "nn/saving/hdf5_handle.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>

namespace keratin::saving::detail {
namespace {

std::mutex& mutex() {
  static std::mutex m;
  return m;
}

herr_t first_text(unsigned, const H5E_error2_t* error, void* text) {
  auto& found = *static_cast<std::string*>(text);
  if (found.empty() && error->desc != nullptr) found = error->desc;
  return 0;
}

}  // namespace

H5Lock::H5Lock() : lock_(mutex()) {
  H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLget_loading_state(&plugins_);
  H5PLset_loading_state(0);
}

H5Lock::~H5Lock() {
  H5PLset_loading_state(plugins_);
  H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_);
}

std::string h5_problem() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_text, &text);
  return text.empty() ? "the HDF5 library fails" : text;
}

std::string h5_image_name() {
  static std::atomic<std::uint64_t> count = 0;
  return fmt::format("keratin-{}.h5", count++);
}

H5Handle h5_bool() {
  H5Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  std::int8_t value = 0;
  H5Tenum_insert(type, "FALSE", &value);
  value = 1;
  H5Tenum_insert(type, "TRUE", &value);
  return type;
}

}  // namespace keratin::saving::detail
