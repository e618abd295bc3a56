#include "promptcap/captioner.h"

#include "base/error.h"
#include "text/client/language_model.h"

#include <cmath>

namespace atelier::promptcap {
namespace {

constexpr std::string_view kGeneric = "what does the image describe?";
constexpr std::string_view kAccording = "please describe this image according to the given question: ";
constexpr size_t kMostPictures = 8, kMostDocuments = 8, kQuestionTokens = 128, kDocumentTokens = 48;

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

}  // namespace

std::string question_of(const std::string& prompt) {
  if (prompt == kGeneric) return {};
  return prompt.starts_with(kAccording) ? prompt.substr(kAccording.size()) : prompt;
}

Captioner::Captioner(const fusion::Pipeline& pipeline)
    : pipeline_(pipeline), symbols_(fusion::UnderstandingSymbols::of(pipeline.tokenizer())), describer_(Describer::of(pipeline.folder())) {
  const text::Tokenizer& tokenizer = pipeline.tokenizer();
  words_ = at::zeros({pipeline.model().text().config().vocab_size}, at::kBool);
  for (text::TokenId id = 0; id < tokenizer.size(); ++id) words_.data_ptr<bool>()[id] = !tokenizer.is_special(id) || id == symbols_.eos;
}

std::vector<int32_t> Captioner::check(Pictures pictures, const std::string& question) const {
  REQUIRE(!pictures.empty() && pictures.size() <= kMostPictures, "a question can be about 1 to {} pictures, not {}", kMostPictures, pictures.size());
  std::vector<int32_t> asked = pipeline_.tokenizer().encode(question);
  REQUIRE(asked.size() <= kQuestionTokens, "the question is {} tokens long; at most {} fit", asked.size(), kQuestionTokens);
  return asked;
}

Said Captioner::describe(Pictures pictures, const std::string& question) const {
  check(pictures, question);
  Said said = {{}, 0, 0};
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto [text, log_probability] = describer_->describe(describer_->look(pictures[i]), question);
    said.text += pictures.size() == 1 ? text : fmt::format("{}picture {}: {}", i > 0 ? ". " : "", i + 1, text);
    said.log_probability += log_probability;
  }
  said.tokens = static_cast<int64_t>(pipeline_.tokenizer().encode(said.text).size());
  return said;
}

Captioner::Read Captioner::read(Pictures pictures, const std::string& question, fusion::Reply reply, const Documents& documents) const {
  const std::vector<int32_t> asked = check(pictures, question);
  REQUIRE(documents.size() <= kMostDocuments, "at most {} documents fit before a picture, not {}", kMostDocuments, documents.size());
  std::vector<Tensor> latents;
  for (const vision::Image& picture : pictures) latents.push_back(pipeline_.encode(picture));
  std::vector<fusion::ContextDocument> before;
  for (const Document& document : documents) {
    auto caption = pipeline_.tokenizer().encode(document.caption);
    if (caption.size() > kDocumentTokens) caption.resize(kDocumentTokens);
    before.push_back({std::move(caption), document.latents});
  }
  fusion::UnderstandingLayout layout = fusion::understanding_layout(asked, reply, symbols_);
  fusion::Context context = fusion::read_pictures(pipeline_.model(), layout, latents, before, symbols_);
  return {std::move(context), std::move(layout.after)};
}

Said Captioner::say(const Read& read, const CaptionOptions& options) const {
  REQUIRE(options.max_new_tokens >= 1 && options.max_new_tokens <= 1024, "max-tokens must be 1 to 1024, not {}", options.max_new_tokens);
  const fusion::Decoder decoder(pipeline_.model(), read.context, read.after, words_);
  std::vector<int32_t> tokens;
  double log_probability = 0;
  if (options.sampling) {
    auto sampled = decoder.sample(*options.sampling, options.max_new_tokens, symbols_.eos, options.seed);
    tokens = std::move(sampled.tokens);
    log_probability = sampled.log_probability;
  } else {
    const text::BeamConfig config = {.num_beams = options.num_beams, .max_new_tokens = options.max_new_tokens,
                                     .no_repeat_ngram_size = options.no_repeat_ngram_size, .eos = symbols_.eos};
    auto beams = decoder.beams(config);
    if (beams.empty()) throw base::ResourceError("the model's logits are not finite: are the weights damaged?");
    tokens = std::move(beams.front().tokens);
    log_probability = beams.front().score * std::pow(static_cast<double>(tokens.size()), config.length_penalty);
  }
  return {trimmed(text::well_formed(pipeline_.tokenizer().decode(tokens))), log_probability, static_cast<int64_t>(tokens.size())};
}

Said Captioner::caption(Pictures pictures, const std::string& question, const CaptionOptions& options, const Documents& documents) const {
  if (describer_ && !options.own_words && !options.sampling && documents.empty()) return describe(pictures, question);
  return say(read(pictures, question, fusion::Reply::caption, documents), options);
}

Said Captioner::answer(Pictures pictures, const std::string& question, const CaptionOptions& options) const {
  REQUIRE(!question.empty(), "there is no question");
  return say(read(pictures, question, fusion::Reply::answer, {}), options);
}

std::vector<double> Captioner::score(Pictures pictures, const std::string& question, const std::vector<std::string>& choices) const {
  REQUIRE(!question.empty(), "there is no question");
  REQUIRE(!choices.empty(), "there are no choices");
  std::vector<std::vector<int32_t>> continuations;
  for (const std::string& choice : choices) {
    continuations.push_back(pipeline_.tokenizer().encode(choice));
    REQUIRE(!continuations.back().empty(), "a choice is empty");
    continuations.back().push_back(symbols_.eos);
  }
  const Read read = this->read(pictures, question, fusion::Reply::answer, {});
  return fusion::Decoder(pipeline_.model(), read.context, read.after, words_).log_likelihoods(continuations);
}

}  // namespace atelier::promptcap
