// A steady training step, from serialized examples to updated rows, allocates nothing and gives the same bits for any
// number of threads.
#include <dlfcn.h>
#include <weft/io/dataset_memory.h>
#include <weft/weft.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <vector>

namespace {

std::atomic<bool> counting{false};
std::atomic<int64_t> allocations{0};

/// Whether code at this address belongs to oneDNN, which allocates a little in each call; weft can't change that.
bool is_onednn(const void* code) {
  Dl_info info;
  return dladdr(code, &info) != 0 && info.dli_fname != nullptr && std::strstr(info.dli_fname, "dnnl") != nullptr;
}

void* allocate(size_t bytes, const void* caller) {
  if (counting.load() && !is_onednn(caller)) ++allocations;
  void* memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) {
  return allocate(bytes, __builtin_return_address(0));
}
void* operator new[](size_t bytes) {
  return allocate(bytes, __builtin_return_address(0));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}

namespace weft {
namespace {

constexpr int64_t kVideos = 500;
constexpr int64_t kBatch = 64;

/// Examples with two lists of video names, some names unknown, some lists empty, and a label.
std::vector<std::string> examples(int64_t count) {
  std::vector<std::string> out;
  const RandomStream random{11, 12};
  uint64_t draw = 0;
  ExampleWriter writer;
  for (int64_t i = 0; i < count; ++i) {
    writer.clear().add("clicked", static_cast<int64_t>(random.below(draw++, 2)));
    for (const char* key : {"impression", "watched"}) {
      std::vector<std::string> names;
      const auto n = random.below(draw++, 12);
      for (uint64_t k = 0; k < n; ++k) names.push_back("v" + std::to_string(random.below(draw++, kVideos + 20)));
      writer.add(key, std::span<const std::string_view>(std::vector<std::string_view>(names.begin(), names.end())));
    }
    out.emplace_back(writer.serialized());
  }
  return out;
}

FeatureColumns columns() {
  std::vector<std::string> names;
  for (int64_t i = 0; i < kVideos; ++i) names.push_back("v" + std::to_string(i));
  const auto watched = categorical_column_with_vocabulary_list({.key = "watched", .vocabulary_list = names});
  const auto shown = categorical_column_with_vocabulary_list({.key = "impression", .vocabulary_list = names});
  return shared_embedding_columns({watched, shown}, {.dimension = 10, .combiner = Combiner::mean});
}

struct Network {
  ParameterStore params{{.seed = 3}};
  InputLayer input{params, columns()};
  Dense hidden{params, {.name = "hidden", .inputs = input.width(), .units = 32, .activation = relu}};
  Dense logits{params, {.name = "logits", .inputs = 32, .units = 1}};
  Optimizer optimizer = adagrad();

  void step(const Batch& batch) {
    Tape tape;
    const Var loss = sigmoid_cross_entropy(logits(hidden(input(tape, batch.features))), batch.labels);
    tape.backward(loss);
    optimizer.step(params);
  }
};

Dataset read(const std::vector<std::string>& serialized) {
  return examples_in_memory(
      {.serialized = serialized,
       .spec = make_parse_example_spec(columns(), numeric_column({.key = "clicked", .dtype = DataType::int64})),
       .label = "clicked",
       .batch_size = kBatch,
       .repeat = {}});
}

/// Allocations of `steps` steps after as many to warm up; the input is made by the training thread, or ahead. Of ten
/// rounds the one with the fewest: when two threads make batches at once for the first time, which may be late, the
/// second gets memory of its own.
int64_t allocations_of(int threads, int prefetch, int steps) {
  const ThreadLimit limit(threads);
  Network network;
  const std::vector<std::string> serialized = examples(20 * kBatch);
  Dataset data = read(serialized);
  data.map([&](Batch& batch) { network.input.prepare(batch.features); });
  data.prefetch(prefetch);
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (int round = 0; round < 10 && fewest > 0; ++round) {
    for (int i = 0; i < steps; ++i) network.step(*data.next());
    allocations = 0;
    counting = true;
    for (int i = 0; i < steps; ++i) network.step(*data.next());
    counting = false;
    fewest = std::min<int64_t>(fewest, allocations);
  }
  return fewest;
}

}  // namespace

TEST_CASE("steady step: the counter counts") {
  allocations = 0;
  counting = true;
  delete new std::string(100, 'x');
  counting = false;
  CHECK(allocations >= 2);
}

TEST_CASE("steady step: from serialized examples to updated rows nothing is allocated") {
  CHECK(allocations_of(1, 0, 100) == 0);
  CHECK(allocations_of(2, 0, 100) == 0);
}

TEST_CASE("steady step: nor when batches are made ahead by another thread") {
  CHECK(allocations_of(1, 1, 200) == 0);
}

TEST_CASE("steady step: the same bits for any number of threads") {
  std::vector<float> first;
  for (const int threads : {1, 2, 4}) {
    const ThreadLimit limit(threads);
    Network network;
    const std::vector<std::string> serialized = examples(20 * kBatch);
    Dataset data = read(serialized);
    data.map([&](Batch& batch) { network.input.prepare(batch.features); });
    data.prefetch(threads - 1);
    for (int i = 0; i < 50; ++i) network.step(*data.next());
    std::vector<float> numbers;
    for (const Parameter& parameter : network.params) {
      for (int64_t i = 0; i < parameter.value().rows; ++i) {
        for (const float x : parameter.value().row(i)) numbers.push_back(x);
      }
    }
    if (threads == 1) first = numbers;
    CHECK(numbers == first);
  }
}

}  // namespace weft
