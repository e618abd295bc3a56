#include "base/error.h"
#include "base/random.h"
#include "fusion/train/fusion_trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace atelier::fusion {
namespace {

constexpr uint64_t kChoice = 1, kNoise = 2, kTime = 3;  // streams of random draws

struct Text {
  std::vector<int32_t> tokens;
  std::vector<float> weight;  // of predicting each

  void add(int32_t token, float w) {
    tokens.push_back(token);
    weight.push_back(w);
  }
  void add(const std::vector<int32_t>& words, float w) {
    for (const int32_t word : words) add(word, w);
  }
};

/// One sequence, before it is laid out with others.
struct Sequence {
  int64_t picture = 0;
  std::vector<std::pair<Text, int64_t>> documents;  // caption, row of the picture
  Text before, after;
};

/// A run of sequences of one layout.
struct Group {
  int64_t count;
  enum class Kind { caption_first, picture_first, infill } kind;
  int64_t documents;
};

/// RA-CM3's K and Transfusion's order of caption and picture, as runs of sequences whose segments fit together. Where
/// captions come first every K has its share of each batch, so that the loss of one is as steady as that of another.
std::vector<Group> groups_of(const FusionTrainConfig& config, base::Random& random) {
  const auto share = [&](double part) { return std::llround(part * static_cast<double>(config.batch)); };
  const int64_t picture_first = share(config.picture_first), infill = share(config.infill);
  const int64_t rest = config.batch - picture_first - infill - share(config.questions), kinds = config.documents + 1;
  const auto any = [&] { return config.documents == 0 ? 0 : random.below(kinds); };
  std::vector<Group> groups = {{picture_first, Group::Kind::picture_first, any()}, {infill, Group::Kind::infill, any()}};
  for (int64_t k = 0; k < kinds; ++k) groups.push_back({rest * (k + 1) / kinds - rest * k / kinds, Group::Kind::caption_first, k});
  std::erase_if(groups, [](const Group& group) { return group.count == 0; });
  return groups;
}

/// "a red apple" -> "a <mask:0> apple" and, behind the picture, "<mask:0> red <eos>".
void mask_spans(const std::vector<int32_t>& caption, const ControlIds& ids, float weight, base::Random& random, Text& before, Text& after) {
  const std::vector<text::Span> spans = text::draw_spans(static_cast<int64_t>(caption.size()), {}, random);
  const text::Rotated rotated = text::rotate_spans(caption, spans, ids.spans);
  size_t in_place = caption.size() + spans.size();
  for (const text::Span& span : spans) in_place -= static_cast<size_t>(span.end - span.begin);
  for (size_t i = 0; i < rotated.tokens.size(); ++i)
    i < in_place ? before.add(rotated.tokens[i], weight * rotated.loss_weight[i]) : after.add(rotated.tokens[i], rotated.loss_weight[i]);
}

/// The sequence of one picture.
Sequence make_sequence(const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids, const Group& group, int64_t picture,
                       double caption_drop, base::Random& random) {
  const auto caption_of = [&](int64_t row) {
    auto caption = pack.caption(row, random);
    if (static_cast<int64_t>(caption.size()) > config.max_caption_tokens) caption.resize(config.max_caption_tokens);
    return caption;
  };
  Sequence s;
  s.picture = picture;
  const auto caption = caption_of(s.picture);
  const bool dropped = random.chance(caption_drop);
  for (const int64_t row : pack.documents(s.picture, group.documents, random)) {
    // What stands before the first picture depends on nothing that is trained.
    const bool first = s.documents.empty();
    Text text;
    if (!first) text.add(ids.eoi, 0);
    text.add(ids.bos, 0);
    text.add(caption_of(row), first ? 0 : static_cast<float>(config.document_weight));
    text.add(ids.boi, 0);
    s.documents.emplace_back(std::move(text), row);
  }
  if (!s.documents.empty()) s.before.add(ids.eoi, 0);
  s.before.add(ids.bos, 0);
  const float weight = s.documents.empty() ? 0 : 1;
  switch (group.kind) {
    case Group::Kind::caption_first:
      if (!dropped) s.before.add(caption, weight);
      break;
    case Group::Kind::picture_first:
      s.after.add(ids.eoi, 0);
      s.after.add(caption, 1);
      s.after.add(ids.eos, 1);
      break;
    case Group::Kind::infill:
      s.after.add(ids.eoi, 0);
      mask_spans(caption, ids, weight, random, s.before, s.after);
      break;
  }
  s.before.add(ids.boi, 0);  // never predicted from: what follows is a picture
  return s;
}

TextRows rectangular(const std::vector<const Text*>& texts, int32_t pad) {
  size_t length = 1;
  for (const Text* text : texts) length = std::max(length, text->tokens.size());
  const auto n = static_cast<int64_t>(texts.size()), columns = static_cast<int64_t>(length);
  TextRows rows = {at::full({n, columns}, static_cast<int64_t>(pad), at::kLong), at::empty({n}, at::kLong), at::zeros({n, columns}, at::kFloat)};
  for (int64_t i = 0; i < n; ++i) {
    const Text& text = *texts[i];
    std::copy(text.tokens.begin(), text.tokens.end(), rows.ids.data_ptr<int64_t>() + i * columns);
    std::copy(text.weight.begin(), text.weight.end(), rows.weight.data_ptr<float>() + i * columns);
    rows.lengths.data_ptr<int64_t>()[i] = static_cast<int64_t>(text.tokens.size());
  }
  return rows;
}

FusionPart lay_out(const Pack& pack, const std::vector<Sequence>& sequences, const ControlIds& ids) {
  FusionPart part;
  const auto texts = [&](auto&& choose) {
    std::vector<const Text*> result;
    for (const Sequence& s : sequences) result.push_back(&choose(s));
    return rectangular(result, ids.pad);
  };
  const auto pictures = [&](auto&& choose) {
    std::vector<int64_t> rows;
    for (const Sequence& s : sequences) rows.push_back(choose(s));
    return pack.latents(rows);
  };
  for (size_t k = 0; k < sequences.front().documents.size(); ++k)
    part.documents.push_back({texts([&](const Sequence& s) -> const Text& { return s.documents[k].first; }),
                              pictures([&](const Sequence& s) { return s.documents[k].second; })});
  part.before = texts([](const Sequence& s) -> const Text& { return s.before; });
  part.latents = pictures([](const Sequence& s) { return s.picture; });
  if (!sequences.front().after.tokens.empty()) part.after.push_back(texts([](const Sequence& s) -> const Text& { return s.after; }));
  return part;
}

/// Pictures with a question before them and, each behind it by itself, the caption that tells what it needs and the answer;
/// or with no question and any caption. Only read, as clean as they will be when somebody asks. Those with captions of about
/// one length make a part, as what pads the others is computed, too.
std::vector<FusionPart> question_parts(const QuestionPack& pack, const FusionTrainConfig& config, const ControlIds& ids,
                                       const base::Ranks& ranks, base::Random& random, double& language_weight) {
  constexpr int64_t kLengths = 3;
  struct Asked {
    int64_t row;
    Text before;
    std::array<Text, 2> after;  // caption, answer; <eoi> alone where there is none
  };
  std::vector<Asked> all;
  for (int64_t i = std::llround(config.questions * static_cast<double>(config.batch)); i > 0; --i) {
    Asked& a = all.emplace_back(Asked{random.below(pack.size()), {}, {}});
    const PackedQuestion asked = pack.question(a.row, random);
    a.before.add(understanding_layout(asked.question, Reply::caption, ids.understanding()).before, 0);
    for (const Reply kind : {Reply::caption, Reply::answer}) {
      const std::vector<int32_t>& words = kind == Reply::caption ? asked.caption : asked.answer;
      Text& reply = a.after[kind == Reply::caption ? 0 : 1];
      if (words.empty() || (kind == Reply::answer && asked.question.empty())) {
        reply.add(ids.eoi, 0);
        continue;
      }
      reply.add(understanding_layout(asked.question, kind, ids.understanding()).after, 0);
      reply.add(words, 1);
      reply.add(ids.eos, 1);
      language_weight += static_cast<double>(words.size() + 1);
    }
  }
  const auto [first, last] = ranks.share(static_cast<int64_t>(all.size()));
  const std::span<Asked> mine(all.begin() + first, all.begin() + last);
  std::stable_sort(mine.begin(), mine.end(), [](const Asked& a, const Asked& b) { return a.after[0].tokens.size() < b.after[0].tokens.size(); });

  std::vector<FusionPart> parts;
  for (int64_t k = 0; k < kLengths; ++k) {
    const auto count = static_cast<int64_t>(mine.size());
    const std::span<const Asked> some = mine.subspan(count * k / kLengths, count * (k + 1) / kLengths - count * k / kLengths);
    if (some.empty()) continue;
    const auto texts = [&](auto&& choose) {
      std::vector<const Text*> result;
      for (const Asked& a : some) result.push_back(&choose(a));
      return rectangular(result, ids.pad);
    };
    FusionPart& part = parts.emplace_back();
    std::vector<int64_t> rows;
    for (const Asked& a : some) rows.push_back(a.row);
    part.before = texts([](const Asked& a) -> const Text& { return a.before; });
    part.latents = pack.latents(rows);
    for (const size_t reply : {0, 1}) {
      TextRows after = texts([&](const Asked& a) -> const Text& { return a.after[reply]; });
      if (after.weight.any().item<bool>()) part.after.push_back(std::move(after));
    }
  }
  return parts;
}

}  // namespace

FusionPart validation_part(const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids, const std::vector<int64_t>& rows,
                           int64_t documents, base::Random& random) {
  std::vector<Sequence> sequences;
  for (const int64_t row : rows)
    sequences.push_back(make_sequence(pack, config, ids, {1, Group::Kind::caption_first, documents}, row, 0, random));
  return lay_out(pack, sequences, ids);
}

FusionBatch make_batch(const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids, int64_t step,
                       const base::Ranks& ranks, const QuestionPack* questions) {
  const auto seed = static_cast<uint64_t>(config.seed), key = static_cast<uint64_t>(step);
  base::Random random(seed, kChoice, key);
  const Prediction prediction = prediction_named(config.model.prediction);
  at::Generator noise = base::generator(seed, kNoise, key), times = base::generator(seed, kTime, key);

  FusionBatch batch;
  batch.pictures = config.batch;
  for (const Group& group : groups_of(config, random)) {
    // All ranks draw the whole batch and keep their share of it.
    std::vector<Sequence> sequences;
    for (int64_t i = 0; i < group.count; ++i) {
      const int64_t picture = pack.draw(random);
      sequences.push_back(make_sequence(pack, config, ids, group, picture, config.caption_drop, random));
    }
    for (const Sequence& s : sequences) {
      for (const auto& document : s.documents)
        for (const float w : document.first.weight) batch.language_weight += w;
      for (const Text* text : {&s.before, &s.after})
        for (const float w : text->weight) batch.language_weight += w;
    }
    std::vector<int64_t> shape = pack.latent_shape();
    shape.insert(shape.begin(), group.count);
    const Tensor epsilon = at::randn(shape, noise, at::kFloat);
    // Transfusion 1.2: where text follows the picture at most half of it is noise, or there were nothing to describe.
    const double limit = group.kind == Group::Kind::caption_first ? kTrainTimesteps : kTrainTimesteps / 2;
    const Tensor time = draw_times(prediction, group.count, limit, times);

    const auto [first, last] = ranks.share(group.count);
    if (first == last) continue;
    FusionPart part = lay_out(pack, {sequences.begin() + first, sequences.begin() + last}, ids);
    if (config.lambda > 0 || group.kind == Group::Kind::caption_first) {
      part.epsilon = epsilon.narrow(0, first, last - first);
      part.time = time.narrow(0, first, last - first);
    }
    batch.parts.push_back(std::move(part));
  }
  if (config.questions > 0) {
    ASSERT(questions);
    for (FusionPart& part : question_parts(*questions, config, ids, ranks, random, batch.language_weight)) batch.parts.push_back(std::move(part));
  }
  return batch;
}

}  // namespace atelier::fusion
