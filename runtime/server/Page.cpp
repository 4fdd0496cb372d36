// GET /: a page to talk to the model, for browsers; a line for everyone else. See the contract's section 13.
#include "runtime/server/Service.h"

namespace gemmart::server {

namespace {

/// The page, and the SHA-256 of what stands between its style and script tags, in hexadecimal.
struct Page {
  std::string_view text, styleHash, scriptHash;
};

constexpr Page kPage = {
#include "runtime/server/page/Page.inc"
};

} // namespace

/// As a security policy writes it: 'sha256-BASE64'.
static std::string policyHash(std::string_view hex) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += char(digit(hex[at]) * 16 + digit(hex[at + 1]));
  return "'sha256-" + toBase64(bytes) + "'";
}

static void root(Service &service, std::shared_ptr<Exchange> exchange) {
  const std::string *accept = exchange->request.head.find("accept");
  if (!accept || accept->find("text/html") == std::string::npos)
    return exchange->answer(
        {200, service.headers(exchange->request, "text/plain; charset=utf-8"), "Ollama is running"});
  Headers headers = service.headers(exchange->request, "text/html; charset=utf-8");
  headers.emplace_back("Content-Security-Policy",
                       "default-src 'none'; connect-src 'self'; img-src data: blob:; media-src blob:; style-src " +
                           policyHash(kPage.styleHash) + "; script-src " + policyHash(kPage.scriptHash) +
                           "; frame-ancestors 'none'");
  exchange->answer({200, std::move(headers), std::string(kPage.text)});
}

std::vector<Route> pageRoutes() {
  return {{"GET", "/", Family::Ollama, root, true}};
}

} // namespace gemmart::server
