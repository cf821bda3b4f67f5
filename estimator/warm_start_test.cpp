// Tests of warm start: which variables, other names, other vocabularies, slots, what can't be.
#include <doctest/doctest.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/warm_start.h>
#include <weft/io/atomic_file.h>
#include <weft/io/formats/safetensors.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/optim/optimizer.h>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

/// Numbers that say whose they are: 100, 101, ... in values, 200, 201, ... in slots.
void number(Parameter& parameter) {
  float next = 0;
  for (int64_t row = 0; row < parameter.value().rows; ++row) {
    for (int64_t i = 0; i < parameter.value().width; ++i, ++next) {
      parameter.value().row(row)[static_cast<size_t>(i)] = 100 + next;
      parameter.slot(0).view.row(row)[static_cast<size_t>(i)] = 200 + next;
    }
  }
}

struct Model {
  ParameterStore params{{.seed = 5}};
  explicit Model(int64_t words, int64_t classes = 2, const std::string& scope = "") {
    const Initializer eighth = constant_initializer(0.125f);
    params.add({.name = scope + "table", .shape = {words, 2}, .initializer = eighth, .table = true});
    params.add({.name = scope + "kernel", .shape = {2, classes}, .initializer = eighth});
    params.add({.name = scope + "bias", .shape = {classes}, .initializer = eighth});
    params.add({.name = scope + "moving_mean", .shape = {2}, .initializer = eighth, .trainable = false});
    adagrad().prepare(params);
  }
  std::vector<float> values(const char* name) { return numbers(params.at(name).value()); }
  std::vector<float> slots(const char* name) { return numbers(params.at(name).slot(0).view); }

 private:
  static std::vector<float> numbers(const RowsView& view) {
    std::vector<float> all;
    for (int64_t i = 0; i < view.rows; ++i) all.insert(all.end(), view.row(i).begin(), view.row(i).end());
    return all;
  }
};

/// A checkpoint of a model with four words and two classes, and its vocabulary files.
struct Earlier {
  TestDirectory directory;
  std::string path = directory.path + "/model.ckpt-9.h5";
  std::string old_vocab = directory.path + "/old.txt", new_vocab = directory.path + "/new.txt";
  Earlier() {
    Model model(4);
    for (Parameter& parameter : model.params) {
      if (parameter.trainable()) number(parameter);
    }
    model.params.at("moving_mean").value().data[1] = 7;
    model.params.global_step = 9;
    save_checkpoint(path, model.params);
    ModelDirectory(directory.path).record(9, 0);
    write_file(old_vocab, "ant\nbee\ncat\ndog\n");
    write_file(new_vocab, "dog\nemu\nant\nfox\nbee\n");
  }
};

const std::vector<float> kTable = {100, 101, 102, 103, 104, 105, 106, 107};

}  // namespace

TEST_CASE("warm start: everything trainable with its slots, from a file or a directory; the step stays") {
  const Earlier earlier;
  for (const std::string& from : {earlier.path, earlier.directory.path}) {
    Model model(4);
    const auto arrays = warm_start({.ckpt_to_initialize_from = from}, model.params);
    CHECK(arrays ==
          std::vector<std::string>{"bias", "bias/Adagrad", "kernel", "kernel/Adagrad", "table", "table/Adagrad"});
    CHECK(model.values("table") == kTable);
    CHECK(model.slots("bias") == std::vector<float>{200, 201});
    CHECK(model.values("moving_mean") == std::vector<float>{0.125f, 0.125f});
    CHECK(model.params.global_step == 0);
  }
  Model model(4);
  warm_start({.ckpt_to_initialize_from = earlier.path, .slots = false}, model.params);
  CHECK(model.values("table") == kTable);
  CHECK(model.slots("bias") == std::vector<float>{0.1f, 0.1f});
}

TEST_CASE("warm start: from checkpoints of other formats, by prefix, directory and pattern") {
  const Earlier earlier;
  TestDirectory other;
  const NamedTensors tensors = open_weft_checkpoint(earlier.path);
  write_tensor_bundle(other.file("model.ckpt-9"), tensors, StateFile::write);
  write_safetensors(other.file("model.safetensors"), tensors);
  for (const char* name : {"", "model.ckpt-9", "model.ckpt-*", "model.safetensors"}) {
    CAPTURE(name);
    VocabInfo classes{
        .new_vocab = earlier.new_vocab, .new_vocab_size = 2, .old_vocab = earlier.new_vocab, .old_vocab_size = 2};
    Model model(4);
    warm_start({.ckpt_to_initialize_from = other.file(name), .var_name_to_vocab_info = {{"bias", classes}}},
               model.params);
    CHECK(model.values("table") == kTable);
    CHECK(model.values("bias") == std::vector<float>{100, 101});
    CHECK(model.slots("bias") == std::vector<float>{200, 201});
  }
}

TEST_CASE("warm start: expressions match from a name's start; lists take what is not trained too") {
  const Earlier earlier;
  const auto read = [&](std::variant<std::monostate, std::string, std::vector<std::string>> vars) {
    Model model(4);
    return warm_start({.ckpt_to_initialize_from = earlier.path, .vars_to_warm_start = std::move(vars), .slots = false},
                      model.params);
  };
  CHECK(read(std::string("ke.*")) == std::vector<std::string>{"kernel"});
  CHECK(read(std::string("ernel")).empty());
  CHECK(read(std::string("moving.*")).empty());
  CHECK(read(std::vector<std::string>{"moving", "b"}) == std::vector<std::string>{"bias", "moving_mean"});
  CHECK(read(std::monostate()).empty());
}

TEST_CASE("warm start: a variable of another name brings its slots") {
  const Earlier earlier;
  Model model(4, 2, "deep/");
  warm_start({.ckpt_to_initialize_from = earlier.path,
              .vars_to_warm_start = std::string("deep/table"),
              .var_name_to_prev_var_name = {{"deep/table", "table"}}},
             model.params);
  CHECK(model.values("deep/table") == kTable);
  CHECK(model.slots("deep/table")[7] == 207.0f);
  CHECK(model.values("deep/bias")[0] == 0.125f);
}

TEST_CASE("warm start: rows and slots follow their words, new words are initialised") {
  const Earlier earlier;
  VocabInfo info{.new_vocab = earlier.new_vocab, .num_oov_buckets = 1, .old_vocab = earlier.old_vocab};
  Model model(6);  // dog emu ant fox bee, and a bucket
  warm_start({.ckpt_to_initialize_from = earlier.path, .var_name_to_vocab_info = {{"table", info}}}, model.params);
  CHECK(model.values("table") == std::vector<float>{106, 107, 0, 0, 100, 101, 0, 0, 102, 103, 0, 0});
  CHECK(model.slots("table") == std::vector<float>{206, 207, 0.1f, 0.1f, 200, 201, 0.1f, 0.1f, 202, 203, 0.1f, 0.1f});
  CHECK(model.values("bias") == std::vector<float>{100, 101});

  info.backup_initializer = constant_initializer(1.0f);
  info.old_vocab_size = 3;  // without the dog
  Model ones(6);
  warm_start({.ckpt_to_initialize_from = earlier.path,
              .vars_to_warm_start = std::monostate(),
              .var_name_to_vocab_info = {{"table", info}}},
             ones.params);
  CHECK(ones.values("table") == std::vector<float>{1, 1, 1, 1, 100, 101, 1, 1, 102, 103, 1, 1});
  CHECK(ones.values("bias")[0] == 0.125f);
}

TEST_CASE("warm start: classes are the columns of a kernel and the numbers of a bias") {
  const Earlier earlier;
  write_file(earlier.old_vocab, "no\nyes\n");
  write_file(earlier.new_vocab, "yes\nmaybe\nno\n");
  const VocabInfo columns{.new_vocab = earlier.new_vocab, .old_vocab = earlier.old_vocab, .axis = 1};
  VocabInfo numbers = columns;
  numbers.axis = 0;
  Model model(4, 3);
  warm_start(
      {.ckpt_to_initialize_from = earlier.path, .var_name_to_vocab_info = {{"kernel", columns}, {"bias", numbers}}},
      model.params);
  CHECK(model.values("kernel") == std::vector<float>{101, 0, 100, 103, 0, 102});
  CHECK(model.slots("kernel") == std::vector<float>{201, 0.1f, 200, 203, 0.1f, 202});
  CHECK(model.values("bias") == std::vector<float>{101, 0, 100});
}

TEST_CASE("warm start: what can't be is told with TensorFlow's words, and nothing changes") {
  const Earlier earlier;
  Model model(5);
  const auto fails = [&](const WarmStartSettings& settings, const char* text) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(warm_start(settings, model.params), doctest::Contains(text), ValueError);
    CHECK(model.values("kernel")[0] == 0.125f);
  };
  const VocabInfo info{.new_vocab = earlier.new_vocab, .num_oov_buckets = 3, .old_vocab = earlier.old_vocab};
  fails({.ckpt_to_initialize_from = earlier.path},
        "Shape of variable table:0 ((5, 2)) doesn't match with shape of tensor table ([4, 2]) from checkpoint reader");
  fails({.ckpt_to_initialize_from = earlier.path, .var_name_to_vocab_info = {{"table", info}}},
        "expected float32 of the vocabularies' sizes");
  fails({.ckpt_to_initialize_from = earlier.path, .var_name_to_prev_var_name = {{"table", "nothing"}}},
        "Tensor nothing is not found in");
  fails({.ckpt_to_initialize_from = earlier.path, .var_name_to_prev_var_name = {{"tabel", "table"}}},
        "in var_name_to_prev_var_name that were not used: got 'tabel'");
  fails({.ckpt_to_initialize_from = earlier.path, .vars_to_warm_start = std::string("(")}, "is no regular expression");
  CHECK_THROWS_AS(warm_start({.ckpt_to_initialize_from = "/nowhere/at/all"}, model.params), IoError);
}

}  // namespace weft
#endif
