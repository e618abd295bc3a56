#include "apps/service/endpoints.h"
#include "apps/service/sketch_requests.h"

namespace atelier::service {
namespace {

json responses(const char* says, const std::vector<const char*>& errors) {
  json all = {{"200", {{"description", says}}}};
  for (const char* status : errors) all[status] = {{"$ref", "#/components/responses/Error"}};
  return all;
}

json get(const char* says, bool key) {
  json operation = {{"summary", says}, {"responses", responses(says, {"503"})}};
  if (!key) operation["security"] = json::array();
  return {{"get", std::move(operation)}};
}

/// Of the chain that the path names.
json of_chain(const char* says) {
  json item = get(says, true);
  item["parameters"] = json::array({{{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}});
  item["get"]["responses"] = responses(says, {"401", "404"});
  return item;
}

/// @param form  whether it may come as multipart/form-data, too
json post(const char* says, const char* schema, bool form) {
  const json body = {{"schema", {{"$ref", std::string("#/components/schemas/") + schema}}}};
  json content = {{"application/json", body}};
  if (form) content["multipart/form-data"] = body;
  return {{"post", {{"summary", says}, {"requestBody", {{"required", true}, {"content", std::move(content)}}},
                    {"responses", responses(says, {"400", "401", "404", "413", "415", "501", "503"})}}}};
}

}  // namespace

json openapi() {
  const json error = {
      {"description", "What is wrong, in OpenAI's shape"},
      {"content", {{"application/json", {{"schema", {{"type", "object"}, {"properties", {{"error", {{"type", "object"}, {"properties",
          {{"message", {{"type", "string"}}}, {"type", {{"type", "string"}}}, {"param", {{"type", {"string", "null"}}}},
           {"code", {{"type", {"string", "null"}}}}}}}}}}}}}}}}};
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Atelier"}, {"version", ATELIER_VERSION},
                    {"description", "Chat, pictures, embeddings and an image-text memory. OpenAI's shapes, with extensions as plain fields; fields "
                                    "that a request does not have are refused."}}},
          {"security", json::array({{{"key", json::array()}}})},
          {"paths",
           {{"/v1/chat/completions", post("A chat's next turn", "ChatRequest", false)},
            {"/v1/images/generations", post("Pictures from a text", "ImageRequest", false)},
            {"/v1/images/edits", post("Pictures from a picture and a text", "ImageEditRequest", true)},
            {"/v1/embeddings", post("Texts and pictures as vectors of one space", "EmbeddingRequest", false)},
            {"/v1/memory/search", post("Documents of the memory, by meaning", "SearchRequest", false)},
            {"/v1/sketch", get("Planners, tools and examples of the sketchpad", true)},
            {"/v1/sketch/problems", post("An example problem, made up from a seed", "SketchProblemRequest", false)},
            {"/v1/sketch/sessions", post("A question that is to be answered by drawing", "SketchRequest", true)},
            {"/v1/sketch/sessions/{id}", of_chain("A chain: problem, thoughts, calls, observations with pictures")},
            {"/v1/sketch/sessions/{id}/page.html", of_chain("A chain as one HTML file")},
            {"/v1/sketch/run", post("A planner goes on with a chain: events sketch.step and sketch.ended", "SketchRunRequest", false)},
            {"/v1/sketch/branches", post("A chain that begins as another one did", "SketchBranchRequest", false)},
            {"/v1/models", get("The models", true)},
            {"/v1/capabilities", get("What this service can do, and its limits", true)},
            {"/health", get("Whether it answers", false)},
            {"/metrics", get("Numbers for Prometheus", true)}}},
          {"components",
           {{"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}},
            {"responses", {{"Error", error}}},
            {"schemas", {{"ChatRequest", request_schema<ChatRequest>()}, {"ImageRequest", request_schema<ImageRequest>()},
                         {"ImageEditRequest", request_schema<ImageEditRequest>()}, {"EmbeddingRequest", request_schema<EmbeddingRequest>()},
                         {"SearchRequest", request_schema<SearchRequest>()}, {"SketchProblemRequest", request_schema<SketchProblemRequest>()},
                         {"SketchRequest", request_schema<SketchRequest>()}, {"SketchRunRequest", request_schema<SketchRunRequest>()},
                         {"SketchBranchRequest", request_schema<SketchBranchRequest>()}}}}}};
}

}  // namespace atelier::service
