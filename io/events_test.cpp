// Tests of EventWriter and EventReader together: round trips, then bytes that lie.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/crc32c.h>
#include <weft/io/events.h>

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

std::vector<Event> read_all(const std::string& path) {
  std::vector<Event> events;
  EventReader reader(path);
  for (Event event; reader.next(event);) events.push_back(event);
  return events;
}

// A file of one record.
std::string write_record(const TestDirectory& directory, std::string_view record) {
  const std::string path = directory.path + "/record";
  std::string framed;
  append_record(framed, record);
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(framed.data(), static_cast<std::streamsize>(framed.size()));
  return path;
}

std::string_view bytes_of(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

}  // namespace

TEST_CASE("event_writer: the file's name and its first event are TensorFlow's") {
  const TestDirectory directory;
  const EventWriter writer({.dir = directory.path + "/run/eval"});
  const std::string name = std::filesystem::path(writer.path()).filename().string();
  CHECK(name.starts_with("events.out.tfevents."));
  CHECK(name.substr(20).find_first_not_of("0123456789") == 10);
  const std::vector<Event> events = read_all(writer.path());
  REQUIRE(events.size() == 1);
  CHECK(events[0].file_version == "brain.Event:2");
  CHECK(events[0].wall_time > 1.6e9);
}

TEST_CASE("event_writer: two writers of one second have a file each") {
  const TestDirectory directory;
  EventWriter first({.dir = directory.path}), second({.dir = directory.path, .suffix = ".eval"});
  EventWriter third({.dir = directory.path});
  CHECK(first.path() != third.path());
  CHECK(second.path().ends_with(".eval"));
  third.scalar("loss", 1, 0.5);
  third.close();
  CHECK(read_all(third.path()).size() == 2);
  CHECK(read_all(first.path()).size() == 1);
}

TEST_CASE("event_writer: scalars come back, several in one event") {
  const TestDirectory directory;
  EventWriter writer({.dir = directory.path});
  writer.session_start(3);
  writer.scalar("loss", 7, 0.25);
  const EventWriter::Scalar scalars[] = {{"auc", 0.75}, {"label/mean", std::nan("")}};
  writer.scalars(int64_t{1} << 40, scalars);
  writer.close();
  const std::vector<Event> events = read_all(writer.path());
  REQUIRE(events.size() == 4);
  CHECK(events[1].session_start);
  CHECK(events[1].step == 3);
  CHECK_FALSE(events[2].session_start);
  CHECK(events[2].values[0].tag == "loss");
  CHECK(events[2].values[0].scalar == 0.25f);
  CHECK(events[3].step == int64_t{1} << 40);
  CHECK(events[3].values[0].scalar == 0.75f);
  CHECK(std::isnan(events[3].values[1].scalar.value()));
}

TEST_CASE("event_writer: histograms, curves and texts come back") {
  const TestDirectory directory;
  EventWriter writer({.dir = directory.path});
  writer.histogram("weights", 1, std::vector<float>{-1.0f, 0.5f, 0.5f});
  writer.pr_curve("pr", 2, {{4, 2}, {6, 1}, {0, 5}, {0, 2}});
  writer.text("notes", 3, "# run\t1");
  writer.close();
  const std::vector<Event> events = read_all(writer.path());
  REQUIRE(events.size() == 4);
  const SummaryHistogram& histogram = events[1].values[0].histogram.value();
  CHECK(histogram.min == -1.0);
  CHECK(histogram.num == 3.0);
  CHECK(histogram.counts == std::vector<double>{0, 1, 0, 2});
  CHECK(histogram.limits.size() == 4);
  CHECK(events[2].values[0].plugin == "pr_curves");
  CHECK(events[2].values[0].shape == std::vector<int64_t>{6, 2});
  CHECK(events[2].values[0].floats ==
        std::vector<float>{4, 2, 6, 1, 0, 5, 0, 2, 0.4f, static_cast<float>(2.0 / 3), 1, 0.5f});
  CHECK(events[3].values[0].plugin == "text");
  CHECK(events[3].values[0].strings == std::vector<std::string>{"# run\t1"});
}

TEST_CASE("event_writer: a scalar's bytes are those that TensorFlow writes") {
  // Event(wall_time=w, step=300, summary=Summary(value=[Value(tag="a", simple_value=1.5)])).SerializeToString() of
  // TensorFlow 2.15, after the nine bytes of the time.
  const TestDirectory directory;
  EventWriter writer({.dir = directory.path});
  writer.scalar("a", 300, 1.5);
  writer.close();
  const unsigned char expected[] = {0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a,
                                    0x01, 0x61, 0x15, 0x00, 0x00, 0xc0, 0x3f};
  RecordReader reader(writer.path());
  std::string_view record;
  REQUIRE(reader.read(record));
  REQUIRE(reader.read(record));
  CHECK(record[0] == 0x09);
  CHECK(record.substr(9) == bytes_of(expected));
}

TEST_CASE("event_writer: a reader sees what was flushed while the file is written") {
  const TestDirectory directory;
  EventWriter slow({.dir = directory.path, .flush_secs = 1e9}), quick({.dir = directory.path, .flush_secs = 0.0});
  slow.scalar("loss", 1, 1.0);
  quick.scalar("loss", 1, 1.0);
  CHECK(read_all(slow.path()).size() == 1);
  CHECK(read_all(quick.path()).size() == 2);
  EventReader reader(slow.path());
  Event event;
  CHECK(reader.next(event));
  CHECK_FALSE(reader.next(event));
  slow.flush();
  CHECK(read_all(slow.path()).size() == 2);
}

TEST_CASE("event_writer: what can't be written is an error") {
  const TestDirectory directory;
  EventWriter writer({.dir = directory.path});
  CHECK_THROWS_AS(writer.scalar("", 1, 1.0), ValueError);
  CHECK_THROWS_AS(writer.pr_curve("pr", 1, {{1, 1}, {1, 1}, {1, 1}, {1}}), ValueError);
  CHECK_THROWS_AS(writer.histogram("h", 1, std::vector<float>{std::nanf("")}), ValueError);
  writer.close();
  CHECK_THROWS_AS(writer.scalar("loss", 1, 1.0), ValueError);
  CHECK(read_all(writer.path()).size() == 1);
  CHECK_THROWS_AS(EventWriter({.dir = writer.path() + "/below_a_file"}), IoError);
}

TEST_CASE("event_reader: an event that TensorFlow 2 wrote") {
  // tf.summary.scalar("s", 2.5, step=3) of 2.15: a tensor for the plugin "scalars" with its content in field 4.
  const unsigned char record[] = {0x10, 0x03, 0x2a, 0x1e, 0x0a, 0x1c, 0x0a, 0x01, 0x73, 0x42, 0x0a, 0x08,
                                  0x01, 0x12, 0x00, 0x22, 0x04, 0x00, 0x00, 0x20, 0x40, 0x4a, 0x0b, 0x0a,
                                  0x09, 0x0a, 0x07, 0x73, 0x63, 0x61, 0x6c, 0x61, 0x72, 0x73};
  const TestDirectory directory;
  EventReader reader(write_record(directory, bytes_of(record)));
  Event event;
  REQUIRE(reader.next(event));
  CHECK(event.step == 3);
  REQUIRE(event.values.size() == 1);
  CHECK(event.values[0].plugin == "scalars");
  CHECK(event.values[0].floats == std::vector<float>{2.5f});
  CHECK(event.values[0].shape.empty());
}

TEST_CASE("event_reader: damaged bytes are an error or another event, never worse") {
  const TestDirectory directory;
  EventWriter writer({.dir = directory.path});
  writer.histogram("weights", 1, std::vector<float>{-1.0f, 0.5f, 0.5f});
  writer.pr_curve("pr", 2, {{4, 2}, {6, 1}, {0, 5}, {0, 2}});
  writer.text("notes", 3, "text");
  writer.close();
  std::mt19937 random(1);
  int refused = 0;
  RecordReader records(writer.path());
  for (std::string_view record; records.read(record);) {
    for (size_t length = 0; length < record.size(); ++length) {
      try {
        read_all(write_record(directory, record.substr(0, length)));
      } catch (const DataError&) {
        ++refused;
      }
      std::string changed(record);
      for (int n = 0; n < 3; ++n) changed[random() % changed.size()] = static_cast<char>(random());
      try {
        read_all(write_record(directory, changed));
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("event_reader: a file that is cut or is none is a DataError, one that isn't there an IoError") {
  const TestDirectory directory;
  EventWriter writer({.dir = directory.path});
  writer.scalar("loss", 1, 1.0);
  writer.close();
  std::filesystem::resize_file(writer.path(), std::filesystem::file_size(writer.path()) - 1);
  CHECK_THROWS_AS(read_all(writer.path()), DataError);
  CHECK_THROWS_WITH_AS(read_all(write_record(directory, "\x0a\x05")),
                       doctest::Contains("record 0 is no event: got 2 bytes"), DataError);
  CHECK_THROWS_AS(EventReader(directory.path + "/none"), IoError);
}

}  // namespace weft
#endif
