#include "eval/captions.h"

#include "base/progress.h"
#include "promptcap/scoring.h"

namespace atelier::eval {

std::vector<std::string> references(const corpus::Picture& picture) {
  std::vector<std::string> all = {picture.title};
  for (const std::string& tag : picture.tags)
    if (all.size() < 5) all.push_back(tag);
  return all;
}

std::vector<double> caption_scores(Workbench& bench, const std::vector<int64_t>& rows, const promptcap::CaptionOptions& options,
                                   const std::function<promptcap::Captioner::Documents(size_t i)>& documents, std::vector<std::string>* said) {
  const promptcap::Captioner captioner(bench.pipeline());
  std::vector<std::string> captions;
  std::vector<std::vector<std::string>> written;
  base::Progress progress("describing", static_cast<int64_t>(rows.size()), "pictures");
  for (size_t i = 0; i < rows.size(); ++i) {
    base::throw_if_cancelled();
    const vision::Image picture = bench.picture(rows[i]);
    captions.push_back(captioner.caption({&picture, 1}, "", options, documents ? documents(i) : promptcap::Captioner::Documents()).text);
    written.push_back(references(bench.corpus().picture(rows[i])));
    progress.advance();
  }
  if (said) *said = captions;
  return promptcap::cider(captions, written);
}

}  // namespace atelier::eval
