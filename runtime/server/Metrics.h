// What the server counts, and how Prometheus reads it.
#ifndef RUNTIME_SERVER_METRICS_H
#define RUNTIME_SERVER_METRICS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace gemmart::server {

/// Seconds by power-of-two buckets from 1 ms to 128 s. Any thread.
class Histogram {
public:
  void add(double seconds);
  void print(const char *name, const char *help, std::string &out) const;

private:
  static constexpr int kBuckets = 18;
  static double bound(int bucket) { return 0.001 * double(1 << bucket); }
  std::array<std::atomic<int64_t>, kBuckets + 1> counts{};
  std::atomic<double> sum{0};
};

/// Any thread. Labels come from our own tables, never from a client.
struct Metrics {
  std::atomic<int64_t> disconnects{0}, promptTokens{0}, cachedTokens{0}, generatedTokens{0};
  std::atomic<double> promptSeconds{0}, decodeSeconds{0};
  Histogram firstToken, interToken, request, queue;
  void countRequest(const std::string &endpoint, int status);
  void countRejected(const std::string &reason);
  /// All of the above in the text format 0.0.4.
  std::string print() const;

private:
  mutable std::mutex mutex;
  std::map<std::pair<std::string, int>, int64_t> requests;
  std::map<std::string, int64_t> rejected;
};

/// Appends one metric with its type and help.
void printMetric(const char *name, const char *type, const char *help, double value, std::string &out);

/// Bytes of this process in memory, and its open files; 0 where /proc is missing.
int64_t residentBytes();
int64_t openFiles();

} // namespace gemmart::server
#endif
