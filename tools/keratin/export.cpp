#include <fmt/format.h>

#include <filesystem>

#include "keratin.h"
#include "nn/inspect/terminal.h"
#include "tools/keratin/commands.h"

namespace keratin::tools {

void export_model(const ExportCommand& command) {
  // Before the model is loaded, which may take a while.
  if (!command.to.ends_with(".onnx")) {
    throw ValueError(fmt::format("export: {}: the name must end with .onnx, the only form there is",
                                 command.to));
  }
  export_onnx(load_model(command.model, {.compile = false}), command.to);
  detail::write_stdout(
      fmt::format("{}: {} bytes\n", command.to, std::filesystem::file_size(command.to)));
}

}  // namespace keratin::tools
