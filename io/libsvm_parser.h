// LibsvmParser: lines of libsvm and libffm text become features and labels.
#pragma once
#include <weft/io/dataset.h>
#include <weft/io/record_batches.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// What both formats are to the parser.
struct LibsvmFormat {
  /// Keys of the indices and of the values.
  struct Field {
    std::string key;
    std::string weight_key;
  };
  std::vector<Field> fields;  ///< libsvm: one
  bool has_fields = false;    ///< libffm: a field before every index
  int64_t first_index = 0;    ///< the index of id 0
  bool signed_labels = false;
  DataType label_type = DataType::float32;
  std::string qid_key = {};
  std::string where = {};  ///< "read_libsvm"
};

/// Parses batches of lines. Const, so that several threads may use one parser on different outputs.
class LibsvmParser {
 public:
  /// Throws ValueError for a format that can't be.
  explicit LibsvmParser(LibsvmFormat format);
  /// `files` name the records' files in errors. Throws DataError.
  void parse(DrawnRecords& drawn, std::span<const std::string> files, Batch& out) const;

 private:
  class Lines;
  LibsvmFormat format_;
};

}  // namespace weft
