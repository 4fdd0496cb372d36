// First come, first served, see Scheduler.h.
#include "runtime/server/Scheduler.h"

#include "runtime/base/Clock.h"

#include <algorithm>
#include <chrono>

namespace gemmart::server {

static double unixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

bool Scheduler::submit(std::span<const std::shared_ptr<Sequence>> sequences) {
  std::unique_lock lock(mutex);
  int64_t room = maxQueue + std::max<int64_t>(slotCount - busy(), 0);
  if (isDraining || stopping || int64_t(waiting.size() + sequences.size()) > room)
    return false;
  for (const std::shared_ptr<Sequence> &sequence : sequences) {
    sequence->submitted = secondsNow();
    waiting.push_back(sequence);
  }
  isLoaded = true;
  expiry = -1; // counts again when the last has ended
  changed.notify_one();
  return true;
}

void Scheduler::dropCancelled(std::unique_lock<std::mutex> &lock) {
  std::vector<std::shared_ptr<Sequence>> gone;
  for (auto at = waiting.begin(); at != waiting.end();)
    if ((*at)->cancelled || stopping) {
      gone.push_back(std::move(*at));
      at = waiting.erase(at);
    } else {
      ++at;
    }
  lock.unlock();
  for (const std::shared_ptr<Sequence> &sequence : gone) {
    sequence->usage.queueSeconds = secondsNow() - sequence->submitted;
    sequence->onEnd(EndReason::Cancelled, sequence->usage, {});
  }
  lock.lock();
}

void Scheduler::admitWaiting(std::unique_lock<std::mutex> &lock) {
  while (!waiting.empty() && engine.busy() < engine.slots()) {
    admitted.push_back(waiting.front());
    engine.admit(std::move(waiting.front()));
    waiting.pop_front();
  }
  std::erase_if(admitted, [](const std::weak_ptr<Sequence> &sequence) { return sequence.expired(); });
  if (stopping)
    for (const std::weak_ptr<Sequence> &each : admitted)
      if (std::shared_ptr<Sequence> sequence = each.lock())
        sequence->cancelled = true;
  running = engine.busy();
}

void Scheduler::setExpiry() {
  expiry = keepSeconds < 0 ? -1 : unixSeconds() + keepSeconds;
}

void Scheduler::run() {
  std::unique_lock lock(mutex);
  while (true) {
    dropCancelled(lock);
    admitWaiting(lock);
    if (engine.busy() > 0) {
      lock.unlock();
      engine.step();
      cache = engine.cacheBytes();
      lock.lock();
      running = engine.busy();
      if (engine.busy() == 0 && waiting.empty())
        setExpiry();
      continue;
    }
    if (!waiting.empty())
      continue;
    if (stopping)
      return;
    double left = expiry < 0 ? 1e9 : expiry - unixSeconds();
    if (isLoaded && (releaseWanted || left <= 0)) {
      engine.release();
      cache = 0;
      isLoaded = releaseWanted = false;
      continue;
    }
    changed.wait_for(lock, std::chrono::duration<double>(isLoaded ? std::clamp(left, 0.01, 60.0) : 60.0));
  }
}

void Scheduler::drain() {
  isDraining = true;
}

void Scheduler::stop() {
  std::unique_lock lock(mutex);
  isDraining = stopping = true;
  changed.notify_one();
}

void Scheduler::wake() {
  std::unique_lock lock(mutex);
  changed.notify_one();
}

void Scheduler::keepAlive(double seconds) {
  std::unique_lock lock(mutex);
  keepSeconds = seconds;
  if (isLoaded && busy() == 0 && waiting.empty())
    setExpiry();
  changed.notify_one();
}

void Scheduler::unload() {
  std::unique_lock lock(mutex);
  releaseWanted = isLoaded;
  changed.notify_one();
}

void Scheduler::load() {
  std::unique_lock lock(mutex);
  isLoaded = true;
  if (busy() == 0 && waiting.empty())
    setExpiry();
  changed.notify_one();
}

int64_t Scheduler::queued() const {
  std::unique_lock lock(mutex);
  return int64_t(waiting.size());
}

} // namespace gemmart::server
