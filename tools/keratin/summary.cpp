#include "keratin.h"
#include "tools/keratin/commands.h"

namespace keratin::tools {

void summary(const SummaryCommand& command) {
  SummaryOptions options = {.expand_nested = command.expand_nested,
                            .show_trainable = command.show_trainable};
  if (command.line_length > 0) options.line_length = command.line_length;
  // Compiled, as the optimizer's variables count.
  load_model(command.model).summary(options);
}

}  // namespace keratin::tools
