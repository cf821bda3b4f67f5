// PickleMachine: the operations. Each takes at least a byte and makes at most one value, which bounds the memory.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/pickle_machine.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace weft::pickle {
namespace {

constexpr size_t kMostContainers = size_t{1} << 22;
constexpr size_t kMostKept = size_t{1} << 22;

}  // namespace

Unpickled unpickle(std::string_view bytes, const std::string& where) {
  return PickleMachine(bytes, where).run();
}

void PickleMachine::fail(const std::string& what) const {
  throw DataError(fmt::format("[open_pytorch] {}, pickle, offset {}: {}", where_, operation_at_, what));
}

Unpickled PickleMachine::run() {
  if (bytes_.empty() || bytes_[0] != '\x80') fail("expected a pickle of protocol 2 or later.");
  while (true) {
    operation_at_ = at_;
    const auto operation = take_number<uint8_t>();
    if (operation == '.') break;
    if (!do_number(operation) && !do_text(operation) && !do_container(operation) && !do_items(operation) &&
        !do_memo(operation) && !do_object(operation)) {
      fail(fmt::format("got operation 0x{:02x}, which torch.save does not write.", operation));
    }
  }
  const Value value = pop();
  return {.value = value, .objects = std::move(objects_), .size = at_};
}

std::string_view PickleMachine::take(uint64_t size) {
  if (size > bytes_.size() - at_) {
    fail(fmt::format("got {} bytes, expected {}. The file is cut short.", bytes_.size() - at_, size));
  }
  const std::string_view taken = bytes_.substr(at_, size);
  at_ += size;
  return taken;
}

template <class T>
T PickleMachine::take_number() {
  T number;
  std::memcpy(&number, take(sizeof number).data(), sizeof number);
  return number;
}

std::string_view PickleMachine::take_line() {
  const size_t end = bytes_.find('\n', at_);
  if (end == std::string_view::npos) fail("a name without an end.");
  const std::string_view line = take(end - at_);
  ++at_;
  return line;
}

Value PickleMachine::pop() {
  const Value value = top();
  stack_.pop_back();
  return value;
}

const Value& PickleMachine::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("nothing on the stack.");
  return stack_.back();
}

PickleMachine::Values PickleMachine::pop_to_mark() {
  if (marks_.empty()) fail("no mark on the stack.");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  marks_.pop_back();
  Values values(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  return values;
}

void PickleMachine::push_text(std::string_view text) {
  push(Kind::text, std::ssize(objects_.texts));
  objects_.texts.push_back(text);
}

void PickleMachine::push_container(Kind kind, Values items) {
  if (objects_.containers.size() == kMostContainers) fail("more than 2^22 lists, tuples and dictionaries.");
  push(kind, std::ssize(objects_.containers));
  objects_.containers.push_back(std::move(items));
}

void PickleMachine::take_long(size_t size) {
  const std::string_view bytes = take(size);
  if (size > sizeof(int64_t)) return push(Kind::opaque);
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), size);
  const auto missing = static_cast<int>(64 - 8 * size);  // to carry the sign up
  push(Kind::integer, size == 0 ? 0 : static_cast<int64_t>(number << missing) >> missing);
}

bool PickleMachine::do_number(uint8_t operation) {
  switch (operation) {
    case 'N':
      push(Kind::none);
      return true;
    case 0x88:
    case 0x89:
      push(Kind::boolean, operation == 0x88 ? 1 : 0);
      return true;
    case 'K':
      push(Kind::integer, take_number<uint8_t>());
      return true;
    case 'M':
      push(Kind::integer, take_number<uint16_t>());
      return true;
    case 'J':
      push(Kind::integer, take_number<int32_t>());
      return true;
    case 0x8a:
      take_long(take_number<uint8_t>());
      return true;
    case 'G':  // big-endian
      push(Kind::real, static_cast<int64_t>(__builtin_bswap64(take_number<uint64_t>())));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::do_text(uint8_t operation) {
  switch (operation) {
    case 0x8c:  // text
    case 'U':   // Python 2's str
    case 'C':   // bytes
      push_text(take(take_number<uint8_t>()));
      return true;
    case 'X':
    case 'T':
    case 'B':
      push_text(take(take_number<uint32_t>()));
      return true;
    case 0x8d:
    case 0x8e:
      push_text(take(take_number<uint64_t>()));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::do_container(uint8_t operation) {
  switch (operation) {
    case ']':
    case 0x8f:  // a set
      push_container(Kind::list, {});
      return true;
    case ')':
      push_container(Kind::tuple, {});
      return true;
    case '}':
      push_container(Kind::dict, {});
      return true;
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case 't':
      push_container(Kind::tuple, pop_to_mark());
      return true;
    case 0x85:
    case 0x86:
    case 0x87: {
      Values values(operation - 0x84u);
      for (size_t i = values.size(); i-- > 0;) values[i] = pop();
      push_container(Kind::tuple, std::move(values));
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::do_items(uint8_t operation) {
  const bool pairs = operation == 's' || operation == 'u';
  Values values;
  if (operation == 'e' || operation == 'u' || operation == 0x90) {
    values = pop_to_mark();
  } else if (operation == 'a' || operation == 's') {
    values.resize(pairs ? 2 : 1);
    for (size_t i = values.size(); i-- > 0;) values[i] = pop();
  } else {
    return false;
  }
  if (top().kind != (pairs ? Kind::dict : Kind::list) || (pairs && values.size() % 2 != 0)) {
    fail("items for something that can't hold them.");
  }
  Values& container = items(top());
  container.insert(container.end(), values.begin(), values.end());
  return true;
}

void PickleMachine::keep(uint64_t number) {
  if (memo_.size() == kMostKept) fail("more than 2^22 values are kept.");
  memo_[number] = top();
}

bool PickleMachine::do_memo(uint8_t operation) {
  switch (operation) {
    case 'q':
      keep(take_number<uint8_t>());
      return true;
    case 'r':
      keep(take_number<uint32_t>());
      return true;
    case 0x94:
      keep(memo_.size());
      return true;
    case 'h':
    case 'j': {
      const uint64_t number = operation == 'h' ? take_number<uint8_t>() : take_number<uint32_t>();
      const auto found = memo_.find(number);
      if (found == memo_.end()) fail(fmt::format("nothing is kept as number {}.", number));
      stack_.push_back(found->second);
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::do_object(uint8_t operation) {
  switch (operation) {
    case 0x80:
      if (const int protocol = take_number<uint8_t>(); protocol < 2 || protocol > 5)
        fail(fmt::format("got protocol {}, expected 2 to 5.", protocol));
      return true;
    case 0x95:  // a frame: how much Python should read at once
      take_number<uint64_t>();
      return true;
    case '0':
      pop();
      return true;
    case 'c': {
      const std::string_view module = take_line();
      stack_.push_back(find_global(module, take_line()));
      return true;
    }
    case 0x93: {
      const Value name = pop(), module = pop();
      stack_.push_back(find_global(text(module), text(name)));
      return true;
    }
    case 'R': {
      const Value arguments = pop(), function = pop();
      stack_.push_back(call(function, arguments));
      return true;
    }
    case 'Q':
      stack_.push_back(load_storage(pop()));
      return true;
    case 'b':
      pop();
      build(top());
      return true;
    default:
      return false;
  }
}

std::string_view PickleMachine::text(const Value& value) const {
  if (value.kind != Kind::text) fail("expected a text.");
  return objects_.texts[static_cast<size_t>(value.number)];
}

int64_t PickleMachine::integer(const Value& value) const {
  if (value.kind != Kind::integer) fail("expected an integer.");
  return value.number;
}

const PickleMachine::Values& PickleMachine::tuple(const Value& value, size_t least, size_t most) {
  const size_t size = value.kind == Kind::tuple ? items(value).size() : 0;
  if (value.kind != Kind::tuple || size < least || size > most) {
    fail(fmt::format("got {} values, expected a tuple of {} to {}.", size, least, most));
  }
  return items(value);
}

}  // namespace weft::pickle
