// OnnxModel: nodes, inputs and outputs as fields of onnx.proto's GraphProto, tensors and names kept beside.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/onnx_model.h>
#include <weft/io/wire_writer.h>

namespace weft {
namespace {

using wire::append_bytes;
using wire::append_integer;

// Numbers of the fields of onnx.proto's messages.
struct GraphField {
  static constexpr int node = 1, input = 11, output = 12;
};
struct NodeField {
  static constexpr int input = 1, output = 2, name = 3, op_type = 4, attribute = 5;
};
struct AttributeField {
  static constexpr int name = 1, f = 2, i = 3, ints = 8, type = 20;
};
struct ValueField {
  static constexpr int name = 1, type = 2;
};
struct TypeField {
  static constexpr int tensor_type = 1, elem_type = 1, shape = 2, dim = 1, dim_value = 1, dim_param = 2;
};

std::string value_info(const std::string& name, OnnxModel::Number number, const std::vector<OnnxModel::Extent>& shape) {
  std::string dims;
  for (const OnnxModel::Extent& extent : shape) {
    std::string dim;
    if (const auto* size = std::get_if<int64_t>(&extent))
      append_integer(dim, TypeField::dim_value, *size);
    else
      append_bytes(dim, TypeField::dim_param, std::get<std::string>(extent));
    append_bytes(dims, TypeField::dim, dim);
  }
  std::string tensor, type, info;
  append_integer(tensor, TypeField::elem_type, static_cast<int64_t>(number));
  append_bytes(tensor, TypeField::shape, dims);
  append_bytes(type, TypeField::tensor_type, tensor);
  append_bytes(info, ValueField::name, name);
  append_bytes(info, ValueField::type, type);
  return info;
}

std::string attribute(const OnnxModel::Attribute& given) {
  enum Type { kFloat = 1, kInteger = 2, kIntegers = 7 };  // AttributeProto.AttributeType
  std::string out;
  append_bytes(out, AttributeField::name, given.first);
  int64_t type = kIntegers;
  if (const auto* integer = std::get_if<int64_t>(&given.second)) {
    append_integer(out, AttributeField::i, *integer);
    type = kInteger;
  } else if (const auto* number = std::get_if<float>(&given.second)) {
    wire::append_float(out, AttributeField::f, *number);
    type = kFloat;
  } else {
    for (const int64_t value : std::get<std::vector<int64_t>>(given.second)) {
      append_integer(out, AttributeField::ints, value);
    }
  }
  // Fields above 15 have tags of two bytes.
  wire::append_varint(out, AttributeField::type << 3 | wire::kVarint);
  wire::append_varint(out, static_cast<uint64_t>(type));
  return out;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

std::string OnnxModel::made_up_name() {
  std::string name;
  do name = fmt::format("weft_{}", made_up_++);
  while (names_.contains(name));
  return name;
}

void OnnxModel::take(const std::string& name) {
  if (names_.insert(name).second) return;
  throw ValueError(fmt::format("[OnnxModel] two values of a name: got '{}' twice. Give the columns other keys.", name));
}

std::string OnnxModel::input(const std::string& name, Number number, const std::vector<Extent>& shape) {
  take(name);
  append_bytes(parts_, GraphField::input, value_info(name, number, shape));
  return name;
}

void OnnxModel::output(const std::string& name, Number number, const std::vector<Extent>& shape) {
  take(name);
  to_make_.insert(name);
  append_bytes(parts_, GraphField::output, value_info(name, number, shape));
}

std::string OnnxModel::node(std::string_view op, const std::vector<std::string>& inputs,
                            const std::vector<Attribute>& attributes, std::string output) {
  if (output.empty()) output = made_up_name();
  if (to_make_.erase(output) == 0) take(output);
  std::string node;
  for (const std::string& input : inputs) append_bytes(node, NodeField::input, input);
  append_bytes(node, NodeField::output, output);
  append_bytes(node, NodeField::op_type, op);
  for (const Attribute& given : attributes) append_bytes(node, NodeField::attribute, attribute(given));
  append_bytes(parts_, GraphField::node, node);
  return output;
}

std::string OnnxModel::constant(Number number, std::vector<int64_t> shape, std::string bytes) {
  for (const Tensor& tensor : tensors_) {
    if (!tensor.rows.data && tensor.number == number && tensor.shape == shape && tensor.bytes == bytes) {
      return tensor.name;
    }
  }
  const std::string name = made_up_name();
  take(name);
  tensors_.push_back({name, number, std::move(shape), std::move(bytes), {}});
  return name;
}

std::string OnnxModel::integers(const std::vector<int64_t>& values) {
  return constant(Number::int64, {std::ssize(values)}, bytes_of(values));
}

std::string OnnxModel::floats(const std::vector<float>& values) {
  return constant(Number::float32, {std::ssize(values)}, bytes_of(values));
}

std::string OnnxModel::scalar(float value) {
  return constant(Number::float32, {}, bytes_of(std::vector<float>{value}));
}

std::string OnnxModel::integer(int64_t value) {
  return constant(Number::int64, {}, bytes_of(std::vector<int64_t>{value}));
}

std::string OnnxModel::tensor(const std::string& name, const std::vector<int64_t>& shape, const RowsView& rows) {
  const auto [place, made] = tensor_names_.try_emplace(name, name);
  std::string& own = place->second;
  if (!made) return own;
  for (int i = 1; names_.contains(own); ++i) own = fmt::format("{}_{}", name, i);
  take(own);
  tensors_.push_back({own, Number::float32, shape, {}, rows});
  return own;
}

TEST_CASE("onnx: a tensor never takes the name of an input or an output") {
  OnnxModel model("g");
  model.output("y", OnnxModel::Number::float32, {});
  model.input("video", OnnxModel::Number::int64, {});
  float numbers[] = {1, 2};
  const RowsView rows{.data = numbers, .rows = 1, .width = 2, .stride = 2};
  const std::string table = model.tensor("video", {2}, rows);
  CHECK(table == "video_1");
  CHECK(model.tensor("video", {2}, rows) == table);
  CHECK(model.tensor("y", {2}, rows) == "y_1");
  CHECK(model.tensor("other", {2}, rows) == "other");
  CHECK(model.node("Relu", {"video"}, {}, "y") == "y");
  CHECK_THROWS_AS(model.node("Relu", {"video"}, {}, "y"), ValueError);
  CHECK_THROWS_AS(model.input("y", OnnxModel::Number::int64, {}), ValueError);
}

}  // namespace weft
