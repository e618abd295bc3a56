#include "base/safetensors.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "tests/support.h"

#include <cstring>
#include <fstream>
#include <random>

namespace atelier::base {
namespace {

using tests::TemporaryFolder;

std::string length_bytes(uint64_t length) { return std::string(reinterpret_cast<const char*>(&length), sizeof length); }

/// A safetensors file by hand.
std::string file_of(const std::string& header, const std::string& data) {
  return length_bytes(header.size()) + header + data;
}

/// An entry of the header by hand; numbers are text so that they may be wrong.
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", name, dtype, shape, offsets);
}

Tensor values(at::ScalarType type, std::vector<int64_t> shape) {
  // Bytes of every kind, NaNs included: what is stored must come back bit for bit.
  int64_t bytes = static_cast<int64_t>(c10::elementSize(type));
  for (const int64_t size : shape) bytes *= size;
  if (type == at::kBool) return (at::arange(bytes, at::kLong).remainder(3) == 0).reshape(shape);
  return (at::arange(bytes, at::kLong) * 37 + 11).to(at::kByte).view(type).reshape(shape);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         (a.numel() == 0 || std::memcmp(a.contiguous().data_ptr(), b.contiguous().data_ptr(), a.nbytes()) == 0);
}

TEST(Safetensors, EveryDtypeRoundTripsBitForBit) {
  const TemporaryFolder folder;
  const at::ScalarType types[] = {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,   at::kInt, at::kShort,
                                  at::kChar,   at::kByte,  at::kBool, at::kUInt16,   at::kUInt32, at::kUInt64};
  NamedTensors tensors;
  for (const at::ScalarType type : types) tensors.emplace_back(c10::toString(type), values(type, {3, 5}));
  write_safetensors(folder / "all.safetensors", tensors);
  const Safetensors file(folder / "all.safetensors");
  EXPECT_EQ(file.tensors().size(), std::size(types));
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(file.tensors().at(name).dtype, tensor.scalar_type()) << name;
    EXPECT_TRUE(same_bits(file.read(name), tensor)) << name;
  }
}

TEST(Safetensors, ScalarsEmptyTensorsAndOddStridesRoundTrip) {
  const TemporaryFolder folder;
  const Tensor matrix = values(at::kFloat, {4, 6});
  const NamedTensors tensors = {{"scalar", values(at::kFloat, {})},
                                {"empty", values(at::kFloat, {0, 7})},
                                {"transposed", matrix.t()},
                                {"every other", matrix.slice(1, 0, 6, 2)},
                                {"expanded", values(at::kInt, {3}).expand({2, 3})},
                                {"with gradient", at::ones({2}).requires_grad_()},
                                {"caf\u00e9 \"\\", values(at::kByte, {1})}};
  write_safetensors(folder / "file.safetensors", tensors);
  const Safetensors file(folder / "file.safetensors");
  for (const auto& [name, tensor] : tensors) EXPECT_TRUE(same_bits(file.read(name), tensor)) << name;
  EXPECT_FALSE(file.read("with gradient").requires_grad());
}

TEST(Safetensors, MetadataRoundTrips) {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"config", R"({"a": "\u00e9"})"}, {"", ""}};
  write_safetensors(folder / "file", {{"a", at::ones({2})}}, metadata);
  const Safetensors file(folder / "file");
  EXPECT_EQ(file.metadata(), metadata);
  EXPECT_EQ(file.tensors().size(), 1u);
  EXPECT_FALSE(file.contains("__metadata__"));
}

TEST(Safetensors, NoTensorsIsAFileToo) {
  const TemporaryFolder folder;
  write_safetensors(folder / "file", {});
  EXPECT_TRUE(Safetensors(folder / "file").tensors().empty());
}

// Read here by the format's description alone: https://github.com/huggingface/safetensors#format
TEST(Safetensors, TheWriterFollowsTheFormat) {
  const TemporaryFolder folder;
  for (int extra = 0; extra < 64; ++extra) {  // every length of header before padding
    const NamedTensors tensors = {{"byte" + std::string(extra, 'x'), values(at::kByte, {3})},
                                  {"half", values(at::kHalf, {2, 3})},
                                  {"double", values(at::kDouble, {1})},
                                  {"half 2", values(at::kHalf, {1})}};
    write_safetensors(folder / "file", tensors);
    const std::string bytes = read_file(folder / "file");
    uint64_t length;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ((8 + length) % 64, 0u);
    ASSERT_EQ(bytes.size(), 8 + length + 3 + 12 + 8 + 2);
    EXPECT_EQ(bytes[8], '{');
    const json header = json::parse(bytes.substr(8, length));
    EXPECT_EQ(header["double"], json::parse(R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]})"));
    EXPECT_EQ(header["half"], json::parse(R"({"dtype":"F16","shape":[2,3],"data_offsets":[8,20]})"));
    EXPECT_EQ(header["half 2"], json::parse(R"({"dtype":"F16","shape":[1],"data_offsets":[20,22]})"));
    EXPECT_EQ(header[tensors[0].first], json::parse(R"({"dtype":"U8","shape":[3],"data_offsets":[22,25]})"));
    EXPECT_EQ(std::memcmp(bytes.data() + 8 + length + 8, tensors[1].second.data_ptr(), 12), 0);
  }
}

TEST(Safetensors, AFileMadeByHandIsRead) {
  const TemporaryFolder folder;
  // Tensors out of order in the header, metadata in between, spaces behind.
  const std::string header = "{" + entry("b", "I16", "2", "4,8") + R"(,"__metadata__":{"k":"v"},)" +
                             entry("a", "F32", "1,1", "0,4") + "}   ";
  const float one = 1.5f;
  const int16_t two[] = {-7, 300};
  write_file(folder / "file", file_of(header, std::string(reinterpret_cast<const char*>(&one), 4) +
                                                  std::string(reinterpret_cast<const char*>(two), 4)));
  const Safetensors file(folder / "file");
  EXPECT_EQ(file.tensors().at("a").begin, static_cast<int64_t>(8 + header.size()));
  EXPECT_TRUE(same_bits(file.read("a"), at::full({1, 1}, 1.5f)));
  EXPECT_TRUE(same_bits(file.read("b"), at::tensor({-7, 300}, at::kShort)));
  EXPECT_EQ(file.metadata().at("k"), "v");
  EXPECT_ERROR(file.read("c"), InvalidFile, R"(file: has no tensor "c")");
}

TEST(Safetensors, BadFilesAreRefusedWithTheirReason) {
  const std::string one = entry("a", "F32", "2", "0,8");
  const auto with = [](const std::string& inside, size_t bytes) {
    return file_of("{" + inside + "}", std::string(bytes, '\x01'));
  };
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) deep += "[";

  const struct {
    const char* name;
    std::string bytes;
    const char* message;
  } cases[] = {
      {"empty", "", "is too short to be a safetensors file (0 bytes)"},
      {"seven bytes", "1234567", "is too short to be a safetensors file (7 bytes)"},
      {"length alone", length_bytes(10), "the header is cut short: it should end at byte 18, the file has 8"},
      {"header cut", file_of("{" + one + "}", "").substr(0, 20), "the header is cut short"},
      {"no header", file_of("", ""), "the header must start with '{'"},
      {"huge header", length_bytes(100'000'001) + "{}", "its header would be 100000001 bytes, at most 100000000"},
      {"header of 2^64 - 1", length_bytes(UINT64_MAX) + "{}", "its header would be 18446744073709551615 bytes"},
      {"header of 2^63", length_bytes(uint64_t{1} << 63) + "{}", "its header would be 9223372036854775808 bytes"},
      {"a list", file_of("[1]", ""), "the header must start with '{'"},
      {"space first", file_of(" {}", ""), "the header must start with '{'"},
      {"byte order mark", file_of("\xef\xbb\xbf{}", ""), "the header must start with '{'"},
      {"a pickle", std::string("\x80\x02}q\x00X\x05\x00\x00\x00state", 15), "its header would be"},
      {"not JSON", file_of("{\"a\": ???}", ""), "header: is not valid JSON"},
      {"two documents", file_of("{}{}", ""), "header: is not valid JSON"},
      {"padded with zeros", file_of(std::string("{}\0\0", 4), ""), "header: is not valid JSON: it holds a zero byte"},
      {"deep JSON", file_of(deep, ""), "header: is nested deeper than 8 levels"},
      {"not UTF-8", file_of("{\"\xff\":1}", ""), "header: is not valid UTF-8"},
      {"same name twice", with(one + "," + one, 8), "header: has the key \"a\" twice"},
      {"same name, escaped", with(one + "," + entry("\\u0061", "F32", "2", "8,16"), 16), "has the key \"a\" twice"},
      {"two metadata", with(R"("__metadata__":{},"__metadata__":{})", 0), "has the key \"__metadata__\" twice"},
      {"entry is a number", with("\"a\":5", 0), "tensor \"a\": must be an object, not 5"},
      {"no dtype", with(R"("a":{"shape":[2],"data_offsets":[0,8]})", 8), "tensor \"a\": has no dtype"},
      {"no shape", with(R"("a":{"dtype":"F32","data_offsets":[0,8]})", 8), "tensor \"a\": has no shape"},
      {"no offsets", with(R"("a":{"dtype":"F32","shape":[2]})", 8), "tensor \"a\": has no data_offsets"},
      {"unknown dtype", with(entry("a", "F4", "2", "0,8"), 8), "dtype must be one of F64, F32, F16, BF16, "},
      {"dtype in small letters", with(entry("a", "f32", "2", "0,8"), 8), "not \"f32\""},
      {"dtype is a number", with(R"("a":{"dtype":6,"shape":[2],"data_offsets":[0,8]})", 8), "dtype must be one of"},
      {"shape is a number", with(R"("a":{"dtype":"F32","shape":2,"data_offsets":[0,8]})", 8), "shape must be a list"},
      {"negative shape", with(entry("a", "F32", "-2", "0,8"), 8),
       "shape must hold integers from 0 to 2^63 - 1, not -2"},
      {"two negatives", with(entry("a", "F32", "-1,-2", "0,8"), 8), "shape must hold integers from 0 to 2^63 - 1"},
      {"fraction in shape", with(entry("a", "F32", "2.0", "0,8"), 8), "shape must hold integers from 0 to 2^63 - 1"},
      {"shape of 2^63", with(entry("a", "U8", "9223372036854775808", "0,8"), 8), "shape must hold integers"},
      {"shape overflows", with(entry("a", "F32", "4611686018427387904,4", "0,0"), 0), "is too large"},
      // 4 x 2^62 is 0 in 64 bits: the size that the offsets claim.
      {"shape wraps to 0", with(entry("a", "F32", "4611686018427387904", "0,0"), 0), "is too large"},
      {"overflow times 0", with(entry("a", "U8", "4611686018427387904,4,0", "0,0"), 0), "is too large"},
      {"65 dimensions", with(entry("a", "U8", std::string("1") + [] {
         std::string more;
         for (int i = 0; i < 64; ++i) more += ",1";
         return more;
       }(), "0,1"), 1), "shape has 65 numbers, at most 64"},
      {"negative offset", with(entry("a", "F32", "2", "-8,0"), 8), "data_offsets must hold integers from 0"},
      {"offset of 2^64 - 8", with(entry("a", "F32", "2", "18446744073709551608,0"), 8),
       "data_offsets must hold integers"},
      {"three offsets", with(entry("a", "F32", "2", "0,8,8"), 8), "data_offsets must hold 2 numbers, not 3"},
      {"offsets backwards", with(entry("a", "F32", "2", "8,0"), 8), "data_offsets end before they begin: 8 > 0"},
      {"shape too large", with(entry("a", "F32", "3", "0,8"), 8),
       "F32 of shape [3] takes 12 bytes, but the offsets span 8"},
      {"shape too small", with(entry("a", "F32", "1", "0,8"), 8), "takes 4 bytes, but the offsets span 8"},
      {"data cut", with(one, 7), "tensor \"a\" ends at byte 8 of the data, which has only 7"},
      {"no data", with(one, 0), "tensor \"a\" ends at byte 8 of the data, which has only 0"},
      {"bytes behind", with(one, 9), "1 unused bytes behind the last tensor"},
      {"bytes but no tensors", file_of("{}", "x"), "1 unused bytes behind the last tensor"},
      {"bytes in front", with(entry("a", "F32", "2", "4,12"), 12), "4 unused bytes in front of tensor \"a\""},
      {"hole", with(one + "," + entry("b", "U8", "2", "9,11"), 11), "1 unused bytes in front of tensor \"b\""},
      {"overlap", with(one + "," + entry("b", "U8", "2", "7,9"), 9), "tensor \"b\" overlaps the one before it"},
      {"same data twice", with(one + "," + entry("b", "F32", "2", "0,8"), 8), "overlaps the one before it"},
      {"one inside the other", with(one + "," + entry("b", "U8", "2", "2,4"), 8), "overlaps the one before it"},
      {"metadata is a list", with(R"("__metadata__":[])", 0), "__metadata__ must be an object"},
      {"metadata holds numbers", with(R"("__metadata__":{"a":1})", 0), "__metadata__ \"a\" must be a string"},
  };
  const TemporaryFolder folder;
  for (const auto& [name, bytes, message] : cases) {
    SCOPED_TRACE(name);
    write_file(folder / "bad.safetensors", bytes);
    EXPECT_ERROR(Safetensors(folder / "bad.safetensors"), InvalidFile, message);
    EXPECT_ERROR(Safetensors(folder / "bad.safetensors"), InvalidFile, (folder / "bad.safetensors").string() + ": ");
  }
  // What these cases are changed from is good.
  write_file(folder / "good.safetensors", with(one + "," + entry("b", "U8", "2", "8,10"), 10));
  EXPECT_EQ(Safetensors(folder / "good.safetensors").tensors().size(), 2u);

  EXPECT_ERROR(Safetensors(folder.path()), InvalidFile, "is a folder, not a file");
  EXPECT_ERROR(Safetensors("/dev/zero"), InvalidFile, "is not a regular file");
  EXPECT_ERROR(Safetensors(folder / "none"), InvalidFile, "none: cannot be opened");
}

TEST(Safetensors, BooleansOtherThan0And1AreRefused) {
  const TemporaryFolder folder;
  write_file(folder / "file", file_of("{" + entry("a", "BOOL", "3", "0,3") + "}", std::string("\x00\x01\x02", 3)));
  EXPECT_ERROR(Safetensors(folder / "file").read("a"), InvalidFile, "is BOOL but holds bytes other than 0 and 1");
}

TEST(Safetensors, AFileCutShortAfterOpeningIsAnErrorNotASignal) {
  const TemporaryFolder folder;
  write_safetensors(folder / "file", {{"a", at::ones({10'000})}});
  const Safetensors file(folder / "file");
  std::filesystem::resize_file(folder / "file", 20'000);
  EXPECT_ERROR(file.read("a"), InvalidFile, "ends at byte 20000");
}

// Whatever is done to a file, it is read or refused: nothing else is thrown, nothing crashes (run under sanitizers).
TEST(Safetensors, DamagedFilesAreReadOrRefused) {
  const TemporaryFolder folder;
  write_safetensors(folder / "file", {{"a", values(at::kFloat, {2, 3})}, {"b", values(at::kByte, {5})}}, {{"k", "v"}});
  const std::string good = read_file(folder / "file");
  std::mt19937_64 random(1);
  int read = 0, refused = 0;
  const auto attempt = [&](const std::string& bytes) {
    std::ofstream(folder / "damaged", std::ios::binary) << bytes;  // not write_file: a thousand fsyncs take long
    try {
      const Safetensors file(folder / "damaged");
      for (const auto& [name, info] : file.tensors()) file.read(name);
      ++read;
    } catch (const InvalidFile&) {
      ++refused;
    }
  };
  for (size_t size = 0; size < good.size(); ++size) attempt(good.substr(0, size));
  EXPECT_EQ(read, 0);  // no shorter file is whole
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = good;
    const uint64_t changes = 1 + random() % 3;
    for (uint64_t change = 0; change < changes; ++change) {
      const char of_json = "0123456789[]{},:\""[random() % 17];
      bytes[random() % (bytes.size() - 29)] = random() % 2 ? of_json : static_cast<char>(random());
    }
    attempt(bytes);
  }
  EXPECT_GT(read, 0);  // in padding, names and metadata, changes are harmless
  EXPECT_GT(refused, 300);
}

TEST(Safetensors, AFailedWriteLeavesTheOldFile) {
  const TemporaryFolder folder;
  write_safetensors(folder / "file", {{"a", at::ones({2})}});
  // An undefined tensor fails in the header, a dtype that the format does not know as well.
  EXPECT_ERROR(write_safetensors(folder / "file", {{"b", Tensor()}}), std::logic_error, "tensor.defined()");
  const Tensor ones = at::ones({2});
  const Tensor complex = at::ones({2}, at::kComplexFloat);
  EXPECT_ERROR(write_safetensors(folder / "file", {{"b", complex}}), std::logic_error, "dtype");
  EXPECT_ERROR(write_safetensors(folder / "file", {{"b", ones}, {"b", ones}}), std::logic_error, "name");
  EXPECT_ERROR(write_safetensors(folder / "file", {{"__metadata__", ones}}), std::logic_error, "kMetadata");
  EXPECT_ERROR(write_safetensors("/dev/full", {{"a", ones}}), ResourceError, "the disk is full");
  EXPECT_TRUE(Safetensors(folder / "file").contains("a"));
}

}  // namespace
}  // namespace atelier::base
