// OnnxModel::write: the model's message, and the numbers of large tensors in it or in a file beside.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/atomic_file.h>
#include <weft/io/formats/onnx_model.h>
#include <weft/io/wire_writer.h>

#include <optional>

namespace weft {
namespace {

using wire::append_bytes;
using wire::append_integer;

constexpr int64_t kIrVersion = 7;
constexpr int64_t kOpset = 13;
constexpr int64_t kSmallTensor = 1024;
constexpr size_t kWriteAtOnce = size_t{1} << 20;

// Numbers of the fields of onnx.proto's messages.
struct ModelField {
  static constexpr int ir_version = 1, producer_name = 2, graph = 7, opset_import = 8;
};
struct OpsetField {
  static constexpr int domain = 1, version = 2;
};
struct GraphField {
  static constexpr int name = 2, initializer = 5;
};
struct TensorField {
  static constexpr int dims = 1, data_type = 2, name = 8, raw_data = 9, external_data = 13, data_location = 14;
};
struct EntryField {
  static constexpr int key = 1, value = 2;
};
constexpr int64_t kExternal = 1;  // TensorProto.DataLocation

// A file that is written in large pieces.
class Pieces {
 public:
  explicit Pieces(const std::string& path) : file_(path) {}
  void add(std::string_view bytes) {
    pending_ += bytes;
    written_ += std::ssize(bytes);
    if (pending_.size() >= kWriteAtOnce) flush();
  }
  void add(const RowsView& rows) {
    for (int64_t i = 0; i < rows.rows; ++i) {
      const auto row = std::as_bytes(std::span<const float>(rows.row(i)));
      add({reinterpret_cast<const char*>(row.data()), row.size()});
    }
  }
  int64_t written() const { return written_; }
  void commit() {
    flush();
    file_.commit();
  }

 private:
  void flush() {
    file_.write(pending_);
    pending_.clear();
  }
  AtomicFile file_;
  std::string pending_;
  int64_t written_ = 0;
};

}  // namespace

std::string OnnxModel::header(const Tensor& tensor) {
  std::string out;
  for (const int64_t extent : tensor.shape) append_integer(out, TensorField::dims, extent);
  append_integer(out, TensorField::data_type, static_cast<int64_t>(tensor.number));
  append_bytes(out, TensorField::name, tensor.name);
  return out;
}

void OnnxModel::write(const std::string& path, int64_t inline_bytes) const {
  int64_t bytes = 0;
  for (const Tensor& tensor : tensors_) bytes += tensor.size();
  std::optional<Pieces> beside;
  if (bytes > inline_bytes) beside.emplace(path + ".data");

  // A tensor's fields before its numbers, which follow if they are not beside.
  std::vector<std::string> headers;
  std::vector<bool> follows;
  int64_t graph_bytes = std::ssize(parts_) + static_cast<int64_t>(wire::field_size(name_.size()));
  for (const Tensor& tensor : tensors_) {
    std::string& fields = headers.emplace_back(header(tensor));
    follows.push_back(!beside || !tensor.rows.data || tensor.size() < kSmallTensor);
    if (!follows.back()) {
      const std::string file = path.substr(path.find_last_of('/') + 1) + ".data";
      const std::pair<std::string, std::string> place[] = {
          {"location", file}, {"offset", std::to_string(beside->written())}, {"length", std::to_string(tensor.size())}};
      for (const auto& [key, value] : place) {
        std::string entry;
        append_bytes(entry, EntryField::key, key);
        append_bytes(entry, EntryField::value, value);
        append_bytes(fields, TensorField::external_data, entry);
      }
      append_integer(fields, TensorField::data_location, kExternal);
      beside->add(tensor.rows);
    } else {
      wire::append_length(fields, TensorField::raw_data, static_cast<size_t>(tensor.size()));
    }
    const auto size = fields.size() + (follows.back() ? static_cast<size_t>(tensor.size()) : 0);
    graph_bytes += static_cast<int64_t>(wire::field_size(size));
  }
  if (beside) beside->commit();

  std::string head, opset;
  append_bytes(opset, OpsetField::domain, "");
  append_integer(opset, OpsetField::version, kOpset);
  append_integer(head, ModelField::ir_version, kIrVersion);
  append_bytes(head, ModelField::producer_name, "weft");
  append_bytes(head, ModelField::opset_import, opset);
  wire::append_length(head, ModelField::graph, static_cast<size_t>(graph_bytes));
  append_bytes(head, GraphField::name, name_);
  Pieces out(path);
  out.add(head);
  out.add(parts_);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const Tensor& tensor = tensors_[i];
    std::string field;
    wire::append_length(field, GraphField::initializer,
                        headers[i].size() + (follows[i] ? static_cast<size_t>(tensor.size()) : 0));
    out.add(field);
    out.add(headers[i]);
    if (!follows[i]) continue;
    if (tensor.rows.data)
      out.add(tensor.rows);
    else
      out.add(tensor.bytes);
  }
  out.commit();
}

TEST_CASE("onnx: a model of one node, byte by byte") {
  OnnxModel model("g");
  model.input("x", OnnxModel::Number::float32, {std::string("b"), int64_t{2}});
  model.output("y", OnnxModel::Number::float32, {int64_t{3}});
  model.node("Relu", {"x"}, {}, "y");
  const TestDirectory directory;
  model.write(directory.file("m.onnx"));
  const std::string bytes = directory.text("m.onnx");
  // ir_version 7, producer, opset { domain "", version 13 }, then the graph's name.
  const std::string head = std::string("\x08\x07\x12\x04weft\x42\x04\x0a\x00\x10\x0d\x3a", 15);
  CHECK(bytes.substr(0, head.size()) == head);
  CHECK(bytes.substr(head.size() + 1, 3) == "\x12\x01g");
  CHECK(bytes.find("\x0a\x01x\x12\x01y\x22\x04Relu") != std::string::npos);
  // The graph's length is that of the rest.
  CHECK(static_cast<size_t>(static_cast<unsigned char>(bytes[head.size()])) == bytes.size() - head.size() - 1);
  CHECK_THROWS_AS(model.input("x", OnnxModel::Number::float32, {}), ValueError);
  CHECK_THROWS_AS(model.node("Relu", {"x"}, {}, "y"), ValueError);
}

TEST_CASE("onnx: constants once, large tensors beside the file") {
  OnnxModel model("g");
  CHECK(model.floats({1, 2}) == model.floats({1, 2}));
  CHECK(model.floats({1, 2}) != model.integers({1, 2}));
  CHECK(model.scalar(1) != model.floats({1}));
  std::vector<float> numbers(1200);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  // Rows of two numbers, three apart.
  model.tensor("table", {400, 2}, {.data = numbers.data(), .rows = 400, .width = 2, .stride = 3});
  const TestDirectory directory;
  model.write(directory.file("in.onnx"));
  CHECK_FALSE(directory.has("in.onnx.data"));
  model.write(directory.file("out.onnx"), 100);
  const std::string beside = directory.text("out.onnx.data");
  REQUIRE(beside.size() == 3200);
  const float row[] = {3, 4};
  CHECK(beside.substr(8, 8) == std::string(reinterpret_cast<const char*>(row), 8));
  CHECK(directory.text("in.onnx").find(beside) != std::string::npos);
  CHECK(directory.text("out.onnx").find("out.onnx.data") != std::string::npos);
}

TEST_CASE("onnx: large constants stay in the file, so that tensors beside it lie where it says") {
  OnnxModel model("g");
  const std::vector<float> constant(300, 7.0f);
  model.floats(constant);
  std::vector<float> numbers(256, 5.0f);
  model.tensor("table", {256}, {.data = numbers.data(), .rows = 1, .width = 256, .stride = 256});
  const TestDirectory directory;
  model.write(directory.file("m.onnx"), 100);
  CHECK(directory.text("m.onnx.data") == std::string(reinterpret_cast<const char*>(numbers.data()), 1024));
  CHECK(directory.text("m.onnx").find(std::string(reinterpret_cast<const char*>(constant.data()), 1200)) !=
        std::string::npos);
}

}  // namespace weft
