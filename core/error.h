// The errors weft throws: one base, three kinds, one form of text.
#pragma once
#include <stdexcept>
#include <string>

namespace weft {

/// Base of everything weft throws. Text: `[where] what is wrong: got X, expected Y. Do Z.`
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument is wrong: an option, a shape, a column, a feature handed in.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Bytes that were read are wrong: the text names the path and, where there is one, the record number and offset.
class DataError : public Error {
 public:
  using Error::Error;
};

/// The system said no: the text names the path and the system's reason.
class IoError : public Error {
 public:
  using Error::Error;
};

}  // namespace weft
