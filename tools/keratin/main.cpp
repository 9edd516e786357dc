// keratin on the command line: what a file of a model is, says, how two differ, and
// one for other programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "keratin/build_config.h"
#include "nn/inspect/terminal.h"
#include "tools/keratin/commands.h"

namespace {

constexpr int kDifferent = 1, kFailed = 2;  // as diff and grep have them

constexpr const char* kInputsHelp =
    "What the model takes, its inputs tell:\n"
    "  images    image files (JPEG, PNG, GIF, BMP), resized where the model wants one size\n"
    "  strings   the texts themselves, or a .csv file of one column\n"
    "  columns   a .csv file, with a column for each input by its name; where there is one input\n"
    "            of n numbers, n columns by position, or the numbers themselves, 5.1,3.5,1.4,0.2\n"
    "  others    .npy files, with the batch axis";

int run(int argc, char** argv) {
  namespace tools = keratin::tools;
  CLI::App app("Looks into models that keratin or Keras 3 saved.", "keratin");
  app.set_version_flag("--version", "keratin " KERATIN_VERSION);
  app.require_subcommand(1);

  tools::SummaryCommand summary;
  CLI::App* summary_app = app.add_subcommand("summary", "Print a table of a model's layers.");
  summary_app->add_option("model", summary.model, "A .keras or .h5 file.")->required();
  summary_app->add_flag("--expand-nested", summary.expand_nested, "Layers of models in it too.");
  summary_app->add_flag("--show-trainable", summary.show_trainable, "Which layers are trained.");
  summary_app->add_option("--line-length", summary.line_length, "Cells in a line.")
      ->check(CLI::PositiveNumber);

  tools::PredictCommand predict;
  CLI::App* predict_app =
      app.add_subcommand("predict", "Say what a model says of photos, rows of a table or texts.");
  predict_app->footer(kInputsHelp);
  predict_app->add_option("model", predict.model, "A .keras or .h5 file.")->required();
  predict_app->add_option("input", predict.inputs, "Files, or texts. After -- also such as -1,2.")
      ->required()
      ->allow_extra_args();
  predict_app->add_option("--top", predict.top, "How many classes to name.")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  predict_app->add_option("--labels", predict.labels,
                          "A file with the names of the classes, one a line.");
  predict_app
      ->add_option("--scale", predict.scale,
                   "What to multiply pixels, 0 to 255, by: for models without a Rescaling.")
      ->capture_default_str();

  tools::DiffCommand diff;
  CLI::App* diff_app = app.add_subcommand(
      "diff", "Show which weights and options of two models differ, by how much.");
  diff_app->footer(
      "Exit status 0: none differ, 1: some do, 2: trouble. Optimizers are not compared.");
  diff_app->add_option("first", diff.first, "A .keras, .h5, .weights.h5 or .safetensors file.")
      ->required();
  diff_app->add_option("second", diff.second, "Another of that kind.")->required();
  diff_app->add_option("--tolerance", diff.tolerance, "The largest difference to pass over.")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);

  tools::ExportCommand export_options;
  CLI::App* export_app = app.add_subcommand(
      "export", "Write what a model computes as ONNX, for onnxruntime and others.");
  export_app->add_option("model", export_options.model, "A .keras or .h5 file.")->required();
  export_app->add_option("onnx", export_options.to, "The .onnx file to write.")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kFailed;
  }
  if (*summary_app) tools::summary(summary);
  if (*predict_app) tools::predict(predict);
  if (*export_app) tools::export_model(export_options);
  if (*diff_app) return tools::diff(diff) ? kDifferent : 0;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    keratin::detail::warn("keratin: {}\n", error.what());
    return kFailed;
  }
}
