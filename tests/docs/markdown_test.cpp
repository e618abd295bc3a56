#include "tests/docs/markdown.h"

#include "base/error.h"
#include "tests/support.h"

namespace atelier::docs {
namespace {

TEST(DocsMarkdown, FindsBlocksWithTagsAndLines) {
  const Document document = read_markdown("# A\n\n```sh parsed\nx\n\ny\n```\n\nText:\n\n    indented\n    more\n\nEnd.\n");
  ASSERT_EQ(document.blocks.size(), 2u);
  EXPECT_EQ(document.blocks[0].tag, "sh parsed");
  EXPECT_EQ(document.blocks[0].line, 4);
  EXPECT_EQ(document.blocks[0].text, "x\n\ny\n");
  EXPECT_EQ(document.blocks[1].tag, "indented");
  EXPECT_EQ(document.blocks[1].text, "    indented\n    more\n");
}

TEST(DocsMarkdown, ItemsOfListsMayBeIndented) {
  EXPECT_TRUE(read_markdown("1. One\n\n    still one\n").blocks.empty());
  EXPECT_EQ(read_markdown("1. One\n\nBehind the list:\n\n    code\n").blocks.size(), 1u);
}

TEST(DocsMarkdown, FindsCodeAndLinksInSentences) {
  const Document document = read_markdown("See `a b` and [c](d/e.md), ![f](g.png).\n```\n`no` [no](no)\n```\n");
  ASSERT_EQ(document.code.size(), 1u);
  EXPECT_EQ(document.code[0].text, "a b");
  ASSERT_EQ(document.links.size(), 2u);
  EXPECT_EQ(document.links[0].text, "d/e.md");
  EXPECT_EQ(document.links[1].text, "g.png");
}

TEST(DocsMarkdown, AnOpenFenceIsAnError) { EXPECT_ERROR(read_markdown("```sh\nx\n"), base::InvalidArgument, "not closed"); }

}  // namespace
}  // namespace atelier::docs
