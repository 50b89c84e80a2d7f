// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A strict parser for the one Python dictionary that stands in front of the
// elements of an array file.

#include "pdq/Support/Files/Npy.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/SwapByteOrder.h"
#include <limits>

using namespace llvm;
using namespace mlir::pdq;

/// NumPy's own limit.
static constexpr size_t kMaxRank = 64;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

namespace {
/// Recursive descent over the header text. The first error stays in `message`,
/// and everything after it fails.
class DictionaryParser {
public:
  DictionaryParser(StringRef text, NpyHeader &header)
      : text(text), rest(text), header(header) {}

  /// dictionary ::= `{` (entry (`,` entry)* `,`?)? `}` blank*
  bool parse() {
    if (!expect('{'))
      return false;
    while (!consume('}')) {
      if (!parseEntry())
        return false;
      if (!consume(',') && !peek('}'))
        return fail("expected ',' or '}'");
    }
    if (!rest.trim(" \t\n\r").empty())
      return fail("expected nothing after the dictionary");
    if (!hasType || !hasOrder || !hasShape)
      return fail("needs the keys 'descr', 'fortran_order' and 'shape'");
    return true;
  }

  std::string message;

private:
  bool fail(const Twine &what) {
    size_t column = text.size() - rest.size();
    message = ("header: " + what + " at character " + Twine(column)).str();
    return false;
  }
  void skipBlanks() { rest = rest.ltrim(" \t\n\r"); }
  bool peek(char c) {
    skipBlanks();
    return rest.starts_with(StringRef(&c, 1));
  }
  bool consume(char c) {
    skipBlanks();
    return rest.consume_front(StringRef(&c, 1));
  }
  bool expect(char c) {
    return consume(c) || fail("expected '" + Twine(c) + "'");
  }

  /// entry ::= string `:` value, each key once.
  bool parseEntry() {
    StringRef key;
    if (!parseString(key) || !expect(':'))
      return false;
    bool *seen = key == "descr"           ? &hasType
                 : key == "fortran_order" ? &hasOrder
                 : key == "shape"         ? &hasShape
                                          : nullptr;
    if (!seen)
      return fail("unknown key '" + printable(key) + "'");
    if (*seen)
      return fail("key '" + key + "' stands twice");
    *seen = true;
    return seen == &hasType    ? parseType()
           : seen == &hasOrder ? parseBool(header.isFortranOrder)
                               : parseShape();
  }

  /// A string in either kind of quotes, without escapes.
  bool parseString(StringRef &value) {
    skipBlanks();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      return fail("expected a string");
    size_t end = rest.find(rest[0], 1);
    if (end == StringRef::npos)
      return fail("string has no end");
    value = rest.slice(1, end);
    rest = rest.drop_front(end + 1);
    return true;
  }

  bool parseBool(bool &value) {
    skipBlanks();
    if (rest.consume_front("True"))
      value = true;
    else if (rest.consume_front("False"))
      value = false;
    else
      return fail("expected True or False");
    return true;
  }

  /// type ::= `'` [<>=|] (f4|f8|u1|i1|i4|i8|b1) `'`
  bool parseType() {
    if (peek('['))
      return fail("structured element types are not supported");
    StringRef descr;
    if (!parseString(descr))
      return false;
    auto type =
        StringSwitch<std::optional<ElementType>, std::optional<ElementType>>(
            descr.drop_front(descr.empty() ? 0 : 1))
            .Case("f4", ElementType::F32)
            .Case("f8", ElementType::F64)
            .Case("u1", ElementType::U8)
            .Case("i1", ElementType::I8)
            .Case("i4", ElementType::I32)
            .Case("i8", ElementType::I64)
            .Case("b1", ElementType::I1)
            .Default(std::nullopt);
    if (!type || !StringRef("<>=|").contains(descr[0]))
      return fail("element type '" + printable(descr) +
                  "' is not supported, expected f4, f8, u1, i1, i4, i8 or b1");
    header.type = *type;
    if (getByteSize(*type) == 1)
      return true;
    if (descr[0] == '|')
      return fail("element type '" + descr + "' has no byte order");
    header.isSwapped = descr[0] == (sys::IsLittleEndianHost ? '>' : '<');
    return true;
  }

  /// shape ::= `(` (size `,`)* size? `)`, where one size needs its comma.
  bool parseShape() {
    if (!expect('('))
      return false;
    bool hasComma = true;
    while (!consume(')')) {
      if (!hasComma)
        return fail("expected ',' or ')'");
      if (header.shape.size() == kMaxRank)
        return fail("more than " + Twine(kMaxRank) + " dimensions");
      if (!parseSize())
        return false;
      hasComma = consume(',');
    }
    if (header.shape.size() == 1 && !hasComma)
      return fail("expected ',' after the only size");
    return true;
  }

  bool parseSize() {
    skipBlanks();
    StringRef digits = rest.take_while(isDigit);
    int64_t size;
    if (digits.empty())
      return fail("expected a size of 0 or more");
    if (digits.getAsInteger(10, size))
      return fail("size " + digits.take_front(32) + " is too large");
    rest = rest.drop_front(digits.size());
    rest.consume_front("L"); // Python 2 wrote long integers so.
    header.shape.push_back(size);
    return true;
  }

  /// The start of a string from the file, fit for a terminal.
  static std::string printable(StringRef value) {
    std::string result;
    raw_string_ostream stream(result);
    printEscapedString(value.take_front(32), stream);
    return result;
  }

  StringRef text, rest;
  NpyHeader &header;
  bool hasType = false, hasOrder = false, hasShape = false;
};
} // namespace

/// Splits off magic string, version and length; gives the header's text.
static Expected<StringRef> takeHeaderText(StringRef contents) {
  StringRef rest = contents;
  if (!rest.consume_front("\x93NUMPY"))
    return makeError("not an array file: it does not start with \\x93NUMPY");
  if (rest.size() < 2)
    return makeError("ends in the version");
  unsigned major = static_cast<uint8_t>(rest[0]);
  unsigned minor = static_cast<uint8_t>(rest[1]);
  if (major < 1 || major > 3 || minor != 0)
    return makeError("version " + Twine(major) + "." + Twine(minor) +
                     " is unknown, expected 1.0, 2.0 or 3.0");
  rest = rest.drop_front(2);
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (rest.size() < lengthBytes)
    return makeError("ends in the length of the header");
  uint32_t length = major == 1 ? support::endian::read16le(rest.data())
                               : support::endian::read32le(rest.data());
  rest = rest.drop_front(lengthBytes);
  if (rest.size() < length)
    return makeError("header has " + Twine(rest.size()) + " bytes, expected " +
                     Twine(length));
  return rest.take_front(length);
}

Expected<NpyHeader> mlir::pdq::parseNpyHeader(StringRef contents) {
  Expected<StringRef> text = takeHeaderText(contents);
  if (!text)
    return text.takeError();
  NpyHeader header;
  DictionaryParser parser(*text, header);
  if (!parser.parse())
    return makeError(parser.message);
  header.dataOffset = text->end() - contents.begin();
  std::optional<size_t> expected =
      getCheckedByteSize(header.shape, header.type);
  if (!expected)
    return makeError("the size of the array overflows");
  size_t found = contents.size() - header.dataOffset;
  if (found != *expected)
    return makeError("has " + Twine(found) + " bytes of data, expected " +
                     Twine(*expected));
  return header;
}
