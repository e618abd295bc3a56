#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/safetensors.h"
#include "tests/support.h"

namespace atelier::base {
namespace {

using tests::TemporaryFolder;

NamedTensors filled(const std::string& name, double value) { return {{name, at::full({2}, value)}}; }

json index_of(const json& weight_map) { return {{"metadata", {{"total_size", 16}}}, {"weight_map", weight_map}}; }

double first(const Weights& weights, const std::string& name) { return weights.read(name)[0].item<double>(); }

TEST(Weights, OneFile) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {{"b", at::full({2}, 3.0)}, {"a", at::full({4}, 4.0)}});
  const Weights weights(folder / "x.safetensors");
  EXPECT_EQ(weights.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first(weights, "a"), 4.0);
  EXPECT_EQ(weights.info("a").shape, std::vector<int64_t>{4});
  EXPECT_TRUE(weights.contains("b"));
  EXPECT_FALSE(weights.contains("c"));
  EXPECT_ERROR(weights.read("c"), InvalidFile, "x.safetensors: has no tensor \"c\"");
  EXPECT_ERROR(weights.info("c"), InvalidFile, "x.safetensors: has no tensor \"c\"");
}

TEST(Weights, AFolderUnderTheUsualNames) {
  for (const char* stem : {"model", "diffusion_pytorch_model"}) {
    const TemporaryFolder folder;
    write_safetensors(folder / (std::string(stem) + ".safetensors"), filled("a", 1));
    EXPECT_EQ(first(Weights(folder.path()), "a"), 1.0);
  }
  const TemporaryFolder empty;
  write_safetensors(empty / "other.safetensors", filled("a", 1));
  EXPECT_ERROR(Weights(empty.path()), InvalidFile, empty.path().string() + ": holds no weights");
}

TEST(Weights, AShardedIndexIsOneSetOfTensors) {
  const TemporaryFolder folder;
  const std::string one = "model-00001-of-00002.safetensors", two = "model-00002-of-00002.safetensors";
  write_safetensors(folder / one, {{"a", at::full({2}, 1.0)}, {"b", at::full({2}, 2.0)}});
  write_safetensors(folder / two, {{"c", at::full({2}, 3.0)}, {"extra", at::ones({1})}});
  write_json(folder / "model.safetensors.index.json", index_of({{"a", one}, {"b", one}, {"c", two}}));
  for (const auto& path : {folder.path(), folder / "model.safetensors.index.json"}) {
    const Weights weights(path);
    EXPECT_EQ(weights.names(), (std::vector<std::string>{"a", "b", "c"}));  // not what the index does not list
    EXPECT_EQ(first(weights, "a"), 1.0);
    EXPECT_EQ(first(weights, "b"), 2.0);
    EXPECT_EQ(first(weights, "c"), 3.0);
  }
}

TEST(Weights, AnIndexMayOnlyNameItsNeighbours) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "model");
  write_safetensors(folder / "secret.safetensors", filled("a", 1));
  const auto index = folder / "model" / "model.safetensors.index.json";
  for (const std::string& name : {std::string("../secret.safetensors"), (folder / "secret.safetensors").string(),
                                  std::string(".."), std::string("."), std::string(""), std::string("..\\secret"),
                                  std::string("./x"), std::string("x\0.safetensors", 14)}) {
    write_json(index, index_of({{"a", name}}));
    EXPECT_ERROR(Weights(folder / "model"), InvalidFile,
                 "weight_map \"a\" must be the name of a file in the same folder");
  }
  write_json(index, index_of({{"a", 5}}));
  EXPECT_ERROR(Weights(folder / "model"), InvalidFile, "in the same folder, not 5");
}

TEST(Weights, AnIndexThatDoesNotMatchItsFilesIsRefused) {
  const TemporaryFolder folder;
  const auto index = folder / "model.safetensors.index.json";
  write_json(index, index_of({{"a", "none.safetensors"}}));
  EXPECT_ERROR(Weights(folder.path()), InvalidFile, "none.safetensors: cannot be opened");
  write_safetensors(folder / "shard.safetensors", filled("a", 1));
  write_json(index, index_of({{"b", "shard.safetensors"}}));
  EXPECT_ERROR(Weights(folder.path()), InvalidFile,
               "says that shard.safetensors holds tensor \"b\", which it does not");
  for (const char* text : {"[]", "{}", R"({"weight_map": []})"}) {
    write_file(index, std::string_view(text));
    EXPECT_ERROR(Weights(folder.path()), InvalidFile, "must hold an object weight_map");
  }
  write_file(index, std::string_view(R"({"weight_map": {"a": "shard.safetensors", "a": "x"}})"));
  EXPECT_ERROR(Weights(folder.path()), InvalidFile, "has the key \"a\" twice");
}

TEST(Weights, WhatDoesNotExistIsNamed) {
  EXPECT_ERROR(Weights("/nowhere/model.safetensors"), InvalidFile, "/nowhere/model.safetensors: cannot be opened");
}

}  // namespace
}  // namespace atelier::base
