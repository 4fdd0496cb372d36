// The strict reader of heads: every prefix waits, every ambiguity is refused.
#include "runtime/server/Head.h"

#include <gtest/gtest.h>

using namespace gemmart::server;

namespace {

int statusOf(const std::string &text) {
  Head head;
  return scanHead(text, head).status;
}

TEST(Head, ReadsLineAndFields) {
  std::string text = "POST /api/chat?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nX-Odd:  b c \r\n\r\nbody";
  Head head;
  HeadScan scan = scanHead(text, head);
  EXPECT_EQ(scan.bytes, text.size() - 4);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/api/chat?x=1");
  EXPECT_EQ(head.contentLength, 12);
  EXPECT_EQ(*head.find("x-odd"), "b c");
  EXPECT_TRUE(head.keepAlive);
  for (size_t length = 0; length < scan.bytes; ++length) {
    HeadScan part = scanHead(text.substr(0, length), head);
    EXPECT_EQ(part.bytes, 0u) << length;
    EXPECT_EQ(part.status, 0) << length;
  }
}

TEST(Head, RefusesWhatCanBeReadTwoWays) {
  std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(statusOf(start + "\r\n"), 0);
  for (const char *bad : {"Host: a\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: -1\r\n",
                          "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", " folded: x\r\n", "a : b\r\n",
                          "a\r\n", ": b\r\n", "a: b\n", "a: \x01\r\n", "a: b\rc\r\n", "Content-Length: 0x10\r\n",
                          "Content-Length: 9999999999999999999\r\n", "Content-Length: \r\n"})
    EXPECT_EQ(statusOf(start + bad + "\r\n"), 400) << bad;
  EXPECT_EQ(statusOf(start + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n"), 0);
  EXPECT_EQ(statusOf("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(statusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(statusOf("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(statusOf("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
}

TEST(Head, HasLimits) {
  EXPECT_EQ(statusOf("GET /" + std::string(9000, 'x')), 414);
  EXPECT_EQ(statusOf("GET / HTTP/1.1\r\na: " + std::string(40000, 'x')), 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int field = 0; field < 100; ++field)
    many += "a: b\r\n";
  EXPECT_EQ(statusOf(many), 431);
}

TEST(Head, SplitsTargets) {
  std::string path, query;
  EXPECT_TRUE(splitTarget("/v1/models/a%3Ab?x=%zz", path, query));
  EXPECT_EQ(path, "/v1/models/a:b");
  EXPECT_EQ(query, "x=%zz");
  EXPECT_TRUE(splitTarget("http://host/a", path, query));
  EXPECT_EQ(path, "/a");
  for (const char *bad : {"/a/../b", "/..", "/%2e%2e/a", "/%00", "/%0", "/%zz", "/a\\b", "a", "*"})
    EXPECT_FALSE(splitTarget(bad, path, query)) << bad;
}

} // namespace
