#pragma once
/// Which documents stand before a prompt: the rules of RA-CM3 (Yasunaga et al. 2023, 3.2), on tensors alone.
///
///   document vector   normalised mean of the normalised text vector and the normalised picture vector
///   relevance         inner product of query and document; the ranked list is walked from the top
///   modality          only documents that have both a caption and a picture
///   diversity         none that is more than 0.9 similar to the query or to a document already chosen
///   query dropout     in training 20 % of the query's tokens are left out, and the query is the caption or the picture
///                     of the training document, never both; the document itself is never retrieved
///
/// retrieval/memory walks its own index by the same Selection.
#include "base/random.h"
#include "retrieval/embedder.h"

#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace atelier::retrieval {

/// What a document is made of.
enum class Content { caption, picture, both };

struct SelectionRules {
  int64_t count = 2;            // K, the documents to choose; RA-CM3 draws it from {0, 1, 2} in training and uses 2
  double redundancy = 0.9;      // a similarity above it is a repetition
  bool both_modalities = true;  // only documents with a caption and a picture
};

inline constexpr double kQueryDropout = 0.2;

/// @param texts, pictures  (batch, d) each, or one of them undefined
/// @return (batch, d) of length 1: each row's normalised mean of what it has
/// @throws InvalidArgument if neither is defined or a vector holds what is no number
Tensor mixed_modal(const Tensor& texts, const Tensor& pictures);

/// One walk down a ranked list: candidates are offered in order of falling similarity until it is full.
class Selection {
 public:
  explicit Selection(const SelectionRules& rules) : rules_(rules) {}
  bool full() const { return static_cast<int64_t>(chosen_.size()) >= rules_.count; }
  /// @param similarity  inner product of candidate and query
  /// @param vector      (d) of length 1
  /// @return true if the candidate is chosen
  bool offer(float similarity, Content content, std::span<const float> vector);

 private:
  SelectionRules rules_;
  std::vector<std::vector<float>> chosen_;
};

struct Pick {
  int64_t document = 0;  // its row
  float similarity = 0;
};

/// Exact retrieval among vectors held in RAM: what training uses, where every picture is a query.
class Retriever {
 public:
  /// @param documents  (documents, d), each of length 1
  /// @param contents   one a document
  Retriever(const Tensor& documents, std::vector<Content> contents);

  /// @param queries  (queries, d), each of length 1; some hundred at once are fastest
  /// @param never    for each query a document that is not to be chosen, such as the one in training; -1: none
  /// @param walked   documents of the ranked list that are looked at, at most
  /// @return for each query at most rules.count, by falling similarity
  std::vector<std::vector<Pick>> retrieve(const Tensor& queries, const SelectionRules& rules, std::span<const int64_t> never,
                                          int64_t walked = std::numeric_limits<int64_t>::max()) const;

 private:
  Tensor documents_;
  std::vector<Content> contents_;
};

/// Leaves out each word with this probability; one at least stays. White space between the rest becomes one blank.
std::string drop_words(std::string_view text, double share, base::Random& random);

/// Paints each of grid x grid parts of the picture grey with this probability: the patches are a picture's tokens.
vision::Image drop_patches(const vision::Image& picture, int64_t grid, double share, base::Random& random);

/// The query of one training document, with query dropout: one of its captions or, as likely, the picture, of which the
/// parts of an 8 x 8 grid are the tokens, as CLIP and the generator see it.
/// @param captions  at least one
std::variant<std::string, vision::Image> training_query(std::span<const std::string> captions, const vision::Image& picture,
                                                        base::Random& random);

}  // namespace atelier::retrieval
