// What the program does, a function a command. They throw keratin::Error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace keratin::tools {

struct SummaryCommand {
  std::string model = {};
  bool expand_nested = false;
  bool show_trainable = false;
  std::int64_t line_length = 0;  // 0: as wide as the terminal allows
};
void summary(const SummaryCommand& command);

struct PredictCommand {
  std::string model = {};
  std::vector<std::string> inputs = {};
  std::int64_t top = 5;
  std::string labels = {};  // a file of the classes' names, one a line
  double scale = 1;         // of pixels
};
void predict(const PredictCommand& command);

struct DiffCommand {
  std::string first = {}, second = {};
  double tolerance = 0;
};
/// Is there a difference?
bool diff(const DiffCommand& command);

struct ExportCommand {
  std::string model = {}, to = {};
};
void export_model(const ExportCommand& command);

}  // namespace keratin::tools
