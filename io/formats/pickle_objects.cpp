// PickleMachine: the names that a pickle may say, and what calling them makes: dictionaries, storages, tensors.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/pickle_machine.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weft::pickle {
namespace {

constexpr size_t kMostArguments = 16;
constexpr size_t kMostAxes = 64;
constexpr uint64_t kTensorCost = 16;  // bytes of a pickle that a tensor takes at least, besides one for each axis

enum class Role { dictionary, sequence, tensor, typed_tensor, parameter, storage, type, opaque };

struct Name {
  std::string_view module;
  std::string_view name;
  Role role;
  TensorType type = TensorType::other;
};

/// What torch.save writes of a state dict; nothing else is known here.
constexpr Name kNames[] = {
    {"collections", "OrderedDict", Role::dictionary},
    {"builtins", "set", Role::sequence},
    {"__builtin__", "set", Role::sequence},
    {"torch", "Size", Role::sequence},
    {"torch", "device", Role::opaque},
    {"torch._utils", "_rebuild_tensor", Role::tensor},
    {"torch._utils", "_rebuild_tensor_v2", Role::tensor},
    {"torch._utils", "_rebuild_tensor_v3", Role::typed_tensor},
    {"torch._utils", "_rebuild_parameter", Role::parameter},
    {"torch._utils", "_rebuild_parameter_with_state", Role::parameter},
    {"torch", "FloatStorage", Role::storage, TensorType::float32},
    {"torch", "DoubleStorage", Role::storage, TensorType::float64},
    {"torch", "HalfStorage", Role::storage, TensorType::float16},
    {"torch", "BFloat16Storage", Role::storage, TensorType::bfloat16},
    {"torch", "LongStorage", Role::storage, TensorType::int64},
    {"torch", "IntStorage", Role::storage, TensorType::int32},
    {"torch", "ShortStorage", Role::storage, TensorType::int16},
    {"torch", "CharStorage", Role::storage, TensorType::int8},
    {"torch", "ByteStorage", Role::storage, TensorType::uint8},
    {"torch", "BoolStorage", Role::storage, TensorType::boolean},
    {"torch", "ComplexFloatStorage", Role::storage, TensorType::other},
    {"torch", "ComplexDoubleStorage", Role::storage, TensorType::other},
    {"torch", "UntypedStorage", Role::storage, TensorType::uint8},
    {"torch.storage", "UntypedStorage", Role::storage, TensorType::uint8},
    {"torch", "float32", Role::type, TensorType::float32},
    {"torch", "float64", Role::type, TensorType::float64},
    {"torch", "float16", Role::type, TensorType::float16},
    {"torch", "bfloat16", Role::type, TensorType::bfloat16},
    {"torch", "int64", Role::type, TensorType::int64},
    {"torch", "int32", Role::type, TensorType::int32},
    {"torch", "int16", Role::type, TensorType::int16},
    {"torch", "int8", Role::type, TensorType::int8},
    {"torch", "uint8", Role::type, TensorType::uint8},
    {"torch", "uint16", Role::type, TensorType::uint16},
    {"torch", "uint32", Role::type, TensorType::uint32},
    {"torch", "uint64", Role::type, TensorType::uint64},
    {"torch", "bool", Role::type, TensorType::boolean},
};

}  // namespace

Value PickleMachine::find_global(std::string_view module, std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i].module == module && kNames[i].name == name) return {Kind::global, static_cast<int64_t>(i)};
  }
  fail(
      fmt::format("it names {} of {}, which is not in the list of what a state dict needs. Nothing of it was run. Save "
                  "model.state_dict() in place of objects.",
                  shown(name), shown(module)));
}

Value PickleMachine::call(const Value& function, const Value& arguments) {
  if (function.kind != Kind::global) fail("a call of something that is no function.");
  const Values values = tuple(arguments, 0, kMostArguments);  // a copy: containers move when one is added
  switch (kNames[function.number].role) {
    case Role::dictionary:
      if (!values.empty()) fail("an OrderedDict with arguments, expected its items one by one.");
      push_container(Kind::dict, {});
      return pop();
    case Role::sequence:
      if (values.size() != 1 || (values[0].kind != Kind::tuple && values[0].kind != Kind::list))
        fail("expected a set or a size to be made of one list.");
      return values[0];
    case Role::tensor:
    case Role::typed_tensor:
      return make_tensor(values, kNames[function.number].role == Role::typed_tensor);
    case Role::parameter:
      if (values.empty() || values[0].kind != Kind::tensor) fail("expected a parameter to be made of a tensor.");
      return values[0];
    case Role::opaque:
      return {Kind::opaque, 0};
    default:
      fail(fmt::format("a call of {}, which is a type.", kNames[function.number].name));
  }
}

std::vector<int64_t> PickleMachine::integers(const Value& value) {
  std::vector<int64_t> numbers;
  for (const Value& number : tuple(value, 0, kMostAxes)) {
    if (integer(number) < 0) fail(fmt::format("got {} in a shape or its strides, expected at least 0.", number.number));
    numbers.push_back(number.number);
  }
  return numbers;
}

Value PickleMachine::make_tensor(const Values& arguments, bool typed) {
  constexpr size_t kTypeAt = 6;
  if (arguments.size() < (typed ? kTypeAt + 1 : 4) || arguments[0].kind != Kind::storage) {
    fail("expected a tensor to be made of a storage, an offset, a shape and strides.");
  }
  Tensor tensor = {.storage = static_cast<size_t>(arguments[0].number),
                   .offset = integer(arguments[1]),
                   .shape = integers(arguments[2]),
                   .strides = integers(arguments[3])};
  if (tensor.offset < 0 || tensor.shape.size() != tensor.strides.size()) {
    fail(fmt::format("got a tensor from offset {} with {} axes and {} strides.", tensor.offset, tensor.shape.size(),
                     tensor.strides.size()));
  }
  // Operations are shorter than what they make: the same arguments may be used again and again.
  tensors_cost_ += kTensorCost + tensor.shape.size();
  if (tensors_cost_ > bytes_.size()) fail("more tensors or axes than a pickle of its size has.");
  // A stride that is never stepped may be any number.
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    if (tensor.shape[axis] <= 1) tensor.strides[axis] = 0;
  }
  tensor.type = objects_.storages[tensor.storage].type;
  if (typed) {
    const Value& type = arguments[kTypeAt];
    if (type.kind != Kind::global || kNames[type.number].role != Role::type) fail("expected a type of numbers.");
    tensor.type = kNames[type.number].type;
  }
  objects_.tensors.push_back(std::move(tensor));
  return {Kind::tensor, std::ssize(objects_.tensors) - 1};
}

// ("storage", type, key, location, numbers) and, in the older format, a view of another one.
Value PickleMachine::load_storage(const Value& id) {
  const Values values = tuple(id, 5, kMostArguments);
  if (text(values[0]) != "storage" || values[1].kind != Kind::global ||
      kNames[values[1].number].role != Role::storage) {
    fail("expected a storage of a known type.");
  }
  if (values.size() > 5 && values[5].kind != Kind::none) fail("a storage that is a view of another one: not read.");
  const int64_t size = integer(values[4]);
  if (size < 0) fail(fmt::format("got a storage of {} numbers.", size));
  objects_.storages.push_back({.type = kNames[values[1].number].type, .key = text(values[2]), .size = size});
  return {Kind::storage, std::ssize(objects_.storages) - 1};
}

// Attributes, as the versions of modules that a state dict carries: no tensors are among them.
void PickleMachine::build(const Value& object) {
  if (object.kind != Kind::dict && object.kind != Kind::tensor) fail("attributes of something that has none.");
}

}  // namespace weft::pickle
