// OnnxModel: a graph of ONNX operators that is built node by node and written as a .onnx file (ONNX IR 7, opset 13).
#pragma once
#include <weft/core/rows_view.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft {

//   ModelProto ── ir_version, producer_name, opset_import
//   └── graph ── node ...          operators: inputs and outputs by name
//       ├── input, output ...      name, type, shape; an extent is a number or has a name ("batch")
//       └── initializer ...        a tensor's shape and numbers, or where they lie in a file beside
//
// https://github.com/onnx/onnx/blob/main/docs/IR.md

class OnnxModel {
 public:
  enum class Number { float32 = 1, int64 = 7, boolean = 9 };
  using Extent = std::variant<int64_t, std::string>;
  using Attribute = std::pair<std::string, std::variant<int64_t, float, std::vector<int64_t>>>;

  explicit OnnxModel(std::string name) : name_(std::move(name)) {}

  /// A value the caller feeds. Returns its name. Throws ValueError for a name that is taken.
  std::string input(const std::string& name, Number number, const std::vector<Extent>& shape);
  /// A value the caller gets; some node that comes later must make it. Throws ValueError for a name that is taken.
  void output(const std::string& name, Number number, const std::vector<Extent>& shape);
  /// Adds an operator of one output and returns the output's name, which is made up if it is not given.
  std::string node(std::string_view op, const std::vector<std::string>& inputs,
                   const std::vector<Attribute>& attributes = {}, std::string output = {});
  /// Constants: of rank 1, or scalars.
  std::string integers(const std::vector<int64_t>& values);
  std::string floats(const std::vector<float>& values);
  std::string scalar(float value);
  std::string integer(int64_t value);
  /// The numbers of `rows`, which must stay where they are until write(). Returns the name, with a number behind it if
  /// an input or an output has it: declare those first. Once a name: later calls return what the first one did.
  std::string tensor(const std::string& name, const std::vector<int64_t>& shape, const RowsView& rows);

  /// Writes the file, whole or not at all. Above `inline_bytes` of numbers, tensors of a KiB and more lie in
  /// "<path>.data" beside it, since a protobuf message can't exceed 2 GB. Throws IoError.
  void write(const std::string& path, int64_t inline_bytes = int64_t{1} << 30) const;

 private:
  struct Tensor {
    std::string name;
    Number number;
    std::vector<int64_t> shape;
    std::string bytes;  ///< a constant's
    RowsView rows;      ///< or a parameter's
    int64_t size() const { return rows.data ? rows.size() * static_cast<int64_t>(sizeof(float)) : std::ssize(bytes); }
  };
  std::string made_up_name();
  void take(const std::string& name);
  std::string constant(Number number, std::vector<int64_t> shape, std::string bytes);
  static std::string header(const Tensor& tensor);

  std::string name_;
  std::string parts_;  ///< nodes, inputs and outputs as fields of the graph
  std::vector<Tensor> tensors_;
  std::set<std::string> names_;                      ///< of all values
  std::set<std::string> to_make_;                    ///< outputs that no node makes yet
  std::map<std::string, std::string> tensor_names_;  ///< tensors as they were given: as they are called
  int made_up_ = 0;
};

}  // namespace weft
