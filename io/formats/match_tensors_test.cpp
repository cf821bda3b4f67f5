// Tests of match_tensors: other names, other layouts, layers by their order, and what the report says.
#include <doctest/doctest.h>
#include <weft/io/formats/match_tensors.h>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

// Tensors of small whole numbers: tensor k's are k * 10, k * 10 + 1, ...
NamedTensors numbered(std::vector<TensorInfo> list) {
  return NamedTensors({.where = "memory",
                       .format = "test",
                       .tensors = list,
                       .read_rows = [list](size_t tensor, int64_t first, int64_t, std::span<std::byte> out) {
                         const int64_t start = first * list[tensor].width();
                         for (auto& byte : out) byte = std::byte{0};
                         if (list[tensor].type != TensorType::float32) return;
                         auto* numbers = reinterpret_cast<float*>(out.data());
                         for (size_t i = 0; i < out.size() / sizeof(float); ++i) {
                           numbers[i] = static_cast<float>(tensor * 10 + static_cast<size_t>(start) + i);
                         }
                       }});
}

const std::vector<TensorTarget> kClassifier = {
    {.name = "dnn/input_from_feature_columns/input_layer/a_b_shared_embedding/embedding_weights", .shape = {5, 2}},
    {.name = "dnn/hiddenlayer_0/kernel", .shape = {2, 3}},
    {.name = "dnn/hiddenlayer_0/bias", .shape = {3}},
    {.name = "dnn/logits/kernel", .shape = {3, 1}},
    {.name = "dnn/logits/bias", .shape = {1}},
    {.name = "dnn/logits/bias/t_0/Adagrad",
     .shape = {1},
     .slot_of = "dnn/logits/bias",
     .slot = "Adagrad",
     .state = true},
    {.name = "global_step", .type = TensorType::int64, .state = true},
};
constexpr TensorType f32 = TensorType::float32;

}  // namespace

TEST_CASE("match tensors: TensorFlow 2's names and slots for TensorFlow 1's") {
  const MatchedTensors matched = match_tensors(numbered({{"a_b_shared_embedding", f32, {5, 2}},
                                                         {"dnn/hiddenlayer_0/kernel", f32, {2, 3}},
                                                         {"dnn/hiddenlayer_0/bias", f32, {3}},
                                                         {"dnn/logits/kernel", f32, {3, 1}},
                                                         {"dnn/logits/bias", f32, {1}},
                                                         {"training/Adagrad/dnn/logits/bias/accumulator", f32, {1}},
                                                         {"training/Adagrad/learning_rate", f32, {}},
                                                         {"global_step", TensorType::int64, {}}}),
                                               kClassifier);
  CHECK(matched.report.complete());
  CHECK(matched.report.loaded.size() == 7);
  CHECK(matched.report.missing_state.empty());
  CHECK(matched.report.surplus_state == std::vector<std::string>{"training/Adagrad/learning_rate"});
  CHECK(matched.tensors.read_floats("dnn/logits/bias/t_0/Adagrad") == std::vector<float>{50});
  CHECK(matched.tensors.find(kClassifier[0].name)->shape == std::vector<int64_t>{5, 2});
}

TEST_CASE("match tensors: PyTorch's layers by their order, turned, tables by rule") {
  const MatchedTensors matched = match_tensors(numbered({{"model.video.weight", f32, {5, 2}},
                                                         {"model.net.0.weight", f32, {3, 2}},
                                                         {"model.net.0.bias", f32, {3}},
                                                         {"model.net.2.weight", f32, {1, 3}},
                                                         {"model.net.2.bias", f32, {1}},
                                                         {"optimizer.state.0.sum", f32, {5, 2}}}),
                                               kClassifier, {.map = {"^model.video.weight$=a_b_shared_embedding"}});
  CHECK(matched.report.complete());
  CHECK(matched.tensors.read_floats("dnn/hiddenlayer_0/kernel") == std::vector<float>{10, 12, 14, 11, 13, 15});
  CHECK(matched.tensors.read_floats("dnn/logits/bias") == std::vector<float>{40});
  CHECK(matched.report.missing_state.size() == 2);
  CHECK(to_string(matched.report).find("loaded      model.net.0.weight -> dnn/hiddenlayer_0/kernel (transposed)\n") !=
        std::string::npos);
  // Layers of which one does not fit are not taken at all.
  const NameReport other =
      match_tensors(numbered({{"0.weight", f32, {3, 2}}, {"2.weight", f32, {2, 3}}}), {kClassifier[1], kClassifier[3]})
          .report;
  CHECK(other.loaded.empty());
  CHECK(other.missing.size() == 2);
  CHECK(other.surplus.size() == 2);
}

TEST_CASE("match tensors: a rule may name a target itself; what it turned stays so") {
  const std::vector<TensorTarget> square = {{.name = "hidden/kernel", .shape = {2, 2}}};
  const NamedTensors torch = numbered({{"fc.weight", f32, {2, 2}}});
  const std::vector<float> turned = {0, 2, 1, 3};
  for (const NameRules& rules : {NameRules{.map = {"^fc.weight$=hidden/kernel"}}, NameRules{.map = {"^fc=hidden"}},
                                 NameRules{.map = {"^fc=hidden"}, .transpose = {"weight"}},
                                 NameRules{.map = {"^.*$=hidden/kernel"}, .transpose = {"weight"}}}) {
    const MatchedTensors matched = match_tensors(torch, square, rules);
    REQUIRE(matched.report.loaded.size() == 1);
    CHECK(matched.report.loaded[0].transposed);
    CHECK(matched.tensors.read_floats("hidden/kernel") == turned);
  }
  CHECK(match_tensors(torch, square, {.except = {"fc"}}).report.left_out == std::vector<std::string>{"fc.weight"});
}

TEST_CASE("match tensors: Keras 3's numbers, batch normalisation, slots of partitions") {
  const std::vector<TensorTarget> targets = {
      {.name = "video", .shape = {4, 2}},
      {.name = "norm/gamma", .shape = {2}},
      {.name = "norm/moving_variance", .shape = {2}},
      {.name = "video/Adagrad", .shape = {4, 2}, .slot_of = "video", .slot = "Adagrad", .state = true}};
  const NameReport report = match_tensors(numbered({{"layers/video/vars/0", f32, {4, 2}},
                                                    {"layers/norm/vars/0", f32, {2}},
                                                    {"layers/norm/vars/3", f32, {2}},
                                                    {"video/t_0/Adagrad", f32, {4, 2}},
                                                    {"video/t_1/Adagrad", f32, {4, 2}}}),
                                          targets)
                                .report;
  CHECK(report.complete());
  REQUIRE(report.loaded.size() == 4);
  CHECK(report.loaded[2].from == "layers/norm/vars/3");
  CHECK(report.loaded[3].more_parts == std::vector<std::string>{"video/t_1/Adagrad"});
  CHECK(report.surplus_state.empty());
}

TEST_CASE("match tensors: what does not fit is told, all at once") {
  const NameReport report = match_tensors(numbered({{"dnn/hiddenlayer_0/kernel", f32, {3, 2}},
                                                    {"dnn/hiddenlayer_0/bias", TensorType::int32, {3}},
                                                    {"x.a_b_shared_embedding", f32, {5, 2}},
                                                    {"model.dnn.logits.bias", f32, {1}},
                                                    {"dnn.logits.bias", f32, {1}}}),
                                          kClassifier, {.map = {"none=some"}})
                                .report;
  CHECK_FALSE(report.complete());
  CHECK(report.loaded.empty());
  const std::string text = to_string(report);
  for (const char* line :
       {"mis-shaped  dnn/hiddenlayer_0/kernel -> dnn/hiddenlayer_0/kernel: got [3, 2], expected [2, 3]",
        "wrong type  dnn/hiddenlayer_0/bias -> dnn/hiddenlayer_0/bias: got int32",
        "ambiguous   dnn/logits/bias: one of dnn.logits.bias, model.dnn.logits.bias", "missing     dnn/logits/kernel\n",
        "surplus     x.a_b_shared_embedding\n", "no state    global_step\n", "unused rule map none=some\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("match tensors: a checkpoint's own list as targets") {
  const NamedTensors like = numbered({{"hidden/kernel", f32, {2, 3}},
                                      {"hidden/kernel/Adam", f32, {2, 3}},
                                      {"global_step", TensorType::int64, {}},
                                      {"texts", TensorType::string, {2}}});
  const std::vector<TensorTarget> targets = tensor_targets(like);
  REQUIRE(targets.size() == 3);
  CHECK(targets[0].state);
  CHECK_FALSE(targets[1].state);
  const NameReport report =
      match_tensors(numbered({{"hidden.weight", f32, {3, 2}}, {"training/Adam/hidden/kernel/m", f32, {2, 3}}}), targets)
          .report;
  CHECK(report.loaded.size() == 2);
  CHECK(report.missing_state == std::vector<std::string>{"global_step"});
}

TEST_CASE("match tensors: weft's names for PyTorch's and Keras 3's, turned and in the order of layers") {
  const NamedTensors ours = numbered({{"input_layer/video/embedding_weights", f32, {5, 2}},
                                      {"dnn/hiddenlayer_0/kernel", f32, {2, 3}},
                                      {"dnn/hiddenlayer_0/bias", f32, {3}},
                                      {"dnn/logits/kernel", f32, {3, 3}},
                                      {"dnn/logits/bias", f32, {3}}});
  const MatchedTensors pytorch = match_tensors(ours, {{.name = "model.video.weight", .shape = {5, 2}},
                                                      {.name = "model.fc1.weight", .shape = {3, 2}},
                                                      {.name = "model.fc1.bias", .shape = {3}},
                                                      {.name = "model.head.weight", .shape = {3, 3}},
                                                      {.name = "model.head.bias", .shape = {3}}});
  CHECK_MESSAGE(pytorch.report.complete(), to_string(pytorch.report));
  CHECK(pytorch.tensors.read_floats("model.video.weight")[1] == 1);
  CHECK(pytorch.tensors.read_floats("model.fc1.weight") == std::vector<float>{10, 13, 11, 14, 12, 15});
  CHECK(pytorch.tensors.read_floats("model.head.weight")[1] == 33);
  const std::vector<TensorTarget> keras = {{.name = "layers/dense/vars/0", .shape = {2, 3}},
                                           {.name = "layers/dense/vars/1", .shape = {3}},
                                           {.name = "layers/dense_1/vars/0", .shape = {3, 3}},
                                           {.name = "layers/dense_1/vars/1", .shape = {3}},
                                           {.name = "layers/embedding/vars/0", .shape = {5, 2}}};
  const NameReport report = match_tensors(ours, keras).report;
  CHECK(report.loaded.size() == 4);  // which table it is no name says
  CHECK(report.missing == std::vector<std::string>{"layers/embedding/vars/0"});
  CHECK(match_tensors(ours, keras, {.map = {".*video.*=layers/embedding/vars/0"}}).report.complete());
}

}  // namespace weft
#endif
