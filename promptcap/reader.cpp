#include "promptcap/reader.h"

namespace atelier::promptcap {
namespace {

std::unique_ptr<const text::LocalLanguageModel> answering(const text::TextModel& model, const text::Tokenizer& tokenizer, std::vector<text::TokenId> begin,
                                                          std::vector<text::TokenId> end, std::string name) {
  // Ours was trained on captions with several questions behind them: the next one ends an answer, too.
  if (tokenizer.contains("<question>")) end.push_back(tokenizer.id("<question>"));
  return std::make_unique<text::LocalLanguageModel>(model, tokenizer, std::move(begin), std::move(end), std::move(name));
}

}  // namespace

Reader::Reader(const std::filesystem::path& folder)
    : component_(std::make_unique<const text::TextComponent>(text::TextComponent::load(folder))),
      model_(answering(component_->model, component_->tokenizer, component_->begin, component_->end, folder.string())),
      ours_(component_->tokenizer.contains("<question>")) {}

Reader::Reader(const fusion::Pipeline& pipeline) {
  if (const std::filesystem::path own = pipeline.folder() / "reader"; std::filesystem::exists(own / "config.json")) {
    *this = Reader(own);
    return;
  }
  const text::Tokenizer& tokenizer = pipeline.tokenizer();
  model_ = answering(pipeline.model().text(), tokenizer, {tokenizer.id("<bos>")}, {tokenizer.id("<eos>")}, (pipeline.folder() / "text").string());
}

}  // namespace atelier::promptcap
