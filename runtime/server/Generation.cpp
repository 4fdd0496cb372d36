// Answers in the making, see Generation.h.
#include "runtime/server/Generation.h"

#include "runtime/base/Clock.h"

#include <algorithm>
#include <limits>

namespace gemmart::server {

std::string StopFinder::push(std::string_view text) {
  if (hit)
    return {};
  held += text;
  size_t first = std::string::npos;
  for (const std::string &stop : stops)
    if (size_t at = held.find(stop); at < first) {
      first = at;
      hit = &stop;
    }
  if (hit) {
    std::string out = held.substr(0, first);
    held.clear();
    return out;
  }
  // The longest end of the text that some stop string begins with stays.
  size_t keep = 0;
  for (const std::string &stop : stops)
    for (size_t length = std::min(stop.size() - 1, held.size()); length > keep; --length)
      if (held.compare(held.size() - length, length, stop, 0, length) == 0)
        keep = length;
  std::string out = held.substr(0, held.size() - keep);
  held.erase(0, held.size() - keep);
  return out;
}

std::string StopFinder::finish() {
  return std::exchange(held, {});
}

Value toValue(const Json &json) {
  switch (json.kind) {
  case Json::Kind::Null:
    return nullptr;
  case Json::Kind::Bool:
    return json.flag;
  case Json::Kind::Number:
    return Value::parse(json.text, nullptr, false);
  case Json::Kind::String:
    return json.text;
  case Json::Kind::Array: {
    Value list = Value::array();
    for (const Json &item : json.items)
      list.push_back(toValue(item));
    return list;
  }
  case Json::Kind::Object: {
    Value object = Value::object();
    for (const JsonMember &member : json.members)
      object[member.name] = toValue(member.value);
    return object;
  }
  }
  return nullptr;
}

Json toJson(const Value &value) {
  Json json;
  if (value.is_boolean()) {
    json.kind = Json::Kind::Bool;
    json.flag = value.get<bool>();
  } else if (value.is_number()) {
    json.kind = Json::Kind::Number;
    json.text = value.dump();
  } else if (value.is_string()) {
    json = Json::string(value.get<std::string>());
  } else if (value.is_array()) {
    json.kind = Json::Kind::Array;
    for (const Value &item : value)
      json.items.push_back(toJson(item));
  } else if (value.is_object()) {
    json.kind = Json::Kind::Object;
    for (auto item = value.begin(); item != value.end(); ++item)
      json.members.push_back({item.key(), toJson(*item)});
  }
  return json;
}

namespace {

/// Ends a thought that grew too long, and leaves everything else to another filter.
class ThoughtLimit : public TokenFilter {
public:
  ThoughtLimit(int32_t opens, int32_t closes, int64_t most, bool inside, std::shared_ptr<TokenFilter> rest)
      : opens(opens), closes(closes), most(most), inside(inside), rest(std::move(rest)) {}

  void restrict(std::span<float> logits) override {
    if (inside && count >= most) {
      float kept = std::max(logits[size_t(closes)], std::numeric_limits<float>::lowest());
      std::fill(logits.begin(), logits.end(), -std::numeric_limits<float>::infinity());
      logits[size_t(closes)] = kept;
    } else if (rest) {
      rest->restrict(logits);
    }
  }
  void accept(int32_t token) override {
    if (token == opens || token == closes) {
      inside = token == opens;
      count = 0;
    } else if (inside) {
      ++count;
    }
    if (rest)
      rest->accept(token);
  }

private:
  const int32_t opens, closes;
  const int64_t most;
  int64_t count = 0;
  bool inside;
  std::shared_ptr<TokenFilter> rest;
};

/// One answer in the making.
class Writer {
public:
  Writer(const Task &task, const Tokenizer &tokenizer)
      : task(task), tokenizer(tokenizer), raw(tokenizer), stops(task.stops),
        parser(tokenizer, {task.calls, task.startsInThought}) {}

  /// Takes a token; returns whether to go on. `delta` gets what is certain.
  bool push(const Drawn &drawn, Delta &delta);
  void finish(Delta &delta);

  const std::string *stopString() const { return stops.found(); }
  Answer answer;

private:
  void add(std::vector<OutputPart> parts, Delta &delta);
  void content(const std::string &text, Delta &delta);
  void release(size_t bytes, Delta &delta);

  const Task &task;
  const Tokenizer &tokenizer;
  StreamDecoder raw;
  StopFinder stops;
  OutputParser parser;
  std::deque<std::pair<Judged, size_t>> waiting; ///< tokens of the content whose text is not out yet, and its length
  size_t surplus = 0;                            ///< bytes that are out but belong to no token yet
};

void Writer::release(size_t bytes, Delta &delta) {
  surplus += bytes;
  while (!waiting.empty() && waiting.front().second <= surplus) {
    surplus -= waiting.front().second;
    delta.tokens.push_back(std::move(waiting.front().first));
    waiting.pop_front();
  }
}

void Writer::content(const std::string &text, Delta &delta) {
  std::string certain = stops.push(text);
  release(certain.size(), delta);
  delta.content += certain;
}

void Writer::add(std::vector<OutputPart> parts, Delta &delta) {
  for (OutputPart &part : parts) {
    if (part.kind == OutputPart::Kind::Content)
      content(part.text, delta);
    else if (part.kind == OutputPart::Kind::Thought && task.showThoughts)
      delta.thought += part.text;
    else if (part.kind == OutputPart::Kind::Call)
      delta.calls.push_back({std::move(part.text), toValue(part.arguments)});
  }
}

bool Writer::push(const Drawn &drawn, Delta &delta) {
  if (drawn.isEnd)
    return false;
  answer.tokens.push_back(drawn.chosen.token);
  std::string bytes;
  tokenizer.appendBytes(drawn.chosen.token, false, bytes);
  std::vector<OutputPart> parts;
  bool thinking = false;
  if (task.takeApart) {
    thinking = parser.inThought();
    parser.push(drawn.chosen.token, parts);
    thinking |= parser.inThought();
  } else {
    parts.push_back({OutputPart::Kind::Content, raw.push(drawn.chosen.token), {}});
  }
  answer.thoughtTokens += thinking;
  if (task.best >= 0) {
    if (thinking || bytes.empty())
      delta.tokens.push_back({drawn, false});
    else
      waiting.emplace_back(Judged{drawn, true}, bytes.size());
  }
  add(std::move(parts), delta);
  if (stops.found())
    return false;
  return !(task.oneCall && !delta.calls.empty());
}

void Writer::finish(Delta &delta) {
  std::vector<OutputPart> parts;
  if (stops.found())
    return;
  if (task.takeApart)
    parser.finish(parts);
  else
    parts.push_back({OutputPart::Kind::Content, raw.finish(), {}});
  add(std::move(parts), delta);
  if (!stops.found()) {
    delta.content += stops.finish();
    release(std::numeric_limits<size_t>::max() / 2, delta);
  }
  answer.brokenCalls = parser.brokenCalls();
}

static void append(Delta &to, const Delta &from) {
  to.content += from.content;
  to.thought += from.thought;
  to.calls.insert(to.calls.end(), from.calls.begin(), from.calls.end());
  to.tokens.insert(to.tokens.end(), from.tokens.begin(), from.tokens.end());
}

static uint64_t seedOf(uint64_t seed, size_t index) {
  return index == 0 ? seed : seed ^ (0x9e3779b97f4a7c15u * index);
}

/// A task while it runs: shared by its sequences and the exchange.
class Generation : public std::enable_shared_from_this<Generation> {
public:
  Generation(Task task, std::shared_ptr<Exchange> exchange, std::shared_ptr<Listener> listener, Scheduler &scheduler,
             Metrics &metrics, const Tokenizer &tokenizer)
      : task(std::move(task)), exchange(std::move(exchange)), listener(std::move(listener)), scheduler(scheduler),
        metrics(metrics), tokenizer(tokenizer) {}
  Problem start();

private:
  std::shared_ptr<Sequence> makeSequence(size_t index);
  bool token(size_t index, const Drawn &drawn);
  void tell(size_t index, Delta &delta);
  void ended(size_t index, EndReason reason, const Usage &usage, const Status &status);
  void cancel();
  void count(const Usage &usage);

  const Task task;
  std::shared_ptr<Exchange> exchange;
  std::shared_ptr<Listener> listener;
  Scheduler &scheduler;
  Metrics &metrics;
  const Tokenizer &tokenizer;
  std::vector<std::unique_ptr<Writer>> writers;
  std::vector<std::weak_ptr<Sequence>> sequences;
  size_t left = 0;
  bool failed = false;
};

std::shared_ptr<Sequence> Generation::makeSequence(size_t index) {
  auto sequence = std::make_shared<Sequence>();
  sequence->prompt = task.prompts[index / size_t(task.answers)];
  sequence->sampling = task.sampling;
  sequence->sampling.seed = seedOf(task.sampling.seed, index % size_t(task.answers));
  sequence->maxTokens = task.maxTokens;
  sequence->contextTokens = task.contextTokens;
  sequence->best = task.best;
  sequence->scorePrompt = task.scorePrompt;
  sequence->stopIds = task.stopIds;
  if (!task.rules.empty())
    sequence->filter = makeAnswerFilter(task.rules);
  int32_t opens = tokenizer.find("<|channel>"), closes = tokenizer.find("<channel|>");
  if (task.thoughtTokens >= 0 && opens >= 0 && closes >= 0)
    sequence->filter = std::make_shared<ThoughtLimit>(opens, closes, task.thoughtTokens, task.startsInThought,
                                                      std::move(sequence->filter));
  std::shared_ptr<Generation> self = shared_from_this();
  sequence->onToken = [self, index](const Drawn &drawn) { return self->token(index, drawn); };
  sequence->onPrompt = [self, index](const Drawn &drawn) { self->writers[index]->answer.prompt.push_back(drawn); };
  sequence->onEnd = [self, index](EndReason reason, const Usage &usage, const Status &status) {
    self->ended(index, reason, usage, status);
  };
  return sequence;
}

Problem Generation::start() {
  std::vector<std::shared_ptr<Sequence>> made;
  left = task.prompts.size() * size_t(task.answers);
  for (size_t index = 0; index < left; ++index) {
    writers.push_back(std::make_unique<Writer>(task, tokenizer));
    made.push_back(makeSequence(index));
    sequences.push_back(made.back());
  }
  if (!scheduler.submit(made)) {
    bool leaving = scheduler.draining();
    metrics.countRejected(leaving ? "draining" : "queue_full");
    return {503,
            leaving ? "draining" : "queue_full",
            leaving ? "the server is shutting down" : "too many requests are waiting; try again",
            "",
            {}};
  }
  std::shared_ptr<Generation> self = shared_from_this();
  exchange->watch({[self] { self->cancel(); }, [self] { self->listener->sendNothing(true); },
                   [self] { self->listener->sendNothing(false); }});
  return {};
}

void Generation::cancel() {
  for (const std::weak_ptr<Sequence> &each : sequences)
    if (std::shared_ptr<Sequence> sequence = each.lock())
      sequence->cancelled = true;
  scheduler.wake();
}

bool Generation::token(size_t index, const Drawn &drawn) {
  Delta delta;
  bool goOn = writers[index]->push(drawn, delta);
  tell(index, delta);
  return goOn;
}

void Generation::tell(size_t index, Delta &delta) {
  append(writers[index]->answer.all, delta);
  if (!delta.empty() && !failed)
    listener->delta(index, delta);
}

void Generation::count(const Usage &usage) {
  metrics.promptTokens += usage.promptTokens;
  metrics.cachedTokens += usage.cachedTokens;
  metrics.generatedTokens += usage.drawnTokens;
  metrics.promptSeconds += usage.promptSeconds;
  metrics.decodeSeconds += usage.decodeSeconds;
  metrics.queue.add(usage.queueSeconds);
  if (usage.drawnTokens > 0)
    metrics.firstToken.add(usage.firstTokenSeconds);
  if (usage.drawnTokens > 1)
    metrics.interToken.add(usage.decodeSeconds / double(usage.drawnTokens));
}

void Generation::ended(size_t index, EndReason reason, const Usage &usage, const Status &status) {
  count(usage);
  Writer &writer = *writers[index];
  Delta delta;
  writer.finish(delta);
  tell(index, delta);
  Answer &answer = writer.answer;
  answer.usage = usage;
  --left;
  if (failed)
    return;
  if (reason == EndReason::Cancelled || reason == EndReason::Failed) {
    failed = true;
    if (reason == EndReason::Cancelled && exchange->gone())
      ++metrics.disconnects;
    bool leaving = reason == EndReason::Cancelled;
    listener->failed(leaving ? Problem{503, "draining", "the server is shutting down", "", {}}
                             : Problem{500, "internal", "the model failed: " + status.message(), "", {}});
    cancel();
    return;
  }
  answer.cause = writer.stopString()            ? Cause::StopString
                 : reason == EndReason::Length  ? Cause::Length
                 : reason == EndReason::Context ? Cause::Context
                 : !answer.all.calls.empty()    ? Cause::Calls
                                                : Cause::End;
  if (writer.stopString())
    answer.stopString = *writer.stopString();
  listener->finished(index, answer);
  if (left > 0)
    return;
  std::vector<Answer> answers;
  for (std::unique_ptr<Writer> &each : writers)
    answers.push_back(std::move(each->answer));
  listener->complete(answers);
}

} // namespace

Problem start(Task task, std::shared_ptr<Exchange> exchange, std::shared_ptr<Listener> listener, Scheduler &scheduler,
              Metrics &metrics, const Tokenizer &tokenizer) {
  return std::make_shared<Generation>(std::move(task), std::move(exchange), std::move(listener), scheduler, metrics,
                                      tokenizer)
      ->start();
}

} // namespace gemmart::server
