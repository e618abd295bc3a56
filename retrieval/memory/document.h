#pragma once
/// A document of the memory: a picture, a caption, or both, and where it comes from.
#include "retrieval/retriever.h"

#include <filesystem>
#include <string>
#include <vector>

namespace atelier::retrieval {

/// As it lies in a memory.
struct Document {
  int64_t row = -1;  // of its vector, its number for life
  std::string id;
  std::string caption;  // empty: none
  std::vector<std::string> tags;
  std::string source, licence;
  int64_t width = 0, height = 0;  // of the picture; 0: none

  bool has_picture() const { return width > 0; }
  Content content() const { return !has_picture() ? Content::caption : caption.empty() ? Content::picture : Content::both; }
};

/// As it comes from outside.
struct NewDocument {
  std::string id;  // empty: made of its content
  std::string caption;
  std::vector<std::string> tags;
  std::string source, licence;
  std::filesystem::path picture;  // PNG or JPEG; empty: none, or picture_bytes already holds it
  std::string picture_bytes;
  std::string where;  // for messages: a path, "manifest.jsonl line 7"; empty: the picture's path or the id
};

/// Checked, decoded and hashed: all that can be wrong with a document has been found before a memory sees it.
struct PreparedDocument {
  Document document;
  vision::Image picture;     // what the embedder sees: at most 2 megapixels
  std::string thumbnail;     // PNG or JPEG, whichever is smaller
  std::string content_hash;  // SHA-256 of the pixels, or of the caption if there is no picture: the same one is one document
  std::string file_hash;     // SHA-256 of the picture's file: a known file is not decoded again
};

/// What a field may hold, in bytes; all text is UTF-8 without control characters other than tab and line end.
struct DocumentLimits {
  static constexpr size_t id = 512, caption = 16384, tag = 128, tags = 64, source = 2048, licence = 2048;
};

/// Fills picture_bytes from `picture`, unless they are there. @throws InvalidFile
void read_picture(NewDocument& document);

/// @param thumbnail_size  pixels that the longer side of the thumbnail has at most
/// @throws InvalidFile for a broken, oversized or empty picture; InvalidArgument for text that is not UTF-8 or too long
PreparedDocument prepare(NewDocument document, int64_t thumbnail_size);

/// The picture as the embedder sees it, in documents and in queries alike: RGB of at most 2 megapixels.
vision::Image working_picture(const vision::Image& picture);

}  // namespace atelier::retrieval
