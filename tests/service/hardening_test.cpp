// What a service must stand: each test is one item of the hardening list, over real sockets, and fails without the guard.
#include "apps/service/keys.h"
#include "base/files.h"
#include "tests/service/fake_engine.h"

#include <list>

namespace atelier::service {
namespace {

using std::chrono::milliseconds;

json drawing(int64_t steps = 1) { return {{"prompt", "x"}, {"steps", steps}}; }

class Hardening : public Live {
 protected:
  void SetUp() override {
    options.limits.body_bytes = 64 << 10;
    options.limits.linger = milliseconds(500);
    options.log_json = true;
  }
  /// Sends as much as the other side takes.
  static Response send_and_read(uint16_t port, const std::string& text) {
    Client client(port);
    client.send(text);
    return client.response();
  }
};

// 1. Bodies are counted however they are framed.
TEST_F(Hardening, BodiesAreLimitedAnnouncedAndChunked) {
  start();
  EXPECT_EQ(refused(413, send_and_read(port, request_text("POST", "/v1/embeddings", std::string(65 << 10, 'x'))))["code"], "body_too_large");
  Client client(port);
  client.send("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (int i = 0; i < 400 && client.send(chunk); ++i) {}
  EXPECT_EQ(client.response().status, 413);
  // A body just within the limit is read.
  EXPECT_EQ(post("/v1/embeddings", {{"input", std::string(60 << 10, 'x')}}).status, 200);
}

TEST_F(Hardening, HeadsAreLimited) {
  start();
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(refused(431, send_and_read(port, "GET /health HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n"))["code"], "too_many_fields");
  std::string many;
  for (int i = 0; i < 60000; ++i) many += "X: 1\r\n";
  EXPECT_EQ(send_and_read(port, "GET /health HTTP/1.1\r\nHost: localhost\r\n" + many + "\r\n").status, 431);
  EXPECT_EQ(send_and_read(port, "GET /health HTTP/1.1\r\nHost: " + std::string(20000, 'a') + "\r\n\r\n").status, 431);
  EXPECT_EQ(send_and_read(port, std::string(200000, 'G')).status, 431);  // no line end at all
  EXPECT_EQ(refused(414, ask(port, "GET", "/" + std::string(8200, 'a')))["code"], "target_too_long");
}

TEST_F(Hardening, WhatIsNotHttpIsRefused) {
  start();
  for (const char* text : {"\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
                           "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                           "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                           "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
                           "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const int status = send_and_read(port, text).status;
    EXPECT_TRUE(status == 400 || status == 505 || status == 413) << text << ": " << status;
  }
  EXPECT_EQ(send_and_read(port, "GET /health HTTP/1.1\r\n\r\n").status, 400);  // no Host
  EXPECT_EQ(send_and_read(port, "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n").status, 400);
  EXPECT_EQ(send_and_read(port, "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n").status, 400);
  EXPECT_EQ(ask(port, "GET", "/health").status, 200);
}

TEST_F(Hardening, BodiesAreNotCompressedAndOfAKnownType) {
  start();
  EXPECT_EQ(ask(port, "POST", "/v1/embeddings", "{}", {{"Content-Encoding", "gzip"}}).status, 415);
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/xml", ""})
    EXPECT_EQ(ask(port, "POST", "/v1/embeddings", "{}", {{"Content-Type", type}}).status, 415) << type;
}

// 2. Deadlines are for whole phases: a byte now and then does not keep a connection.
TEST_F(Hardening, DrippingClientsAreCutOffAndOthersAreServed) {
  options.limits.head = milliseconds(1500);
  options.limits.body = milliseconds(1500);
  start();
  std::list<Client> slow;
  for (int i = 0; i < 64; ++i) slow.emplace_back(port).send(i % 2 ? "GET /health HT" : "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
  const auto start_time = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(port, "GET", "/health").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start_time, milliseconds(1000));
  for (int i = 0; i < 18; ++i) {  // longer than any deadline, never silent
    std::this_thread::sleep_for(milliseconds(100));
    for (Client& client : slow) client.send("a");
  }
  for (Client& client : slow) EXPECT_TRUE(client.closes(2000));
}

TEST_F(Hardening, IdleConnectionsEndAndMakeRoom) {
  options.limits.idle = milliseconds(400);
  options.limits.connections = 20;
  start();
  std::list<Client> idle;
  for (int i = 0; i < 100; ++i) idle.emplace_back(port);
  EXPECT_EQ(ask(port, "GET", "/health").status, 200);  // the oldest idle one made room
  EXPECT_TRUE(idle.front().closes(100));
  EXPECT_TRUE(idle.back().closes(2000));
}

TEST_F(Hardening, BusyConnectionsAreLimitedInAllAndByAddress) {
  options.limits.connections = 3;
  start();
  controls.hold = true;
  std::list<Client> busy;
  for (int i = 0; i < 3; ++i) busy.emplace_back(port).send(request_text("POST", "/v1/images/generations", drawing().dump()));
  controls.wait_for(controls.begun, 1);
  std::this_thread::sleep_for(milliseconds(100));
  const Response response = ask(port, "GET", "/health");
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.contains("retry-after"));
  controls.hold = false;
  for (Client& client : busy) EXPECT_EQ(client.response().status, 200);
  busy.clear();
  stop();

  options.limits.connections = 100;
  options.limits.connections_per_address = 2;
  controls.begun = 0;
  start();
  controls.hold = true;
  for (int i = 0; i < 2; ++i) busy.emplace_back(port).send(request_text("POST", "/v1/images/generations", drawing().dump()));
  controls.wait_for(controls.begun, 1);
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(ask(port, "GET", "/health").status, 429);
  controls.hold = false;
  for (Client& client : busy) EXPECT_EQ(client.response().status, 200);
}

TEST_F(Hardening, AFullQueueSaysWhenToComeBack) {
  options.limits.queue = 2;
  start();
  controls.hold = true;
  std::list<Client> waiting;
  waiting.emplace_back(port).send(request_text("POST", "/v1/images/generations", drawing().dump()));
  controls.wait_for(controls.begun, 1);
  for (int i = 0; i < 2; ++i) waiting.emplace_back(port).send(request_text("POST", "/v1/images/generations", drawing().dump()));
  std::this_thread::sleep_for(milliseconds(200));
  const Response response = post("/v1/images/generations", drawing());
  EXPECT_EQ(refused(503, response)["code"], "queue_full");
  EXPECT_TRUE(response.headers.contains("retry-after"));
  EXPECT_EQ(ask(port, "GET", "/v1/models").status, 200);  // what needs no model is not held up
  // Those that leave do not keep their places.
  waiting.pop_back();
  std::this_thread::sleep_for(milliseconds(200));
  waiting.emplace_back(port).send(request_text("POST", "/v1/images/generations", drawing().dump()));
  std::this_thread::sleep_for(milliseconds(200));
  controls.hold = false;
  for (Client& client : waiting) EXPECT_EQ(client.response().status, 200);
}

TEST_F(Hardening, ARequestThatTakesTooLongIsStopped) {
  options.limits.request = milliseconds(300);
  start();
  controls.hold = true;
  EXPECT_EQ(refused(504, post("/v1/images/generations", drawing()))["type"], "timeout_error");
  controls.wait_for(controls.cancelled, 1);
  controls.hold = false;
  EXPECT_EQ(post("/v1/images/generations", drawing()).status, 200);
}

TEST_F(Hardening, BodiesInMemoryAreLimitedTogether) {
  options.limits.bodies_bytes = 100 << 10;
  start();
  const std::string half = request_text("POST", "/v1/embeddings", std::string(60 << 10, 'x'));
  Client first(port);
  first.send(half.substr(0, 2000));  // announces 60 KiB
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(refused(503, send_and_read(port, half))["code"], "busy");
  first.close();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(send_and_read(port, half).status, 400);  // it was read: it is no JSON
}

// 3. What went wrong inside stays inside.
TEST_F(Hardening, ErrorsOfOursAreForTheLogAlone) {
  start();
  const auto draw = [&](const char* prompt) { return post("/v1/images/generations", {{"prompt", prompt}, {"steps", 1}}); };
  for (const char* prompt : {"broken", "libtorch"}) {
    const Response response = draw(prompt);
    EXPECT_EQ(refused(500, response)["type"], "server_error");
    EXPECT_EQ(response.body.find("secret"), std::string::npos);
    EXPECT_FALSE(response.headers.at("x-request-id").empty());
  }
  EXPECT_EQ(refused(503, draw("no memory"))["code"], "out_of_memory");
  EXPECT_EQ(draw("x").status, 200);  // the process and its model live
  // In the middle of a stream, too, it is an event.
  const Response stream = post("/v1/images/generations", {{"prompt", "broken"}, {"stream", true}});
  EXPECT_EQ(stream.status, 200);
  EXPECT_TRUE(json::parse(events(stream.body).back()).contains("error"));
  EXPECT_EQ(stream.body.find("secret"), std::string::npos);
}

// 4. Keys, hosts, origins.
TEST_F(Hardening, KeysAreAskedForAndToBeReachedFromElsewhereNeeded) {
  tests::TemporaryFolder folder;
  base::write_file(folder / "keys", "# ours\nsk-0123456789abcdef\n\nsk-another-good-key\n");
  options.api_key_file = folder / "keys";
  start();
  EXPECT_EQ(refused(401, ask(port, "GET", "/v1/models"))["code"], "invalid_api_key");
  EXPECT_EQ(ask(port, "GET", "/v1/models").headers.at("www-authenticate"), "Bearer");
  for (const char* wrong : {"Bearer sk-0123456789abcdeX", "Bearer ", "Basic sk-0123456789abcdef", "sk-0123456789abcdef", "Bearer sk-0123456789abcdef0"})
    EXPECT_EQ(ask(port, "GET", "/v1/models", "", {{"Authorization", wrong}}).status, 401) << wrong;
  for (const char* right : {"Bearer sk-0123456789abcdef", "bearer sk-another-good-key"})
    EXPECT_EQ(ask(port, "GET", "/v1/models", "", {{"Authorization", right}}).status, 200) << right;
  EXPECT_EQ(ask(port, "GET", "/metrics").status, 401);
  EXPECT_EQ(ask(port, "GET", "/nowhere").status, 401);  // strangers learn no paths
  EXPECT_EQ(ask(port, "GET", "/health").status, 200);
  // Nobody without a key makes us read a body.
  Client client(port);
  client.send("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n");
  EXPECT_EQ(client.response().status, 401);
}

TEST(ApiKeyFile, WhatItMustHold) {
  tests::TemporaryFolder folder;
  const auto keys = [&](const std::string& text) {
    base::write_file(folder / "keys", text);
    return ApiKeys(folder / "keys");
  };
  EXPECT_ERROR(keys("short\n"), base::InvalidFile, "line 1 must have 16 to 256");
  EXPECT_ERROR(keys("sk-0123456789abcdef\nwith a space in it\n"), base::InvalidFile, "line 2");
  EXPECT_ERROR(keys("# none\n"), base::InvalidFile, "no key in it");
  EXPECT_TRUE(keys("sk-0123456789abcdef\r\n").accepts("Bearer sk-0123456789abcdef"));
}

TEST_F(Hardening, OpenAddressesNeedKeys) {
  options.host = "0.0.0.0";
  options.port = 0;
  EXPECT_ERROR(Service(options, [] { return std::unique_ptr<Engine>(); }), base::InvalidArgument, "needs --api-key-file");
  options.host = "not an address";
  EXPECT_ERROR(Service(options, [] { return std::unique_ptr<Engine>(); }), base::InvalidArgument, "no address to listen at");
  options.host = "127.0.0.1";
  options.origins = {"*"};
  EXPECT_ERROR(Service(options, [] { return std::unique_ptr<Engine>(); }), base::InvalidArgument, "an origin is a scheme and a host");
  options.origins.clear();
  start();
  options.port = port;
  EXPECT_ERROR(Service(options, [] { return std::unique_ptr<Engine>(); }), base::ResourceError, "cannot listen");
}

// A page of another site, or a name that its DNS points at this machine, does not get in.
TEST_F(Hardening, HostsAndOriginsOfOthersAreRefused) {
  options.origins = {"https://chat.example"};
  start();
  const auto status = [&](const Headers& headers) { return ask(port, "POST", "/v1/embeddings", R"({"input": "x"})", headers).status; };
  EXPECT_EQ(status({{"Host", "evil.example"}}), 403);
  EXPECT_EQ(status({{"Host", "localhost.evil.example"}}), 403);
  EXPECT_EQ(status({{"Host", "127.0.0.1.evil.example:80"}}), 403);
  for (const std::string host : {"localhost", "localhost:8080", "127.0.0.1", "[::1]:80", "chat.example"}) EXPECT_EQ(status({{"Host", host}}), 200) << host;
  EXPECT_EQ(status({{"Origin", "https://evil.example"}}), 403);
  EXPECT_EQ(status({{"Origin", "null"}}), 403);
  EXPECT_EQ(status({{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(status({{"Host", "localhost:9"}, {"Origin", "http://localhost:9"}}), 200);  // its own page
  const Response allowed = ask(port, "POST", "/v1/embeddings", R"({"input": "x"})", {{"Origin", "https://chat.example"}});
  EXPECT_EQ(allowed.headers.at("access-control-allow-origin"), "https://chat.example");
  EXPECT_FALSE(allowed.headers.contains("access-control-allow-credentials"));
  EXPECT_FALSE(post("/v1/embeddings", {{"input", "x"}}).headers.contains("access-control-allow-origin"));
  const Response preflight = ask(port, "OPTIONS", "/v1/embeddings", "", {{"Origin", "https://chat.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.at("access-control-allow-origin"), "https://chat.example");
  EXPECT_EQ(ask(port, "OPTIONS", "/v1/embeddings", "", {{"Origin", "https://evil.example"}}).status, 403);
}

TEST_F(Hardening, AnswersCarryTheHeadersThatKeepBrowsersSafe) {
  start();
  const Response response = ask(port, "GET", "/health");
  EXPECT_EQ(response.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(response.headers.at("cache-control"), "no-store");
  EXPECT_NE(response.headers.at("content-security-policy").find("default-src 'none'"), std::string::npos);
}

TEST_F(Hardening, PathsAndMethodsThatAreNone) {
  start();
  EXPECT_EQ(refused(404, ask(port, "GET", "/etc/passwd"))["type"], "not_found_error");
  EXPECT_EQ(ask(port, "GET", "/v1/models/../../etc/passwd").status, 404);
  EXPECT_EQ(ask(port, "GET", "/v1/chat/completions").status, 405);
  EXPECT_EQ(ask(port, "DELETE", "/health").headers.at("allow"), "GET");
  // Nothing is answered in parts, so no range of one has to be checked.
  const Response whole = ask(port, "GET", "/v1/models", "", {{"Range", "bytes=0-3"}});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, ask(port, "GET", "/v1/models").body);
  const Response head = ask(port, "HEAD", "/health");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

// 5. Clients that leave, services that stop.
TEST_F(Hardening, WorkForAClientThatLeftIsCancelled) {
  start();
  controls.hold = true;
  {
    Client client(port);
    client.send(request_text("POST", "/v1/images/generations", drawing(1000).dump()));
    controls.wait_for(controls.begun, 1);
  }
  controls.wait_for(controls.cancelled, 1);
  {
    Client client(port);  // in the middle of a stream
    client.send(request_text("POST", "/v1/chat/completions", R"({"messages": [{"role": "user", "content": "a b c"}], "stream": true, "max_tokens": 1000})"));
    client.read_until("data: ");
  }
  controls.wait_for(controls.cancelled, 2);
  controls.hold = false;
  EXPECT_EQ(post("/v1/images/generations", drawing()).status, 200);
  EXPECT_NE(ask(port, "GET", "/metrics").body.find("atelier_clients_left_total 2"), std::string::npos);
}

TEST_F(Hardening, AClientThatDoesNotReadIsCutOff) {
  options.limits.unsent_bytes = 256 << 10;
  start();
  controls.hold = true;
  Client client(port);
  const json message = {{"role", "user"}, {"content", std::string(50000, 'w')}};
  client.send(request_text("POST", "/v1/chat/completions", json{{"messages", {message}}, {"stream", true}}.dump()));
  controls.wait_for(controls.cancelled, 1);  // its socket is full, then our buffer: the work ends
  controls.hold = false;
}

TEST_F(Hardening, LoadingIsSaidUntilItIsDone) {
  controls.hold_loading = true;
  start();
  Response response = ask(port, "GET", "/health");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body)["status"], "loading");
  EXPECT_TRUE(response.headers.contains("retry-after"));
  EXPECT_EQ(refused(503, post("/v1/images/generations", drawing()))["code"], "loading");
  EXPECT_EQ(ask(port, "GET", "/v1/models").status, 503);
  controls.hold_loading = false;
  wait_until_ready();
  EXPECT_EQ(ask(port, "GET", "/v1/models").status, 200);
}

TEST_F(Hardening, DrainingEndsWhatIsInWorkAndRefusesTheRest) {
  start();
  controls.hold = true;
  Client busy(port), idle(port);
  busy.send(request_text("POST", "/v1/images/generations", drawing(2).dump()));
  controls.wait_for(controls.begun, 1);
  service->drain();
  std::this_thread::sleep_for(milliseconds(100));
  idle.send(request_text("POST", "/v1/images/generations", drawing().dump()));
  EXPECT_EQ(refused(503, idle.response())["code"], "draining");
  const Response health = ask(port, "GET", "/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(json::parse(health.body)["status"], "draining");
  controls.hold = false;
  const Response answer = busy.response();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  thread.join();
  EXPECT_THROW(Client{port}, std::runtime_error);
  service.reset();
}

TEST_F(Hardening, DrainingDoesNotWaitForever) {
  options.limits.drain = milliseconds(200);
  start();
  controls.hold = true;
  Client busy(port);
  busy.send(request_text("POST", "/v1/images/generations", drawing(2).dump()));
  controls.wait_for(controls.begun, 1);
  service->drain();
  controls.wait_for(controls.cancelled, 1);
  EXPECT_EQ(busy.response().status, 503);
  thread.join();
  service.reset();
}

TEST_F(Hardening, ConnectionsAreKeptAndRequestsMayBeSentAhead) {
  start();
  Client client(port);
  client.send(request_text("GET", "/health") + request_text("GET", "/v1/models") + request_text("GET", "/nowhere") + request_text("GET", "/health", "", {{"Connection", "close"}}));
  EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(client.response().status, 404);
  EXPECT_EQ(client.response().headers.at("connection"), "close");
  EXPECT_TRUE(client.closes(2000));
}

TEST_F(Hardening, AClientMayAskBeforeItSendsMuch) {
  start();
  Client client(port);
  client.send("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.response().status, 100);
  client.send(R"({"input": "a"})");
  EXPECT_EQ(client.response().status, 200);
}

// A client that has said all may close its half and read on.
TEST_F(Hardening, ARefusalReachesAClientThatClosedItsHalf) {
  start();
  Client client(port);
  client.send(request_text("GET", "/nowhere"));
  client.half_close();
  EXPECT_EQ(client.response().status, 404);
}

}  // namespace
}  // namespace atelier::service
