#pragma once
/// Where many documents come from, read one at a time: a folder of pictures, or a manifest.
///
///   folder   every .png, .jpg and .jpeg below it; the caption of name.png is name.txt beside it, if there is one; the
///            id is the path inside the folder
///   .jsonl   an object a line: picture (a path, relative to the manifest), caption, id, tags (an array), source, licence;
///            a picture or a caption at least. file_name, image, text and license are understood, too
///   .csv     the same names in the first line (RFC 4180 quoting); tags are separated by ;
#include "retrieval/memory/document.h"

#include <functional>
#include <memory>

namespace atelier::retrieval {

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  /// Documents in all, those that cannot be read included.
  virtual int64_t total() const = 0;
  /// The next document, pictures not yet read. @return false behind the last
  /// @throws InvalidFile for one that cannot be used; next() goes on with what comes after it
  virtual bool next(NewDocument& document) = 0;
};

/// @throws InvalidFile if there is nothing at the path, a manifest that cannot be read, a CSV without a usable head;
///         InvalidArgument for a file that is neither .jsonl nor .csv
std::unique_ptr<DocumentSource> open_source(const std::filesystem::path& path);

}  // namespace atelier::retrieval
