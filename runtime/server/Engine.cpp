// One session that serves one sequence at a time, see Engine.h.
#include "runtime/server/Engine.h"

#include "runtime/base/Clock.h"

#include <algorithm>
#include <cmath>

namespace gemmart::server {

Drawn judge(std::span<const float> logits, int32_t token, int best) {
  Drawn drawn;
  drawn.chosen.token = token;
  if (best < 0)
    return drawn;
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (float logit : logits)
    largest = std::max(largest, double(logit));
  for (float logit : logits)
    sum += std::exp(double(logit) - largest);
  double base = largest + std::log(sum);
  drawn.chosen.logProbability = double(logits[size_t(token)]) - base;
  std::vector<int32_t> order(best > 0 ? logits.size() : 0);
  for (size_t index = 0; index < order.size(); ++index)
    order[index] = int32_t(index);
  size_t count = std::min(order.size(), size_t(best));
  std::partial_sort(order.begin(), order.begin() + int64_t(count), order.end(), [&](int32_t left, int32_t right) {
    float a = logits[size_t(left)], b = logits[size_t(right)];
    return a != b ? a > b : left < right;
  });
  for (size_t index = 0; index < count; ++index)
    drawn.best.push_back({order[index], double(logits[size_t(order[index])]) - base});
  return drawn;
}

void SingleEngine::admit(std::shared_ptr<Sequence> sequence) {
  current = std::move(sequence);
  current->usage.promptTokens = int64_t(current->prompt.size());
  current->usage.queueSeconds = secondsNow() - current->submitted;
  ready = false;
}

/// Opens the session where there is none, and finds what of the prompt it holds already.
Status SingleEngine::prepare() {
  if (!session) {
    Result<Session> opened = open();
    if (!opened)
      return opened.status();
    session.emplace(std::move(*opened));
    held.clear();
  }
  const std::vector<int32_t> &prompt = current->prompt;
  // At least one id must be fed, so that there are logits; scores need all of them.
  bool continues =
      !current->scorePrompt && held.size() < prompt.size() && std::equal(held.begin(), held.end(), prompt.begin());
  if (!continues) {
    session->reset();
    held.clear();
  }
  current->usage.cachedTokens = int64_t(held.size());
  sampler.emplace(current->sampling, model.vocab_tokens);
  // Someone else's answer lies in the window of the penalties, too.
  for (int32_t token : prompt)
    sampler->accept(token, true);
  logits = {};
  ready = true;
  return {};
}

void SingleEngine::tellPrompt(int64_t position, std::span<const float> row) {
  size_t next = size_t(position) + 1;
  if (next < current->prompt.size() && current->onPrompt)
    current->onPrompt(judge(row, current->prompt[next], std::max(current->best, 0)));
}

Status SingleEngine::readPrompt() {
  double start = secondsNow();
  std::span<const int32_t> rest = std::span(current->prompt).subspan(held.size());
  bool last = int64_t(rest.size()) <= chunk;
  std::span<const int32_t> part = rest.first(size_t(std::min<int64_t>(int64_t(rest.size()), chunk)));
  int64_t rows = current->scorePrompt ? int64_t(part.size()) : last ? 1 : 0;
  Status status = session->feed(part, rows, [&](int64_t position, std::span<float> row) {
    if (current->scorePrompt)
      tellPrompt(position, row);
    logits = row;
    return Status();
  });
  if (!status)
    return status;
  if (!last)
    logits = {};
  held.insert(held.end(), part.begin(), part.end());
  current->usage.promptSeconds += secondsNow() - start;
  return {};
}

/// Draws a token, tells it, and feeds it unless it is the last.
Status SingleEngine::draw() {
  Sequence &sequence = *current;
  if (sequence.usage.drawnTokens >= sequence.maxTokens) {
    end(EndReason::Length);
    return {};
  }
  double start = secondsNow();
  std::vector<float> raw; // what the model thinks, before it is bent
  if (sequence.best >= 0)
    raw.assign(logits.begin(), logits.end());
  Sampler::Mask mask;
  if (sequence.filter)
    mask = [&](std::span<float> row) { sequence.filter->restrict(row); };
  Result<int32_t> token = sampler->sample(logits, mask);
  if (!token)
    return token.status();
  Drawn drawn = judge(raw, *token, sequence.best);
  drawn.isEnd = std::find(sequence.stopIds.begin(), sequence.stopIds.end(), *token) != sequence.stopIds.end();
  if (sequence.usage.drawnTokens++ == 0)
    sequence.usage.firstTokenSeconds = secondsNow() - sequence.submitted;
  sampler->accept(*token, true);
  if (sequence.filter)
    sequence.filter->accept(*token);
  bool goOn = sequence.onToken(drawn);
  sequence.usage.decodeSeconds += secondsNow() - start;
  if (drawn.isEnd || !goOn) {
    end(drawn.isEnd ? EndReason::StopToken : EndReason::Caller);
    return {};
  }
  if (int64_t(held.size()) + 1 >= sequence.contextTokens) {
    end(EndReason::Context);
    return {};
  }
  if (sequence.usage.drawnTokens >= sequence.maxTokens) { // the last token needs no step
    end(EndReason::Length);
    return {};
  }
  start = secondsNow();
  int32_t id = *token;
  Result<std::span<float>> next = session->feed({&id, 1});
  if (!next)
    return next.status();
  logits = *next;
  held.push_back(id);
  sequence.usage.decodeSeconds += secondsNow() - start;
  return {};
}

void SingleEngine::step() {
  if (!current)
    return;
  if (current->cancelled.load(std::memory_order_relaxed)) {
    end(EndReason::Cancelled);
    return;
  }
  Status status = ready ? Status() : prepare();
  if (status)
    status = logits.empty() ? readPrompt() : draw();
  if (!status)
    end(EndReason::Failed, status);
}

void SingleEngine::end(EndReason reason, const Status &status) {
  std::shared_ptr<Sequence> ended = std::move(current);
  current.reset();
  if (reason == EndReason::Failed && session) { // what the cache holds is not known
    session->reset();
    held.clear();
  }
  ended->onEnd(reason, ended->usage, status);
}

void SingleEngine::release() {
  session.reset();
  held.clear();
  sampler.reset();
}

int64_t SingleEngine::cacheBytes() const {
  if (!session)
    return 0;
  return session->pages() * model.page_bytes;
}

} // namespace gemmart::server
