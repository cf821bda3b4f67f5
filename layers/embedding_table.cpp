// From the description of a table to the Parameter that holds it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/layers/embedding_table.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace weft {
namespace {

bool plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool scope_character(char c) {
  return plain_character(c) || c == '\\' || c == '/' || c == '>';
}

void replace(std::string& text, std::string_view what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

std::string variable_name(const EmbeddingTable& table, const InputLayerOptions& options) {
  std::string name = "{scope}/{collection}/embedding_weights";
  if (table.origin == EmbeddingTable::Origin::shared_v2) name = "{collection}";
  if (table.shared() && !options.shared_table_name.empty()) name = options.shared_table_name;
  replace(name, "{scope}", options.scope);
  const bool plain = options.plain_names && !table.shared();
  replace(name, "{collection}", plain ? plain_name(table.name) : table.name);
  if (name == table.name) check_root_name(name);
  return name;
}

// The parameter of another shared_embedding_columns of this collection name, which must be of this shape.
Parameter& shared_by_name(Parameter& found, const EmbeddingTable& table, const Shape& shape) {
  if (found.shape() == shape) return found;
  throw ValueError(fmt::format(
      "[shared_embedding_columns] Shared embedding collection {} contains variable {}:0 of unexpected shape ({}, {}). "
      "Expected shape is ({}, {}). Suggested fix A: Choose a unique name for this collection. Suggested fix B: Do not "
      "add "
      "any variables to this collection. The feature_column library already adds a variable under the hood.",
      table.name, found.name(), found.value().rows, found.value().width, shape[0], shape[1]));
}

// A file whose tensor has been found to be the table's.
NamedTensors open_table(const EmbeddingTable& table, const std::string& variable, const Shape& shape) {
  NamedTensors tensors = open_tensors(table.ckpt_to_load_from);
  const TensorInfo* array = tensors.find(table.tensor_name_in_ckpt);
  if (array == nullptr) {
    std::string names;
    for (const TensorInfo& info : tensors.tensors()) names += (names.empty() ? "" : ", ") + info.name;
    throw ValueError(fmt::format("Tensor {} is not found in {} checkpoint {{{}}}. Give one of these.",
                                 table.tensor_name_in_ckpt, table.ckpt_to_load_from, names));
  }
  if (!std::ranges::equal(array->shape, shape.extents())) {
    throw ValueError(fmt::format(
        "Shape of variable {}:0 (({}, {})) doesn't match with shape of tensor {} ([{}]) from checkpoint reader. Give a "
        "tensor of the table's shape.",
        variable, shape[0], shape[1], table.tensor_name_in_ckpt, fmt::join(array->shape, ", ")));
  }
  // Half numbers of other formats become float32 as they are; TensorFlow refuses double too.
  if (array->type != TensorType::float32 && array->type != TensorType::float16 && array->type != TensorType::bfloat16) {
    throw ValueError(
        fmt::format("tensor_name = {}; expected dtype float does not equal original dtype {}. Give a "
                    "float32 tensor.",
                    table.tensor_name_in_ckpt, array->type == TensorType::float64 ? "double" : to_string(array->type)));
  }
  return tensors;
}

// Runs f; errors say which arguments asked for the checkpoint, whatever its reader says.
template <class F>
auto with_arguments(const EmbeddingTable& table, F&& f) {
  const auto text = [&](const std::exception& error) {
    return fmt::format("[ckpt_to_load_from '{}', tensor_name_in_ckpt '{}'] {}", table.ckpt_to_load_from,
                       table.tensor_name_in_ckpt, error.what());
  };
  try {
    return f();
  } catch (const ValueError& error) {
    throw ValueError(text(error));
  } catch (const DataError& error) {
    throw DataError(text(error));
  } catch (const IoError& error) {
    throw IoError(text(error));
  }
}

}  // namespace

std::string plain_name(std::string name) {
  std::ranges::replace_if(
      name, [](char c) { return !plain_character(c); }, '_');
  return name;
}

void check_scope_name(const std::string& name) {
  if (std::all_of(name.begin(), name.end(), scope_character)) return;
  throw ValueError(
      fmt::format("[input_layer] '{}' is not a valid scope name. A scope name has to match the following "
                  "pattern: ^[A-Za-z0-9_.\\\\/>-]*$. Give the feature or the collection another name.",
                  name));
}

void check_root_name(const std::string& name) {
  const bool bad_start = !name.empty() && (!scope_character(name[0]) ||
                                           std::string_view("_\\/>-").find(name[0]) != std::string_view::npos);
  if (!bad_start && std::all_of(name.begin(), name.end(), scope_character)) return;
  throw ValueError(
      fmt::format("[shared_embeddings] '{}' is not a valid root scope name. A root scope name has to match "
                  "the following pattern: ^[A-Za-z0-9.][A-Za-z0-9_.\\\\/>-]*$. Give the collection another "
                  "name.",
                  name));
}

Parameter& embedding_table(ParameterStore& params, const std::shared_ptr<const EmbeddingTable>& table,
                           const InputLayerOptions& options) {
  if (table->shared()) {
    for (Parameter& parameter : params) {
      if (parameter.description == table) return parameter;
    }
  }
  const std::string name = variable_name(*table, options);
  const Shape shape{table->num_buckets, table->dimension};
  if (Parameter* found = params.find(name)) {
    if (table->origin == EmbeddingTable::Origin::shared_v1) return shared_by_name(*found, *table, shape);
    throw ValueError(
        fmt::format("[input_layer] Variable {} already exists, disallowed. Did you mean to set reuse=True or "
                    "reuse=tf.AUTO_REUSE in VarScope? Give the layer a scope or the collection a name of "
                    "its own.",
                    name));
  }
  // Opened first: a table that can't be loaded leaves no parameter behind.
  std::optional<NamedTensors> tensors;
  if (!table->ckpt_to_load_from.empty()) {
    tensors.emplace(with_arguments(*table, [&] { return open_table(*table, name, shape); }));
  }
  Parameter& parameter = params.add(
      {.name = name, .shape = shape, .initializer = table->initializer, .trainable = table->trainable, .table = true});
  parameter.description = table;
  if (tensors) with_arguments(*table, [&] { tensors->read(table->tensor_name_in_ckpt, 0, parameter.value()); });
  return parameter;
}

}  // namespace weft

namespace {
using Origin = weft::EmbeddingTable::Origin;
std::shared_ptr<const weft::EmbeddingTable> described(Origin origin, int64_t dimension = 3) {
  weft::EmbeddingTable table;
  table.name = "t";
  table.num_buckets = 5;
  table.dimension = dimension;
  table.initializer = weft::zeros_initializer();
  table.origin = origin;
  return std::make_shared<const weft::EmbeddingTable>(table);
}
}  // namespace

TEST_CASE("embedding table: names by origin, scope and pattern") {
  using namespace weft;
  ParameterStore params;
  CHECK(embedding_table(params, described(Origin::shared_v1), {}).name() == "input_layer/t/embedding_weights");
  CHECK(embedding_table(params, described(Origin::column), {.scope = "s"}).name() == "s/t/embedding_weights");
  CHECK(embedding_table(params, described(Origin::shared_v2), {}).name() == "t");
  CHECK(embedding_table(params, described(Origin::shared_v2),
                        {.scope = "dnn", .shared_table_name = "{scope}/{collection}"})
            .name() == "dnn/t");
  const auto odd = std::make_shared<EmbeddingTable>(*described(Origin::column));
  odd->name = "a/b>c.d-e";
  CHECK(embedding_table(params, odd, {}).name() == "input_layer/a/b>c.d-e/embedding_weights");
  CHECK(embedding_table(params, odd, {.scope = "s", .plain_names = true}).name() == "s/a_b_c.d-e/embedding_weights");
}

TEST_CASE("embedding table: one parameter a description, in every scope of a store") {
  using namespace weft;
  ParameterStore params;
  const auto table = described(Origin::shared_v1);
  Parameter& first = embedding_table(params, table, {});
  CHECK(&embedding_table(params, table, {.scope = "elsewhere"}) == &first);
  // TensorFlow 1 shares by collection name too, if the shapes agree; TensorFlow 2 refuses a second collection.
  CHECK(&embedding_table(params, described(Origin::shared_v1), {}) == &first);
  CHECK_THROWS_WITH_AS(embedding_table(params, described(Origin::shared_v1, 4), {}),
                       doctest::Contains("of unexpected shape (5, 3). Expected shape is (5, 4)."), ValueError);
  embedding_table(params, described(Origin::shared_v2), {});
  CHECK_THROWS_WITH_AS(embedding_table(params, described(Origin::shared_v2), {}),
                       doctest::Contains("Variable t already exists, disallowed."), ValueError);
  CHECK(params.size() == 2);
}

TEST_CASE("embedding table: names that TensorFlow can't have") {
  using namespace weft;
  CHECK_NOTHROW(check_scope_name("a_b/c.d>e-f\\g"));
  CHECK_THROWS_WITH_AS(check_scope_name("a b"), doctest::Contains("'a b' is not a valid scope name"), ValueError);
  ParameterStore params;
  auto table = std::make_shared<EmbeddingTable>(*described(Origin::shared_v2));
  table->name = "a_na\u00efve";
  CHECK_THROWS_WITH_AS(embedding_table(params, table, {}), doctest::Contains("is not a valid root scope name"),
                       ValueError);
  table->name = "_t";
  CHECK_THROWS_AS(embedding_table(params, table, {}), ValueError);
}

TEST_CASE("embedding table: a missing checkpoint is told with both arguments") {
  using namespace weft;
  ParameterStore params;
  auto table = std::make_shared<EmbeddingTable>(*described(Origin::column));
  table->ckpt_to_load_from = "no/such/model.h5";
  table->tensor_name_in_ckpt = "tables/video";
  CHECK_THROWS_WITH_AS(embedding_table(params, table, {}),
                       doctest::Contains("[ckpt_to_load_from 'no/such/model.h5', tensor_name_in_ckpt 'tables/video']"),
                       IoError);
  CHECK(params.size() == 0);
}

TEST_CASE("embedding table: loaded from a checkpoint, or told what fits not") {
  using namespace weft;
  const auto path = (std::filesystem::temp_directory_path() / "weft_embedding_table_test.h5").string();
  {
    Tensor rows({5, 3}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
    CheckpointWriter writer(path);
    writer.write("tables/video", rows.shape(), {.data = rows.data(), .rows = 5, .width = 3, .stride = 3});
    writer.close();
  }
  ParameterStore params;
  auto table = std::make_shared<EmbeddingTable>(*described(Origin::column));
  table->ckpt_to_load_from = path;
  table->tensor_name_in_ckpt = "tables/video";
  CHECK(embedding_table(params, table, {}).value().row(4)[2] == 14);
  table->dimension = 4;
  CHECK_THROWS_WITH_AS(embedding_table(params, table, {.scope = "b"}),
                       doctest::Contains("doesn't match with shape of tensor tables/video ([5, 3])"), ValueError);
  table->tensor_name_in_ckpt = "x";
  CHECK_THROWS_WITH_AS(embedding_table(params, table, {.scope = "b"}), doctest::Contains("Tensor x is not found in"),
                       ValueError);
  std::filesystem::remove(path);
}
