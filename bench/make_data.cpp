// Benchmark data: an example has a user with two favourite genres (an id's genre is its rank mod 16), what was watched,
// mostly of these, and what was shown; the more of the shown is to the user's taste, the likelier the click.
#include "make_data.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "workload.h"

namespace weft::bench {
namespace {

constexpr int64_t kGenres = 16;
constexpr int64_t kTrainFiles = 8;

struct Column {
  std::string name;
  bool shown = false;
  int64_t most = 0;  ///< ids of an example: 1 to `most`, evenly ...
  double mean = 0;   ///< ... or, if not 0, exponentially with this mean
};
struct Kind {
  Workload shape;
  std::vector<Column> columns;  ///< in alphabetical order, as the keys of an example
};

Kind kind_of(const std::string& name) {
  Kind kind;
  Workload& w = kind.shape;
  w.strings = name != "large";
  kind.columns = {{"impression_video_id", true, 10}, {"watched_video_id", false, 40}};
  if (name == "seed") {
    w.vocab = 10'000, w.dim = 10, w.hidden = {64, 32}, w.batch = 128;
  } else if (name == "medium") {
    w.vocab = 1'000'000, w.dim = 64, w.hidden = {512, 256, 128}, w.batch = 1024;
    kind.columns = {{"impression_video_id", true, 19}, {"watched_video_id", false, 200, 51.0}};
  } else if (name == "wide") {
    w.vocab = 1'000'000, w.dim = 32, w.hidden = {256, 128}, w.batch = 2048;
    kind.columns.clear();
    for (int c = 0; c < 16; c++) kind.columns.push_back({fmt::format("feat_{:02}", c), c >= 8, 9});
  } else if (name == "large") {
    w.vocab = 20'000'000, w.dim = 32, w.hidden = {256, 128}, w.batch = 4096;
  } else {
    throw ValueError(fmt::format(
        "[weft_bench] --workload: got '{}', expected seed, medium, wide or large. Data are made up for these.", name));
  }
  return kind;
}

/// What an id is called: ranks lie in the vocabulary in order, numbers are scattered.
int64_t number_of(int64_t rank, int64_t vocab) {
  return (rank * 7'368'787 + 12'345) % vocab;
}

class Maker {
 public:
  Maker(std::string directory, Kind kind) : directory_(std::move(directory)), kind_(std::move(kind)) {}

  void vocabulary() const {
    std::ofstream file(directory_ + "/vocab.txt");
    for (int64_t rank = 0; rank < kind_.shape.vocab; rank++)
      file << fmt::format("v{:07}\n", number_of(rank, kind_.shape.vocab));
    if (!file.flush()) throw IoError("[weft_bench] " + directory_ + "/vocab.txt: can't be written. Make room.");
  }

  /// Appends `examples` to a new TFRecord file, and their ids to those kept if `keep`. Returns the bytes of the file.
  int64_t shard(const std::string& name, int64_t examples, bool keep) {
    RecordWriter writer(directory_ + "/" + name);
    for (int64_t i = 0; i < examples; i++) writer.write(example(keep));
    writer.close();
    return static_cast<int64_t>(std::filesystem::file_size(directory_ + "/" + name));
  }

  void ids() const {
    write("labels.u8", labels_);
    for (size_t c = 0; c < kind_.columns.size(); c++) {
      write(kind_.columns[c].name + ".values.i32", kept_[c].values);
      write(kind_.columns[c].name + ".splits.i64", kept_[c].splits);
    }
  }

 private:
  struct Kept {
    std::vector<int32_t> values;
    std::vector<int64_t> splits = {0};
  };

  double uniform() { return static_cast<double>(random_.bits64(drawn_++) >> 11) * 0x1p-53; }
  int64_t below(int64_t n) { return static_cast<int64_t>(uniform() * static_cast<double>(n)); }

  int64_t length(const Column& column) {
    if (column.mean == 0) return 1 + below(column.most);
    return std::min(column.most, 1 + static_cast<int64_t>(-column.mean * std::log(1 - uniform())));
  }

  /// Ranks of one column; -1 stands for a name outside the vocabulary.
  void draw(const Column& column, const int64_t (&genres)[2], double affinity, std::vector<int64_t>& ranks) {
    ranks.clear();
    for (int64_t left = length(column); left > 0; left--) {
      int64_t rank = popular_id(uniform(), kind_.shape.vocab);
      if (uniform() < (column.shown ? affinity : 0.7))
        rank = std::min(rank / kGenres * kGenres + genres[below(2)], kind_.shape.vocab - 1);
      ranks.push_back(kind_.shape.strings && uniform() < 0.005 ? -1 : rank);
    }
  }

  std::string_view example(bool keep) {
    const int64_t genres[2] = {below(kGenres), below(kGenres)};
    const double affinity = uniform();
    double liked = 0, shown = 0, quality = 0;
    std::vector<std::vector<int64_t>> columns(kind_.columns.size());
    for (size_t c = 0; c < columns.size(); c++) {
      draw(kind_.columns[c], genres, affinity, columns[c]);
      if (!kind_.columns[c].shown) continue;
      for (const int64_t rank : columns[c]) {
        shown += 1;
        liked += rank >= 0 && (rank % kGenres == genres[0] || rank % kGenres == genres[1]) ? 1 : 0;
        quality += rank < 0 ? 0 : static_cast<double>(quality_.bits64(static_cast<uint64_t>(rank)) >> 11) * 0x1p-52 - 1;
      }
    }
    const double logit = -2.6 + 4 * liked / shown + 1.5 * quality / std::sqrt(shown);
    const int64_t label = uniform() < 1 / (1 + std::exp(-logit));
    writer_.clear().add("clicked", label);
    for (size_t c = 0; c < columns.size(); c++) add(kind_.columns[c].name, columns[c]);
    if (keep) keep_ids(label, columns);
    return writer_.serialized();
  }

  void add(const std::string& key, const std::vector<int64_t>& ranks) {
    std::vector<int64_t> numbers;
    std::vector<std::string> names;
    for (const int64_t rank : ranks) {
      numbers.push_back(number_of(std::max<int64_t>(rank, 0), kind_.shape.vocab));
      if (kind_.shape.strings) names.push_back(fmt::format("{}{:07}", rank < 0 ? 'x' : 'v', numbers.back()));
    }
    if (!kind_.shape.strings) return static_cast<void>(writer_.add(key, std::span<const int64_t>(numbers)));
    const std::vector<std::string_view> views(names.begin(), names.end());
    writer_.add(key, std::span<const std::string_view>(views));
  }

  void keep_ids(int64_t label, const std::vector<std::vector<int64_t>>& columns) {
    labels_.push_back(static_cast<uint8_t>(label));
    kept_.resize(columns.size());
    for (size_t c = 0; c < columns.size(); c++) {
      for (const int64_t rank : columns[c]) {
        if (rank < 0) continue;
        kept_[c].values.push_back(
            static_cast<int32_t>(kind_.shape.strings ? rank : number_of(rank, kind_.shape.vocab)));
      }
      kept_[c].splits.push_back(std::ssize(kept_[c].values));
    }
  }

  template <class Number>
  void write(const std::string& name, const std::vector<Number>& numbers) const {
    const std::string path = directory_ + "/ids/train." + name;
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof(Number)));
    if (!file.flush()) throw IoError("[weft_bench] " + path + ": can't be written. Make room.");
  }

  std::string directory_;
  Kind kind_;
  RandomStream random_{.seed = 11, .stream = stream_of("weft_bench data")};
  RandomStream quality_{.seed = 11, .stream = stream_of("weft_bench quality")};
  uint64_t drawn_ = 0;
  ExampleWriter writer_;
  std::vector<uint8_t> labels_;
  std::vector<Kept> kept_;
};

}  // namespace

void make_data(const std::string& directory, const std::string& name, int64_t train_examples, int64_t eval_examples) {
  const Kind kind = kind_of(name);
  if (train_examples < kTrainFiles || eval_examples < 1)
    throw ValueError(fmt::format("[weft_bench] examples: got {} and {}, expected at least {} and 1. Give more.",
                                 train_examples, eval_examples, kTrainFiles));
  const std::string path = directory + "/" + name;
  std::filesystem::create_directories(path + "/ids");
  Maker maker(path, kind);
  if (kind.shape.strings) maker.vocabulary();
  nlohmann::ordered_json files;
  int64_t bytes = 0;
  for (int64_t k = 0; k < kTrainFiles; k++) {
    const std::string file = fmt::format("train-{:05}-of-{:05}.tfrecord", k, kTrainFiles);
    bytes += maker.shard(file, train_examples / kTrainFiles, true);
    files[file] = "";
  }
  maker.shard("eval-00000-of-00001.tfrecord", eval_examples, false);
  files["eval-00000-of-00001.tfrecord"] = "";
  maker.ids();
  std::vector<std::string> columns;
  for (const Column& column : kind.columns) columns.push_back(column.name);
  // Last: who finds it finds all the others.
  std::ofstream manifest(path + "/manifest.json");
  manifest << nlohmann::ordered_json{{"vocab", kind.shape.vocab},
                                     {"dim", kind.shape.dim},
                                     {"hidden", kind.shape.hidden},
                                     {"batch", kind.shape.batch},
                                     {"kind", kind.shape.strings ? "bytes" : "int64"},
                                     {"columns", columns},
                                     {"label", "clicked"},
                                     {"train_examples", train_examples / kTrainFiles * kTrainFiles},
                                     {"train_bytes", bytes},
                                     {"files", files}};
  if (!manifest.flush()) throw IoError("[weft_bench] " + path + "/manifest.json: can't be written. Make room.");
}

TEST_CASE("weft_bench data: a workload is written that can be read, names and ids the same examples") {
  const std::string root = std::filesystem::temp_directory_path() / ("weft_bench_data-" + std::to_string(getpid()));
  make_data(root, "seed", 256, 8);
  Options options;
  options.data = root, options.workload = "seed";
  const Workload workload = load_workload(options);
  CHECK(workload.train_files.size() == 8);
  CHECK(workload.columns == std::vector<std::string>{"impression_video_id", "watched_video_id"});
  const std::vector<Batch> batches = id_batches(workload);
  REQUIRE(batches.size() == 2);
  RecordReader reader(workload.train_files[0]);
  std::string_view record;
  REQUIRE(reader.read(record));
  const Features parsed =
      parse_example({&record, 1}, {{"clicked", FixedLenFeature{.shape = {}, .type = DataType::int64}}});
  CHECK(parsed.at("clicked").integers[0] == batches[0].labels.integers[0]);
  CHECK_THROWS_AS(make_data(root, "huge", 256, 8), ValueError);
  CHECK_THROWS_AS(make_data(root, "seed", 1, 8), ValueError);
  std::filesystem::remove_all(root);
}

}  // namespace weft::bench
