// A table drawn with box characters: heavy around the header, light around the body, a rule between
// all rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/inspect/cells.h"
#include "nn/inspect/styled_text.h"

namespace keratin::detail {

struct TableColumn {
  std::string header = {};
  Align align = Align::left;
  std::int64_t cells = 0;  // for text; a space left and right of it comes on top
};

/// Text too long for its column goes on in the next line, broken at spaces; one word too long is
/// cut with "…". Every row has as many cells as there are columns. Ends with a newline.
std::string table_text(const std::vector<TableColumn>& columns,
                       const std::vector<std::vector<StyledText>>& rows, bool styled);

}  // namespace keratin::detail
