#include "data/datasets/python_batch.h"

#include <fmt/format.h>

#include <cstring>
#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

enum class Kind : std::uint8_t { none, number, text, list, dict, name, array, dtype };

struct Value {
  Kind kind = Kind::none;
  std::int64_t number = 0;
  std::string_view text = {};            // of the pickle; of a name "module name"
  std::string_view member = {};          // of a name
  std::vector<const Value*> items = {};  // of a dict key, value, key, value; of an array its state
};

// The machine that pickles are written for, without the instructions that lead out of it.
// Source: Python, Lib/pickletools.py.
class Machine {
 public:
  Machine(const std::string& name, std::string_view bytes) : name_(name), bytes_(bytes) {}

  const Value* run() {
    for (;;) {
      const char op = take(1)[0];
      if (op == '.') return pop();
      step(op);
    }
  }

  [[noreturn]] void fail(const std::string& text) const {
    throw FileError(fmt::format("{}: {}", name_, text));
  }
  [[noreturn]] void broken() const {
    fail("not a batch of CIFAR for Python, or a broken one; expected a pickle of data and labels");
  }

 private:
  void step(char op) {
    switch (op) {
      case '\x80':  // the version
        take(1);
        return;
      case '\x95':  // the length of a frame
        take(8);
        return;
      case '(':
        marks_.push_back(stack_.size());
        return;
      case 'N':
      case '\x88':  // True
      case '\x89':  // False
        push({.kind = op == 'N' ? Kind::none : Kind::number, .number = op == '\x88'});
        return;
      case 'K':
        return push_number(unsigned_number(1));
      case 'M':
        return push_number(unsigned_number(2));
      case 'J':
        return push_number(static_cast<std::int32_t>(unsigned_number(4)));
      case 'U':
      case 'C':
      case '\x8c':
        return push_text(unsigned_number(1));
      case 'T':
      case 'B':
      case 'X':
        return push_text(unsigned_number(4));
      case ']':
      case ')':
        push({.kind = Kind::list});
        return;
      case '}':
        push({.kind = Kind::dict});
        return;
      case 't':
        push({.kind = Kind::list, .items = since_mark()});
        return;
      case '\x85':
      case '\x86':
      case '\x87': {
        std::vector<const Value*> items(static_cast<std::size_t>(op - '\x84'));
        for (auto item = items.rbegin(); item != items.rend(); ++item) *item = pop();
        push({.kind = Kind::list, .items = std::move(items)});
        return;
      }
      case 'a':
      case 'e':
      case 's':
      case 'u':
        return add(op);
      case 'c': {
        const std::string_view module = line();
        push({.kind = Kind::name, .text = module, .member = line()});
        return;
      }
      case '\x93': {
        const Value *member = pop(), *module = pop();
        if (member->kind != Kind::text || module->kind != Kind::text) broken();
        push({.kind = Kind::name, .text = module->text, .member = member->text});
        return;
      }
      case 'R':
        return make();
      case 'b': {
        const Value* state = pop();
        if (stack_.empty()) broken();
        Value* object = stack_.back();
        if ((object->kind != Kind::array && object->kind != Kind::dtype) ||
            state->kind != Kind::list || state->items.size() > 16)
          broken();
        if (object->kind == Kind::array) object->items = state->items;
        return;
      }
      case 'q':
        return remember(unsigned_number(1));
      case 'r':
        return remember(unsigned_number(4));
      case '\x94':
        return remember(static_cast<std::int64_t>(memo_.size()));
      case 'h':
        return recall(unsigned_number(1));
      case 'j':
        return recall(unsigned_number(4));
      default:
        broken();
    }
  }

  // NumPy's array and dtype come as calls of functions: their names are known, they are not called.
  void make() {
    const Value *arguments = pop(), *function = pop();
    if (function->kind != Kind::name || arguments->kind != Kind::list) broken();
    const bool multiarray =
        function->text == "numpy.core.multiarray" || function->text == "numpy._core.multiarray";
    if (multiarray && function->member == "_reconstruct") {
      push({.kind = Kind::array});
    } else if (function->text == "numpy" && function->member == "dtype" &&
               !arguments->items.empty() && arguments->items[0]->kind == Kind::text) {
      push({.kind = Kind::dtype, .text = arguments->items[0]->text});
    } else {
      fail(fmt::format(
          "a pickle that calls {}.{}; expected one of data and labels. Such files can run any code "
          "when Python reads them; keratin does not.",
          printable(function->text), printable(function->member)));
    }
  }

  void add(char op) {
    std::vector<const Value*> items;
    if (op == 'a') {
      items = {pop()};
    } else if (op == 's') {
      const Value* value = pop();
      items = {pop(), value};
    } else {
      items = since_mark();
    }
    if (stack_.empty()) broken();
    Value* to = stack_.back();
    const bool dict = op == 's' || op == 'u';
    if (to->kind != (dict ? Kind::dict : Kind::list) || (dict && items.size() % 2 != 0)) broken();
    to->items.insert(to->items.end(), items.begin(), items.end());
  }

  static std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, 60)) shown += c > ' ' && c <= '~' ? c : '?';
    return shown;
  }

  std::string_view take(std::int64_t count) {
    if (count < 0 || count > std::ssize(bytes_)) broken();
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(count));
    bytes_.remove_prefix(static_cast<std::size_t>(count));
    return taken;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n');
    if (end == std::string_view::npos) broken();
    const std::string_view text = take(static_cast<std::int64_t>(end));
    take(1);
    return text;
  }
  std::int64_t unsigned_number(int count) {
    std::int64_t value = 0;
    const std::string_view bytes = take(count);
    for (int i = count - 1; i >= 0; --i)
      value = (value << 8) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    return value;
  }

  void push(Value value) { stack_.push_back(&values_.emplace_back(std::move(value))); }
  void push_number(std::int64_t number) { push({.kind = Kind::number, .number = number}); }
  void push_text(std::int64_t count) { push({.kind = Kind::text, .text = take(count)}); }
  Value* pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) broken();
    Value* value = stack_.back();
    stack_.pop_back();
    return value;
  }
  std::vector<const Value*> since_mark() {
    if (marks_.empty()) broken();
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<const Value*> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  void remember(std::int64_t place) {
    if (stack_.empty()) broken();
    memo_[place] = stack_.back();
  }
  void recall(std::int64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) broken();
    stack_.push_back(found->second);
  }

  const std::string& name_;
  std::string_view bytes_;
  std::deque<Value> values_;  // all there ever were: a value may hold itself
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::map<std::int64_t, Value*> memo_;
};

const Value* find(const Value& dict, std::string_view key) {
  const Value* found = nullptr;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2)
    if (dict.items[i]->kind == Kind::text && dict.items[i]->text == key) found = dict.items[i + 1];
  return found;
}

}  // namespace

PythonBatch read_python_batch(const std::string& name, const Bytes& pickle) {
  Machine machine(name, pickle.text());
  const Value& batch = *machine.run();
  const Value *data = find(batch, "data"), *labels = find(batch, "labels");
  if (batch.kind != Kind::dict || data == nullptr || labels == nullptr ||
      data->kind != Kind::array || labels->kind != Kind::list)
    machine.broken();
  // The state of an array: version, shape, dtype, Fortran order, bytes.
  const auto& state = data->items;
  if (state.size() != 5 || state[1]->kind != Kind::list || state[1]->items.size() != 2 ||
      state[2]->kind != Kind::dtype || state[3]->kind != Kind::number ||
      state[4]->kind != Kind::text)
    machine.broken();
  PythonBatch result = {.rows = state[1]->items[0]->number, .columns = state[1]->items[1]->number};
  std::int64_t bytes = 0;
  if (state[2]->text != "u1" || state[3]->number != 0 || result.rows < 0 || result.columns < 0 ||
      __builtin_mul_overflow(result.rows, result.columns, &bytes) ||
      bytes != std::ssize(state[4]->text)) {
    machine.fail(fmt::format(
        "its data is no array of bytes: dtype {}, shape [{}, {}], {} bytes; expected u1",
        state[2]->text.substr(0, 8), result.rows, result.columns, state[4]->text.size()));
  }
  result.data = state[4]->text;
  for (const Value* label : labels->items) {
    if (label->kind != Kind::number) machine.broken();
    result.labels.push_back(label->number);
  }
  return result;
}

}  // namespace keratin::data::detail
