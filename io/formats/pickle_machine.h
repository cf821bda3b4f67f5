// PickleMachine: the stack, the marks and the memo of one pickle. A part of unpickle.
#pragma once
#include <weft/io/formats/pickle.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::pickle {

class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}
  Unpickled run();

 private:
  using Values = std::vector<Value>;

  // pickle_machine.cpp: one operation; false if it is not of this kind.
  bool do_number(uint8_t operation);
  bool do_text(uint8_t operation);
  bool do_container(uint8_t operation);
  bool do_items(uint8_t operation);
  bool do_memo(uint8_t operation);
  bool do_object(uint8_t operation);

  // pickle_objects.cpp: names and what calling them makes.
  Value find_global(std::string_view module, std::string_view name);
  Value call(const Value& function, const Value& arguments);
  std::vector<int64_t> integers(const Value& value);
  Value make_tensor(const Values& arguments, bool typed);
  Value load_storage(const Value& id);
  void build(const Value& object);

  std::string_view take(uint64_t size);
  template <class T>
  T take_number();
  std::string_view take_line();
  void take_long(size_t size);

  void push(Kind kind, int64_t number = 0) { stack_.push_back({kind, number}); }
  void push_text(std::string_view text);
  void push_container(Kind kind, Values items);
  void keep(uint64_t number);
  Value pop();
  Values pop_to_mark();
  const Value& top() const;
  Values& items(const Value& value) { return objects_.containers[static_cast<size_t>(value.number)]; }
  std::string_view text(const Value& value) const;
  int64_t integer(const Value& value) const;
  const Values& tuple(const Value& value, size_t least, size_t most);
  [[noreturn]] void fail(const std::string& what) const;

  std::string_view bytes_;
  const std::string& where_;
  size_t at_ = 0;
  size_t operation_at_ = 0;
  Values stack_;
  std::vector<size_t> marks_;  // sizes of the stack
  std::unordered_map<uint64_t, Value> memo_;
  uint64_t tensors_cost_ = 0;
  Objects objects_;
};

}  // namespace weft::pickle
