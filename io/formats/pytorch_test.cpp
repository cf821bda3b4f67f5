// Tests of unpickle and open_pytorch on pickles made by hand, sound and hostile. Files of the real torch are read in
// tests/interchange.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/pickle.h>
#include <weft/io/formats/pytorch.h>
#include <weft/io/formats/zip_archive.h>

#include <bit>
#include <string>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

using namespace std::string_literals;
using pickle::Kind;

std::string refusal(const std::string& bytes) {
  try {
    pickle::unpickle(bytes, "p");
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

std::string text(const std::string& text) {
  return "\x8c"s + static_cast<char>(text.size()) + text;
}

/// A tensor of float32: storage "0" of `numbers`, with offset, shape and strides of one byte each.
std::string tensor(char numbers, char offset, const std::string& shape, const std::string& strides) {
  const auto tuple = [](const std::string& extents) {
    std::string out = "(";
    for (const char extent : extents) out += "K"s + extent;
    return out + "t";
  };
  return "ctorch._utils\n_rebuild_tensor_v2\n(("s + text("storage") + "ctorch\nFloatStorage\n" + text("0") +
         text("cpu") + "K" + numbers + "tQK" + offset + tuple(shape) + tuple(strides) + "\x89}tR";
}

/// A file of the older form: `contents` and one storage.
std::string legacy(const std::string& contents, const std::vector<float>& numbers) {
  std::string file = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03." +
                     "\x80\x02}." + "\x80\x02"s + contents + "." + "\x80\x02](" + (numbers.empty() ? "" : text("0")) +
                     "e.";
  if (numbers.empty()) return file;
  const uint64_t count = numbers.size();
  file.append(reinterpret_cast<const char*>(&count), sizeof count);
  return file.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
}

std::string dictionary(const std::string& items) {
  return "}("s + items + "u";
}

std::string file_refusal(const std::string& bytes) {
  const TestFile file(bytes);
  try {
    open_pytorch(file.path);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

const std::vector<float> kSix = {0, 1, 2, 3, 4, 5};

/// A file of the newer form: `pickle` and storage "0" with `numbers`.
void write_zip(const std::string& path, const std::string& pickle, const std::vector<float>& numbers) {
  ZipWriter writer(path);
  writer.begin("m/data.pkl", pickle.size());
  writer.write(pickle);
  writer.begin("m/data/0", numbers.size() * sizeof(float));
  writer.write({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)});
  writer.commit();
}

std::string repeated(const std::string& bytes, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += bytes;
  return out;
}

}  // namespace

TEST_CASE("pickle: numbers, texts, lists, dictionaries and what is kept") {
  const std::string bytes =
      "\x80\x04\x95\x10\0\0\0\0\0\0\0(NK\xffM\xff\xffJ\xfe\xff\xff\xff\x8a\x01\xff\x8a\0G\x3f\xf8\0\0\0\0\0\0"s +
      text("a") + "\x94h\0]K\1a\x88t.rest"s;
  const pickle::Unpickled read = pickle::unpickle(bytes, "p");
  CHECK(read.size == bytes.size() - 4);
  REQUIRE(read.value.kind == Kind::tuple);
  const auto& items = read.objects.containers[static_cast<size_t>(read.value.number)];
  REQUIRE(items.size() == 11);
  CHECK(items[0].kind == Kind::none);
  CHECK(items[1].number == 255);
  CHECK(items[2].number == 65535);
  CHECK(items[3].number == -2);
  CHECK(items[4].number == -1);
  CHECK(items[5].number == 0);
  CHECK(std::bit_cast<double>(items[6].number) == 1.5);
  CHECK(read.objects.texts[static_cast<size_t>(items[7].number)] == "a");
  CHECK(items[8].number == items[7].number);
  CHECK(items[9].kind == Kind::list);
  CHECK(read.objects.containers[static_cast<size_t>(items[9].number)].size() == 1);
  CHECK(items[10].kind == Kind::boolean);
}

TEST_CASE("pickle: a name or an operation that is not known is refused, never run") {
  CHECK(refusal("\x80\x02"s + "cposix\nsystem\n(" + text("true") + "tR.") ==
        "[open_pytorch] p, pickle, offset 2: it names \"system\" of \"posix\", which is not in the list of what a "
        "state dict needs. Nothing of it was run. Save model.state_dict() in place of objects.");
  CHECK(refusal("\x80\x04"s + text("builtins") + text("eval") + "\x93.").find("\"eval\" of \"builtins\"") !=
        std::string::npos);
  CHECK(refusal("\x80\x02(iposix\nsystem\n.").find("operation 0x69") != std::string::npos);
  CHECK(refusal("\x80\x02\x82\x01.").find("operation 0x82") != std::string::npos);
  CHECK(refusal("\x80\x06N.").find("protocol 6") != std::string::npos);
  CHECK(refusal("cposix\nsystem\n.").find("expected a pickle of protocol 2") != std::string::npos);
}

TEST_CASE("pickle: damage is an error at its offset") {
  for (const char* program : {"",
                              "(",
                              ".",
                              "R.",
                              "N)R.",
                              "a.",
                              "NNa.",
                              "]Ns.",
                              "}(Nu.",
                              "t.",
                              "Nt.",
                              "(0.",
                              "(Q.",
                              "NQ.",
                              "h\x07.",
                              "q\x01.",
                              "b.",
                              "NNb.",
                              "X\xff\xff\xff\xff",
                              "\x8a\x08x",
                              "ctorch",
                              "\x93.",
                              "NN\x93.",
                              "ctorch\nfloat32\n)R.",
                              "ccollections\nOrderedDict\nNR.",
                              "ctorch._utils\n_rebuild_tensor_v2\n)R.",
                              "ctorch._utils\n_rebuild_parameter\n)R.",
                              "ctorch._utils\n_rebuild_tensor_v3\n(NNNNNNNtR.",
                              "((NNNNNtQ."}) {
    CAPTURE(program);
    CHECK(refusal("\x80\x02"s + program).starts_with("[open_pytorch] p, pickle, offset "));
  }
  CHECK(refusal("\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xffx").find("expected 18446744073709551615") !=
        std::string::npos);
  CHECK(refusal("\x80\x02"s + std::string(100000, '(') + ".").find("nothing on the stack") != std::string::npos);
  CHECK(refusal("\x80\x02"s + std::string(5000000, ')') + ".").find("more than 2^22 lists") != std::string::npos);
}

TEST_CASE("pickle: a few bytes make no large objects again and again") {
  CHECK(refusal("\x80\x02"s + "ctorch\ndevice\n(" + std::string(17, 'N') + "tR.").find("got 17 values") !=
        std::string::npos);
  const std::string shape(64, 1);
  const std::string made = tensor(6, 0, shape, shape);
  // The function and the arguments are kept: each call of three operations makes a tensor of 64 axes.
  const std::string kept = "q\1"s + made.substr(made.find("(("), made.size() - made.find("((") - 1) + "q\2R";
  const std::string start = "\x80\x02"s + made.substr(0, made.find("((")) + kept;
  CHECK(refusal(start + ".") == "accepted");
  CHECK(refusal(start + repeated("0h\1h\2R", 100) + ".").find("more tensors or axes") != std::string::npos);
  CHECK(refusal("\x80\x02"s + "ctorch._utils\n_rebuild_tensor_v2\n" + tensor(6, 0, std::string(65, 1), shape) + ".") !=
        "accepted");
}

TEST_CASE("pytorch: the texts of a short pickle are there as long as the file is") {
  const TestFile file;
  write_zip(file.path,
            "\x80\x02\x8c\x01"
            "a."s,
            {});
  const NamedTensors tensors = open_pytorch(file.path);
  CHECK(tensors.read_strings("tensor") == std::vector<std::string>{"a"});
}

TEST_CASE("pytorch: a storage is compared with its checksum, if torch computed one") {
  const TestFile file;
  write_zip(file.path, "\x80\x02"s + tensor(6, 0, {2, 3}, {3, 1}) + ".", kSix);
  CHECK(open_pytorch(file.path).read_floats("tensor") == kSix);
  std::string bytes = file.bytes();
  bytes[bytes.find(std::string(reinterpret_cast<const char*>(kSix.data()), 24)) + 3] ^= 1;
  file.put(bytes);
  CHECK_THROWS_WITH_AS(open_pytorch(file.path).read_floats("tensor"), doctest::Contains("\"m/data/0\" is damaged"),
                       DataError);
  // As torch.serialization.set_crc32_options(False) writes it.
  for (size_t at = bytes.find("PK\1\2"); at != std::string::npos; at = bytes.find("PK\1\2", at + 1)) {
    bytes.replace(at + 16, 4, 4, '\0');
  }
  file.put(bytes);
  CHECK(open_pytorch(file.path).read_floats("tensor")[1] == 1);
}

TEST_CASE("pytorch: names are bounded, each and together") {
  const auto one = [](const std::string& contents) { return file_refusal(legacy(contents, {})); };
  const auto key = [](uint32_t size) {
    return "X"s + std::string(reinterpret_cast<const char*>(&size), sizeof size) + std::string(size, 'k');
  };
  CHECK(one(dictionary(key(60000) + "K\1")) == "accepted");
  CHECK(one(dictionary(key(70000) + "K\1")).find("names of more than 64 KiB") != std::string::npos);
  const std::string kept = dictionary(key(60000) + "K\1") + "q\1";
  CHECK(one(kept + "0](" + repeated("h\1", 100) + "e") == "accepted");
  CHECK(one(kept + "0](" + repeated("h\1", 2000) + "e").find("64 MiB of them") != std::string::npos);
}

TEST_CASE("pytorch: views of a storage, in any strides, whole and by rows") {
  const std::string items =
      text("net") +
      dictionary(text("whole") + tensor(6, 0, {2, 3}, {3, 1}) + text("turned") + tensor(6, 0, {3, 2}, {1, 3})) + "K\7" +
      "](" + tensor(6, 4, {2}, {1}) + "NK\5e";
  const TestFile file(legacy(dictionary(items), kSix));
  const NamedTensors tensors = open_pytorch(file.path);
  REQUIRE(tensors.tensors().size() == 4);
  CHECK(tensors.read_floats("net.whole") == kSix);
  CHECK(tensors.read_floats("net.turned") == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(tensors.read_floats("7.0") == std::vector<float>{4, 5});
  CHECK(tensors.read_integers("7.2") == std::vector<int64_t>{5});
  std::vector<float> rows(4);
  tensors.read("net.turned", 1, {.data = rows.data(), .rows = 2, .width = 2, .stride = 2});
  CHECK(rows == std::vector<float>{1, 4, 2, 5});
}

TEST_CASE("pytorch: views that reach beyond their storage are refused") {
  const auto one = [](const std::string& contents) { return file_refusal(legacy(contents, kSix)); };
  CHECK(one(tensor(6, 0, {2, 3}, {3, 1})) == "accepted");
  CHECK(one(tensor(6, 1, {2, 3}, {3, 1})).find("'tensor': its storage \"0\" has 6 numbers, expected those up to 6.") !=
        std::string::npos);
  CHECK(one(tensor(6, 0, {2, 2}, {100, 1})) != "accepted");
  CHECK(one(tensor(6, 7, {}, {})) != "accepted");
  CHECK(one(tensor(6, 0, {2}, {})) != "accepted");
  CHECK(one(tensor(127, 100, {2}, {1})) != "accepted");
  CHECK(one(tensor(6, 0, {0, 5}, {5, 1})) == "accepted");
  // A shape that can't be counted, and one that repeats the storage without end.
  CHECK(one(tensor(6, 0, std::string(20, 127), std::string(20, 0))) != "accepted");
  CHECK(one(tensor(6, 0, std::string(4, 127), std::string(4, 0))).find("repeats") != std::string::npos);
}

TEST_CASE("pytorch: lists that hold themselves or each other without end are refused") {
  const auto one = [](const std::string& contents) { return file_refusal(legacy(contents, {})); };
  CHECK(one("]q\1h\1a").find("64 levels") != std::string::npos);
  std::string doubled = "](NNeq\1";
  for (int depth = 0; depth < 30; ++depth) doubled += "0](h\1h\1eq\1"s;
  CHECK(one(doubled).find("2^20 names") != std::string::npos);
  CHECK(one("](K\1K\1e") == "accepted");
  CHECK(one(dictionary("NK\1")).find("neither text nor an integer") != std::string::npos);
  CHECK(one(dictionary(text("1") + "K\1K\1K\1")).find("'1' twice") != std::string::npos);
}

TEST_CASE("pytorch: every cut and every flipped bit of a file is an error or other numbers") {
  const std::string whole = legacy(dictionary(text("a") + tensor(6, 0, {2, 3}, {3, 1})), kSix);
  CHECK(file_refusal(whole) == "accepted");
  for (size_t size = 0; size < whole.size(); ++size) CHECK(file_refusal(whole.substr(0, size)) != "accepted");
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const TestFile file(bytes);
    try {
      const NamedTensors tensors = open_pytorch(file.path);
      for (const TensorInfo& info : tensors.tensors()) {
        if (size_of(info.type) == 0) continue;
        const std::vector<float> numbers = tensors.read_floats(info.name);
        CHECK(std::ssize(numbers) == info.size());
      }
    } catch (const DataError&) {
    }
  }
}

}  // namespace weft
#endif
