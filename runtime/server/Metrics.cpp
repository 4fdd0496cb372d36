// Counters and histograms, see Metrics.h.
#include "runtime/server/Metrics.h"

#include "runtime/base/Text.h"

#include <cstdio>
#include <dirent.h>
#include <unistd.h>

namespace gemmart::server {

static void header(const char *name, const char *type, const char *help, std::string &out) {
  out += format("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void printMetric(const char *name, const char *type, const char *help, double value, std::string &out) {
  header(name, type, help, out);
  out += format("%s %.17g\n", name, value);
}

void Histogram::add(double seconds) {
  int bucket = 0;
  while (bucket < kBuckets && seconds > bound(bucket))
    ++bucket;
  ++counts[size_t(bucket)];
  sum += seconds;
}

void Histogram::print(const char *name, const char *help, std::string &out) const {
  header(name, "histogram", help, out);
  int64_t total = 0;
  for (int bucket = 0; bucket < kBuckets; ++bucket)
    out += format("%s_bucket{le=\"%g\"} %lld\n", name, bound(bucket), (long long)(total += counts[size_t(bucket)]));
  total += counts[kBuckets];
  out += format("%s_bucket{le=\"+Inf\"} %lld\n%s_sum %.9g\n%s_count %lld\n", name, (long long)total, name, sum.load(),
                name, (long long)total);
}

void Metrics::countRequest(const std::string &endpoint, int status) {
  std::unique_lock lock(mutex);
  ++requests[{endpoint, status}];
}

void Metrics::countRejected(const std::string &reason) {
  std::unique_lock lock(mutex);
  ++rejected[reason];
}

std::string Metrics::print() const {
  std::string out;
  {
    std::unique_lock lock(mutex);
    header("gemmac_requests_total", "counter", "requests by endpoint and status", out);
    for (const auto &[key, count] : requests)
      out += format("gemmac_requests_total{endpoint=\"%s\",code=\"%d\"} %lld\n", key.first.c_str(), key.second,
                    (long long)count);
    header("gemmac_rejected_total", "counter", "requests refused before they ran", out);
    for (const auto &[reason, count] : rejected)
      out += format("gemmac_rejected_total{reason=\"%s\"} %lld\n", reason.c_str(), (long long)count);
  }
  auto counter = [&](const char *name, const char *help, double value) {
    printMetric(name, "counter", help, value, out);
  };
  counter("gemmac_disconnects_total", "clients that left before their answer was complete", double(disconnects));
  counter("gemmac_prompt_tokens_total", "tokens of prompts, cached ones included", double(promptTokens));
  counter("gemmac_prompt_cached_tokens_total", "tokens of prompts that were still in the cache", double(cachedTokens));
  counter("gemmac_generated_tokens_total", "tokens of answers", double(generatedTokens));
  counter("gemmac_prompt_seconds_total", "time spent on prompts", promptSeconds);
  counter("gemmac_decode_seconds_total", "time spent on answers", decodeSeconds);
  firstToken.print("gemmac_time_to_first_token_seconds", "from the queue to the first token", out);
  interToken.print("gemmac_inter_token_seconds", "mean time between tokens of an answer", out);
  request.print("gemmac_request_seconds", "from the head of a request to the end of its answer", out);
  queue.print("gemmac_queue_seconds", "time spent waiting for a slot", out);
  return out;
}

int64_t residentBytes() {
  FILE *file = fopen("/proc/self/statm", "re");
  long long size = 0, resident = 0;
  if (!file)
    return 0;
  if (fscanf(file, "%lld %lld", &size, &resident) != 2)
    resident = 0;
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t openFiles() {
  DIR *folder = opendir("/proc/self/fd");
  if (!folder)
    return 0;
  int64_t count = 0;
  while (readdir(folder))
    ++count;
  closedir(folder);
  return count - 3; // ".", ".." and the folder itself
}

} // namespace gemmart::server
