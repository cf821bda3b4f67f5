// weft inspect, diff and verify, and what all subcommands share.
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/core/test_directory.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

using namespace weft;
using Json = nlohmann::json;

namespace {

const std::vector<float> kTable = {1.25f, 2, 3, 4, 5, 6};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("inspect: names, types and shapes, as text and as JSON") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  const CommandResult text = run_weft({"inspect", test.file("a.h5")});
  CHECK(text.exit_code == 0);
  CHECK(has(text.out, "weft checkpoint, 3 tensors, 40 B"));
  CHECK(has(text.out, "dnn/table    float32  [3, 2]\n"));
  CHECK(text.err.empty());
  const CommandResult json = run_weft({"inspect", test.file("a.h5"), "dnn/table", "--stats", "--checksums", "--json"});
  CHECK(json.exit_code == 0);
  const Json tensors = Json::parse(json.out)["tensors"];
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0]["shape"] == Json::array({3, 2}));
  CHECK(tensors[0]["statistics"]["max"] == 6);
  CHECK(tensors[0]["statistics"]["mean"].get<double>() == doctest::Approx(21.25 / 6));
  CHECK(tensors[0]["crc32c"].get<std::string>().size() == 8);
}

TEST_CASE("inspect: the newest checkpoint of a model's directory; a missing file and a missing name") {
  const TestDirectory test;
  write_small_checkpoint(test.file("model.ckpt-7.h5"), kTable);
  test.put("checkpoint", "model_checkpoint_path: \"model.ckpt-7.h5\"\n");
  CHECK(has(run_weft({"inspect", test.path}).out, "model.ckpt-7.h5: weft checkpoint"));
  const CommandResult missing = run_weft({"inspect", test.file("none.h5")});
  CHECK(missing.exit_code == 2);
  CHECK(has(missing.err, "none.h5"));
  const CommandResult name = run_weft({"inspect", test.file("model.ckpt-7.h5"), "wide/table"});
  CHECK(name.exit_code == 2);
  CHECK(has(name.err, "dnn/table"));
}

TEST_CASE("inspect: files that gensim and PyTorch wrote") {
  for (const char* file : {"gensim.bin", "gensim.txt", "gensim_glove.txt"}) {
    const CommandResult vectors = run_weft({"inspect", "--json", std::string(WEFT_REAL_FILES "/word_vectors/") + file});
    CHECK(vectors.exit_code == 0);
    CHECK(Json::parse(vectors.out)["tensors"][0]["shape"] == Json::array({3, 3}));
  }
  for (const char* file : {"checkpoint.pt", "legacy.pt", "protocol_4.pt"}) {
    const CommandResult states = run_weft({"inspect", "--json", std::string(WEFT_REAL_FILES "/pytorch/") + file});
    CHECK(states.exit_code == 0);
    CHECK(Json::parse(states.out)["tensors"].size() > 1);
  }
  CHECK(run_weft({"inspect", WEFT_REAL_FILES "/pytorch/hostile.pt"}).exit_code == 2);
}

TEST_CASE("inspect and verify: checkpoints that TensorFlow wrote, whole, in parts and damaged") {
  const std::string files = WEFT_REFERENCE_FILES "/H/files/";
  const CommandResult saver = run_weft({"inspect", files + "saver", "--stats"});
  CHECK(saver.exit_code == 0);
  CHECK(has(saver.out, "saver/model.ckpt: TensorFlow checkpoint"));
  CHECK(has(run_weft({"inspect", files + "partitioned_rows/model.ckpt"}).out, "tables/video"));
  for (const char* whole : {"saver", "partitioned_rows/model.ckpt", "object_based/model.ckpt", "shards/model.ckpt"}) {
    const CommandResult result = run_weft({"verify", files + whole});
    CHECK_MESSAGE(result.exit_code == 0, result.out);
    CHECK_MESSAGE(has(result.out, "all whole\n"), result.out);
  }
  const CommandResult damaged = run_weft({"verify", files + "corrupt_data_bit/model.ckpt", "--json"});
  CHECK(damaged.exit_code == 1);
  const Json one = Json::parse(damaged.out)["files"][0]["damaged"];
  REQUIRE(one.size() == 1);
  CHECK(has(one[0]["message"], "Checksum does not match"));
}

TEST_CASE("verify: the check sums of tensors that weft does not read are looked at, too") {
  const TestDirectory test;
  const std::string from = WEFT_REFERENCE_FILES "/H/files/dtypes/model.ckpt";
  std::filesystem::copy_file(from + ".index", test.file("a.index"));
  const std::string data = file_bytes(from + ".data-00000-of-00001");
  test.put("a.data-00000-of-00001", data);
  const Json tensors = Json::parse(run_weft({"inspect", test.file("a"), "--json"}).out)["tensors"];
  const auto others = std::ranges::count_if(tensors, [](const Json& one) { return one["type"] == "other"; });
  REQUIRE(others > 0);
  CHECK(has(run_weft({"verify", test.file("a")}).out, "all whole\n"));
  // Each tensor of such a type is found, when every byte is damaged.
  std::string all = data;
  for (char& byte : all) byte = static_cast<char>(byte ^ 1);
  test.put("a.data-00000-of-00001", all);
  const Json damaged = Json::parse(run_weft({"verify", test.file("a"), "--json"}).out)["files"][0]["damaged"];
  const auto is_damaged = [&](const Json& one) {
    return std::ranges::any_of(damaged, [&](const Json& damage) { return damage["tensor"] == one["name"]; });
  };
  for (const Json& one : tensors) {
    const bool empty = std::ranges::any_of(one["shape"], [](const Json& extent) { return extent == 0; });
    CHECK_MESSAGE(is_damaged(one) == !empty, one.dump());
  }
}

TEST_CASE("diff: other names by rules, or by what they say") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  REQUIRE(run_weft({"convert", test.file("a.h5"), test.file("b.npz"), "--map", "^dnn/=net.", "--transpose", "table"})
              .exit_code == 0);
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("b.npz")}).exit_code == 1);
  const CommandResult mapped =
      run_weft({"diff", test.file("a.h5"), test.file("b.npz"), "--map", "^dnn/=net.", "--transpose", "table"});
  CHECK_MESSAGE(mapped.exit_code == 0, mapped.out);
  CHECK(has(mapped.out, "0 of 3 tensors differ"));
  CHECK(has(run_weft({"diff", test.file("a.h5"), test.file("b.npz"), "--map", "none=x"}).err, "no name met"));

  const CommandResult matched =
      run_weft({"diff", test.file("a.h5"), test.file("b.npz"), "--match", "--transpose", "table"});
  CHECK_MESSAGE(has(matched.out, "net.table"), matched.out);
  const std::string files = WEFT_REFERENCE_FILES "/H/files/keras_sequential";
  const CommandResult other = run_weft({"diff", test.file("a.h5"), files + ".weights.h5", "--match", "--json"});
  CHECK(other.exit_code == 1);
  bool surplus = false;
  const Json json = Json::parse(other.out);
  for (const Json& one : json["tensors"]) surplus |= one["name"] == "dnn/table" && one["difference"] == "only_a";
  CHECK(surplus);
}

TEST_CASE("diff: the tensor, its rows and the largest change") {
  const TestDirectory test;
  std::vector<float> other = kTable;
  other[3] = 4.5f;
  write_small_checkpoint(test.file("a.h5"), kTable);
  write_small_checkpoint(test.file("b.h5"), other);
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("a.h5")}).exit_code == 0);
  const CommandResult diff = run_weft({"diff", test.file("a.h5"), test.file("b.h5"), "--json"});
  CHECK(diff.exit_code == 1);
  const Json json = Json::parse(diff.out);
  CHECK(json["different"] == 1);
  CHECK(json["tensors"][0]["name"] == "dnn/table");
  CHECK(json["tensors"][0]["rows_changed"] == 1);
  CHECK(json["tensors"][0]["largest_absolute"] == 0.5);
  const CommandResult text = run_weft({"diff", test.file("a.h5"), test.file("b.h5")});
  CHECK(has(text.out, "1 of 3"));
  CHECK(has(text.out, "1 of 3 tensors differ"));
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("b.h5"), "--tolerance", "0.5"}).exit_code == 0);
}

TEST_CASE("verify: whole files, a damaged tensor by its name, a cut file") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  const CommandResult whole = run_weft({"verify", test.file("a.h5")});
  CHECK(whole.exit_code == 0);
  CHECK(has(whole.out, "3 tensors, all whole"));
  std::string bytes = test.text("a.h5");
  const size_t at = bytes.find(std::string(reinterpret_cast<const char*>(kTable.data()), 24));
  REQUIRE(at != std::string::npos);
  bytes[at + 1] ^= 4;
  test.put("flipped.h5", bytes);
  const CommandResult flipped = run_weft({"verify", test.file("flipped.h5"), "--json"});
  CHECK(flipped.exit_code == 1);
  CHECK(Json::parse(flipped.out)["files"][0]["damaged"][0]["tensor"] == "dnn/table");
  test.put("cut.h5", bytes.substr(0, bytes.size() / 2));
  CHECK(run_weft({"verify", test.file("cut.h5"), test.file("a.h5")}).exit_code == 1);
  CHECK(run_weft({"verify", test.file("none.h5")}).exit_code == 2);
}

TEST_CASE("weft: help, version, wrong usage, the manual page and completion") {
  CHECK(run_weft({"--help"}).exit_code == 0);
  CHECK(has(run_weft({"diff", "--help"}).out, "--tolerance"));
  CHECK(has(run_weft({"--version"}).out, "weft 0"));
  CHECK(run_weft({}).exit_code == 2);
  CHECK(run_weft({"inspect"}).exit_code == 2);
  CHECK(run_weft({"inspect", "--none"}).exit_code == 2);
  const CommandResult page = run_weft({"man"});
  CHECK(has(page.out, ".SS inspect"));
  CHECK(has(page.out, "\\-\\-checksums"));
  for (const char* command : {"train", "evaluate", "predict", "export", "vocab remap"}) {
    CHECK(has(page.out, std::string(".SS ") + command + "\n"));
    CHECK(has(run_weft({"completion"}).out, std::string("'") + command + "') words='"));
  }
  CHECK(has(run_weft({"completion", "bash"}).out, "'inspect') words='--help -h --stats"));
}
