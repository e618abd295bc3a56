#include "base/config.h"

#include "base/files.h"
#include "tests/support.h"

namespace atelier::base {
namespace {

struct Block {
  int64_t channels = 64;
  bool attention = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("channels", channels, range(1, 4096));
    v("attention", attention, any());
  }
};

struct Model {
  int64_t latent_channels = 8;
  double scaling_factor = 1.0;
  double dropout = 0.0;
  std::string prediction = "flow";
  std::string name;
  bool tied = true;
  std::vector<int64_t> widths = {64, 128};
  std::vector<bool> flags = {true, false};
  std::vector<std::string> samplers = {"ddim"};
  std::vector<Block> blocks = {{}, {128, true}};
  std::optional<int64_t> head_dim;
  std::optional<Block> middle;
  std::optional<std::vector<double>> betas;
  Block first;

  template <class Visitor>
  void visit(Visitor& v) {
    v("latent_channels", latent_channels, range(1, 64));
    v("scaling_factor", scaling_factor, positive());
    v("dropout", dropout, Check{0, 1e300, {}});
    v("prediction", prediction, one_of({"epsilon", "v", "flow"}));
    v("name", name, any());
    v("tied", tied, any());
    v("widths", widths, range(1, 4096));
    v("flags", flags, any());
    v("samplers", samplers, one_of({"ddpm", "ddim"}));
    v("blocks", blocks, any());
    v("head_dim", head_dim, range(1, 512));
    v("middle", middle, any());
    v("betas", betas, range(0, 1));
    v("first", first, any());
  }
};

Model changed() {
  Model model;
  model.latent_channels = 64;
  model.scaling_factor = 0.1 + 0.2;  // no short decimal form: must survive to the last bit
  model.dropout = 3;
  model.prediction = "v";
  model.name = "caf\u00e9 \"1\"\n";
  model.tied = false;
  model.widths = {};
  model.flags = {false, true, true};
  model.samplers = {"ddim", "ddpm"};
  model.blocks = {{7, true}};
  model.head_dim = 32;
  model.middle = Block{9, true};
  model.betas = std::vector<double>{0, 0.25, 1};
  model.first.channels = 3;
  return model;
}

Model read(const char* text, UnknownFields unknown = UnknownFields::refuse) {
  return read_config<Model>(json::parse(text), "model.json", unknown);
}

TEST(Config, WhatIsWrittenIsRead) {
  const tests::TemporaryFolder folder;
  for (const Model& model : {Model(), changed()}) {
    write_json(folder / "config.json", write_config(model));
    const Model copy = read_config<Model>(folder / "config.json");
    EXPECT_TRUE(equal(model, copy));
    EXPECT_EQ(copy.scaling_factor, model.scaling_factor);
    EXPECT_EQ(copy.flags, model.flags);
    EXPECT_EQ(copy.blocks.size(), model.blocks.size());
    EXPECT_EQ(copy.betas, model.betas);
    EXPECT_EQ(copy.head_dim, model.head_dim);
    EXPECT_EQ(copy.name, model.name);
    EXPECT_EQ(copy.first.channels, model.first.channels);
  }
  EXPECT_FALSE(equal(Model(), changed()));
}

TEST(Config, WritesPlainJsonWithoutEmptyOptionals) {
  EXPECT_EQ(write_config(Model()), json::parse(R"({"latent_channels": 8, "scaling_factor": 1.0, "dropout": 0.0,
      "prediction": "flow", "name": "", "tied": true, "widths": [64, 128], "flags": [true, false],
      "samplers": ["ddim"], "blocks": [{"channels": 64, "attention": false}, {"channels": 128, "attention": true}],
      "first": {"channels": 64, "attention": false}})"));
}

TEST(Config, AbsentFieldsKeepTheirDefaults) {
  EXPECT_TRUE(equal(read("{}"), Model()));
  const Model model = read(R"({"first": {"attention": true}})");
  EXPECT_EQ(model.first.channels, 64);
  EXPECT_TRUE(model.first.attention);
}

struct WithDefault {
  std::optional<int64_t> limit = 5;
  template <class Visitor>
  void visit(Visitor& v) {
    v("limit", limit, range(1, 10));
  }
};

TEST(Config, NullAndAbsentBothMeanEmpty) {
  EXPECT_FALSE(read_config<WithDefault>(json::parse("{}"), "x").limit.has_value());
  EXPECT_FALSE(read_config<WithDefault>(json::parse(R"({"limit": null})"), "x").limit.has_value());
  EXPECT_EQ(read_config<WithDefault>(json::parse(R"({"limit": 7})"), "x").limit, 7);
  WithDefault empty;
  empty.limit.reset();
  EXPECT_TRUE(equal(empty, read_config<WithDefault>(write_config(empty), "x")));
  EXPECT_FALSE(equal(empty, WithDefault()));
}

TEST(Config, UnknownFieldsAreRefusedByNameOrIgnored) {
  EXPECT_ERROR(read(R"({"latent_chanels": 4})"), InvalidFile,
               "model.json: \"latent_chanels\" is not a field; the fields are latent_channels, scaling_factor, ");
  EXPECT_ERROR(read(R"({"first": {"chanels": 4}})"), InvalidFile,
               "model.json: \"chanels\" is not a field; the fields of first are channels, attention");
  EXPECT_ERROR(read(R"({"blocks": [{}, {"x": 4}]})"), InvalidFile, "the fields of blocks[1] are");
  EXPECT_ERROR(read(R"({"middle": {"x": 4}})"), InvalidFile, "the fields of middle are");
  const Model model =
      read(R"({"_class_name": "X", "latent_channels": 4, "first": {"x": [], "channels": 5}})", UnknownFields::ignore);
  EXPECT_EQ(model.latent_channels, 4);
  EXPECT_EQ(model.first.channels, 5);
}

TEST(Config, AWrongTypeIsNamedWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"latent_channels": "8"})", R"(model.json: latent_channels must be an integer, not "8")"},
      {R"({"latent_channels": 8.5})", "latent_channels must be an integer, not 8.5"},
      {R"({"latent_channels": 1e300})", "latent_channels must be an integer, not 1e+300"},
      {R"({"latent_channels": true})", "latent_channels must be an integer, not true"},
      {R"({"latent_channels": null})", "latent_channels must be an integer, not null"},
      {R"({"latent_channels": 18446744073709551615})", "latent_channels must be at most 9223372036854775807, not 1844"},
      {R"({"scaling_factor": "1"})", R"(scaling_factor must be a number, not "1")"},
      {R"({"scaling_factor": false})", "scaling_factor must be a number, not false"},
      {R"({"tied": 1})", "tied must be true or false, not 1"},
      {R"({"name": 5})", "name must be a string, not 5"},
      {R"({"name": null})", "name must be a string, not null"},
      {R"({"widths": 64})", "widths must be a list, not 64"},
      {R"({"widths": {"0": 64}})", "widths must be a list, not {"},
      {R"({"widths": [64, "x"]})", R"(widths[1] must be an integer, not "x")"},
      {R"({"flags": [true, 0]})", "flags[1] must be true or false, not 0"},
      {R"({"blocks": [{}, {"channels": []}]})", "blocks[1].channels must be an integer, not []"},
      {R"({"first": [1]})", "first must be an object, not [1]"},
      {R"({"middle": 1})", "middle must be an object, not 1"},
      {R"({"head_dim": "x"})", R"(head_dim must be an integer, not "x")"},
      {R"({"betas": [0.5, null]})", "betas[1] must be a number, not null"},
      {R"([1])", "model.json: must be an object, not [1]"},
  };
  for (const auto& [text, message] : cases) EXPECT_ERROR(read(text), InvalidFile, message);
}

TEST(Config, AValueOutOfRangeIsNamedWithWhatItMayBe) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"latent_channels": 0})", "model.json: latent_channels must be 1 to 64, not 0"},
      {R"({"latent_channels": 65})", "latent_channels must be 1 to 64, not 65"},
      {R"({"latent_channels": -9223372036854775808})", "latent_channels must be 1 to 64, not -9223372036854775808"},
      {R"({"scaling_factor": 0})", "scaling_factor must be more than 0, not 0"},
      {R"({"scaling_factor": -1.5})", "scaling_factor must be more than 0, not -1.5"},
      {R"({"dropout": -0.5})", "dropout must be at least 0, not -0.5"},
      {R"({"prediction": "velocity"})", R"(prediction must be one of epsilon, v, flow, not "velocity")"},
      {R"({"widths": [1, 2, 5000]})", "widths[2] must be 1 to 4096, not 5000"},
      {R"({"samplers": ["ddim", "euler"]})", R"(samplers[1] must be one of ddpm, ddim, not "euler")"},
      {R"({"blocks": [{"channels": 0}]})", "blocks[0].channels must be 1 to 4096, not 0"},
      {R"({"middle": {"channels": 0}})", "middle.channels must be 1 to 4096, not 0"},
      {R"({"head_dim": 513})", "head_dim must be 1 to 512, not 513"},
      {R"({"betas": [1.5]})", "betas[0] must be 0 to 1, not 1.5"},
  };
  for (const auto& [text, message] : cases) EXPECT_ERROR(read(text), InvalidFile, message);
  // The ends themselves are in.
  EXPECT_EQ(read(R"({"latent_channels": 1})").latent_channels, 1);
  EXPECT_EQ(read(R"({"latent_channels": 64})").latent_channels, 64);
}

TEST(Config, NumbersAreReadByValueNotBySpelling) {
  EXPECT_EQ(read(R"({"scaling_factor": 2})").scaling_factor, 2.0);
  EXPECT_EQ(read(R"({"latent_channels": 8.0})").latent_channels, 8);
  EXPECT_EQ(read(R"({"latent_channels": 1e1})").latent_channels, 10);
}

struct Limits {
  int64_t steps = 1;
  double low = 0;
  int64_t seed = 0;
  template <class Visitor>
  void visit(Visitor& v) {
    v("steps", steps, range(1, 1000000000));
    v("low", low, Check{-1e300, 5, {}});
    v("seed", seed, any());
  }
};

TEST(Config, BoundsArePrintedAsPeopleWriteThem) {
  EXPECT_ERROR(read_config<Limits>(json{{"steps", 0}}, "x"), InvalidFile, "steps must be 1 to 1000000000, not 0");
  EXPECT_ERROR(read_config<Limits>(json{{"low", 6}}, "x"), InvalidFile, "low must be at most 5, not 6");
}

TEST(Config, AnyIntegerOf64BitsSurvives) {
  for (const int64_t seed : {INT64_MIN, INT64_MAX, int64_t{9007199254740993}}) {
    Limits limits;
    limits.seed = seed;
    EXPECT_EQ(read_config<Limits>(write_config(limits), "x").seed, seed);
  }
}

}  // namespace
}  // namespace atelier::base
