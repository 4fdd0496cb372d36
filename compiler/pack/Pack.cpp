// Cuts the weights into jobs of about a million elements; workers pack them into a small ring of buffers; the calling
// thread hands the buffers to the sink in order. Memory: a few MiB per worker, whatever the tensors.
#include "compiler/pack/Pack.h"

#include "compiler/pack/Blocks.h"
#include "compiler/pack/Source.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace gemmac::pack {
namespace {

using kernel::ceilDiv;
using kernel::Format;
using kernel::Layout;

constexpr int64_t kJobElements = 1 << 20;
constexpr int64_t kStripColumns = 1 << 15; ///< of a panel; a multiple of every block size
constexpr int64_t kMaxDimension = int64_t(1) << 31;

/// A rectangle of one member of one weight, and its place in the section. `bytes` includes padding that follows.
struct Job {
  size_t item = 0;
  int64_t expert = 0, row = 0, rows = 0, column = 0, columns = 0;
  int64_t offset = 0, bytes = 0;
};

/// Yields the jobs of all items in order of offset.
class JobList {
public:
  JobList(std::span<const Item> items, std::span<const Source> sources) : items(items), sources(sources) {}

  std::optional<Job> next() {
    if (item == items.size())
      return std::nullopt;
    const Item &i = items[item];
    const Source &s = sources[item];
    const kernel::FormatInfo &format = kernel::info(i.format);
    bool panel = i.layout == Layout::Panel;
    int64_t rowUnit = panel ? kernel::kPanelRows : 1;
    int64_t paddedColumns = ceilDiv(s.columns, kernel::kGroupColumns) * kernel::kGroupColumns;
    int64_t widest = panel ? kStripColumns : kJobElements;
    Job job{item, expert, row, 0, column, std::min(s.columns - column, widest), 0, 0};
    int64_t units = paddedColumns > widest ? 1 : std::max<int64_t>(1, kJobElements / (rowUnit * paddedColumns));
    job.rows = std::min(s.rows - row, units * rowUnit);
    int64_t groups = ceilDiv(job.columns, kernel::kGroupColumns);
    if (panel)
      job.bytes = ceilDiv(job.rows, rowUnit) * groups * format.panelBlockBytes;
    else if (i.layout == Layout::Rows)
      job.bytes = job.rows * groups * format.rowGroupBytes;
    else
      job.bytes = job.rows * job.columns * 4;
    job.offset = i.offset + expert * member() + done;
    advance(job);
    return job;
  }

private:
  int64_t member() const {
    return kernel::weightBytes(items[item].format, items[item].layout, sources[item].rows, sources[item].columns);
  }

  void advance(Job &job) {
    const Source &s = sources[item];
    done += job.bytes;
    column += job.columns;
    if (column < s.columns)
      return;
    column = 0;
    row += job.rows;
    if (row < s.rows)
      return;
    job.bytes += member() - done; // rows and vectors end on a multiple of 64 bytes
    row = done = 0;
    if (++expert < s.experts)
      return;
    expert = 0;
    ++item;
  }

  std::span<const Item> items;
  std::span<const Source> sources;
  size_t item = 0;
  int64_t expert = 0, row = 0, column = 0, done = 0;
};

/// Packs jobs; one per thread.
class Worker {
public:
  Worker(std::span<const Item> items, std::span<const Source> sources, const import::Checkpoint &checkpoint, int q8Zero)
      : items(items), sources(sources), checkpoint(checkpoint), q8Zero(q8Zero) {}

  Status run(const Job &job, std::vector<uint8_t> &out) {
    const Item &item = items[job.item];
    out.assign(static_cast<size_t>(job.bytes), 0);
    used.clear();
    Status status = item.layout == Layout::Panel ? panels(job, out.data()) : rows(job, out.data());
    for (const Used &u : used)
      checkpoint.release(u.bytes());
    return status;
  }

private:
  /// The part of a tensor that a job has read.
  struct Used {
    const import::Tensor *tensor;
    int64_t low, high; ///< elements
    std::span<const uint8_t> bytes() const {
      // Pages are mapped in clusters around the one that was asked for: what lies a little before is done with as well.
      constexpr size_t kBefore = 256 << 10;
      size_t size = tensor->data.size();
      double perElement = static_cast<double>(size) / static_cast<double>(std::max<int64_t>(elements(), 1));
      auto begin = std::min(size, static_cast<size_t>(static_cast<double>(low) * perElement));
      auto end = std::min(size, static_cast<size_t>(static_cast<double>(high) * perElement));
      begin -= std::min(begin, kBefore);
      return tensor->data.subspan(begin, std::max(begin, end) - begin);
    }
    int64_t elements() const {
      int64_t product = 1;
      for (int64_t dimension : tensor->shape)
        product *= dimension;
      return product;
    }
  };

  void use(const Source::Row &row, const Job &job) {
    if (!row.tensor || row.tensor->data.empty())
      return;
    if (used.empty() || used.back().tensor != row.tensor)
      used.push_back({row.tensor, row.first, row.first});
    used.back().low = std::min(used.back().low, row.first + job.column * row.step);
    used.back().high = std::max(used.back().high, row.first + (job.column + job.columns - 1) * row.step + 1);
  }

  /// Rows [first, first + count) of the job's columns: those that cannot be copied are read into the strip.
  Status load(const Job &job, int64_t first, int64_t count) {
    const Item &item = items[job.item];
    const Source &source = sources[job.item];
    places.resize(static_cast<size_t>(count));
    copied.resize(static_cast<size_t>(count));
    strip.resize(static_cast<size_t>(count * job.columns));
    bool vector = item.layout == Layout::Vector;
    for (int64_t r = 0; r < count; ++r) {
      places[r] = source.locate(job.expert, first + r);
      copied[r] = !vector && source.copies(places[r], item.format);
      use(places[r], job);
    }
    for (int64_t r = 0; r < count;) {
      int64_t run = 1;
      while (r + run < count && copied[r + run] == copied[r])
        ++run;
      if (!copied[r]) {
        std::span<float> to(strip.data() + r * job.columns, static_cast<size_t>(run * job.columns));
        if (Status read = source.read(job.expert, first + r, run, job.column, to); !read)
          return read;
      }
      r += run;
    }
    return Ok{};
  }

  /// 32 columns of a loaded row, from column c of the strip on.
  Status group(const Job &job, int64_t r, int64_t c, Group &out) {
    const Item &item = items[job.item];
    const Source::Row &place = places[r];
    const Source &source = sources[job.item];
    if (copied[r]) {
      if (!copyGroup(*place.tensor, place.first + job.column + c, item.format, out))
        return source.error(place, job.column + c, "a scale or minimum is NaN or infinite, or too large for an f16,");
      return Ok{};
    }
    const float *values = strip.data() + r * job.columns + c;
    auto valid = static_cast<int>(std::min<int64_t>(kernel::kGroupColumns, job.columns - c));
    float padded[kernel::kGroupColumns] = {};
    if (valid < kernel::kGroupColumns)
      values = std::copy(values, values + valid, padded) - valid;
    if (!quantizeGroup(item.format, values, valid, out))
      return source.error(place, job.column + c,
                          "values too large for format " + kernel::name(item.format) + ", whose scales are f16,");
    return Ok{};
  }

  Status panels(const Job &job, uint8_t *out) {
    const Item &item = items[job.item];
    const kernel::FormatInfo &format = kernel::info(item.format);
    for (int64_t first = 0; first < job.rows; first += kernel::kPanelRows) {
      int64_t count = std::min(kernel::kPanelRows, job.rows - first);
      if (Status loaded = load(job, job.row + first, count); !loaded)
        return loaded;
      for (int64_t r = count; r < kernel::kPanelRows; ++r)
        clearGroup(item.format, block.rows[r]);
      for (int64_t c = 0; c < job.columns; c += kernel::kGroupColumns, out += format.panelBlockBytes) {
        if (!format.integer) {
          auto width = static_cast<int>(std::min(kernel::kGroupColumns, job.columns - c));
          writePanelBlock(item.format, strip.data() + c, job.columns, static_cast<int>(count), width, out);
          continue;
        }
        for (int64_t r = 0; r < count; ++r)
          if (Status made = group(job, r, c, block.rows[r]); !made)
            return made;
        writePanelBlock(item.format, block, q8Zero, out);
      }
    }
    return Ok{};
  }

  Status rows(const Job &job, uint8_t *out) {
    const Item &item = items[job.item];
    const kernel::FormatInfo &format = kernel::info(item.format);
    if (Status loaded = load(job, job.row, job.rows); !loaded)
      return loaded;
    if (item.layout == Layout::Vector) {
      std::copy(strip.begin(), strip.end(), reinterpret_cast<float *>(out));
      return Ok{};
    }
    for (int64_t r = 0; r < job.rows; ++r)
      for (int64_t c = 0; c < job.columns; c += kernel::kGroupColumns, out += format.rowGroupBytes) {
        if (!format.integer) {
          auto width = static_cast<int>(std::min(kernel::kGroupColumns, job.columns - c));
          writeRowGroup(item.format, strip.data() + r * job.columns + c, width, out);
          continue;
        }
        if (Status made = group(job, r, c, block.rows[0]); !made)
          return made;
        writeRowGroup(item.format, block.rows[0], out);
      }
    return Ok{};
  }

  std::span<const Item> items;
  std::span<const Source> sources;
  const import::Checkpoint &checkpoint;
  int q8Zero;
  std::vector<float> strip;
  std::vector<Source::Row> places;
  std::vector<char> copied;
  std::vector<Used> used;
  Block block;
};

/// The ring between the workers and the writer.
class Team {
public:
  Team(std::span<const Item> items, std::span<const Source> sources, const import::Checkpoint &checkpoint,
       const Options &options)
      : items(items), sources(sources), checkpoint(checkpoint), options(options), jobs(items, sources) {}

  Status run(const Sink &sink) {
    int count = std::clamp(options.threads, 1, 64);
    slots.resize(static_cast<size_t>(count) + 2);
    try {
      for (int i = 0; i < count; ++i)
        threads.emplace_back([this] { work(); });
    } catch (const std::system_error &) { // fewer threads make the same bytes
    }
    if (threads.empty())
      return Error{"packing weights: no thread could be started"};
    Status status = write(sink);
    {
      std::lock_guard lock(mutex);
      stop = true;
    }
    changed.notify_all();
    for (std::thread &thread : threads)
      thread.join();
    return status;
  }

private:
  struct Slot {
    Job job;
    std::vector<uint8_t> bytes;
    std::optional<Error> error;
    bool ready = false;
  };

  void work() {
    Worker worker(items, sources, checkpoint, options.q8Zero);
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return stop || exhausted || taken < written + slots.size(); });
      if (stop || exhausted)
        return;
      std::optional<Job> job = jobs.next();
      if (!job) {
        exhausted = true;
        changed.notify_all();
        return;
      }
      Slot &slot = slots[taken++ % slots.size()];
      slot.job = *job;
      slot.error.reset();
      lock.unlock();
      Status status = worker.run(*job, slot.bytes);
      lock.lock();
      if (!status)
        slot.error = status.error();
      slot.ready = true;
      changed.notify_all();
    }
  }

  Status write(const Sink &sink) {
    int64_t total = 0, done = 0;
    for (const Item &item : items)
      total += item.bytes;
    while (true) {
      Slot &slot = slots[written % slots.size()];
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return slot.ready || (exhausted && taken == written); });
        if (!slot.ready)
          return Ok{};
      }
      if (slot.error)
        return *slot.error;
      if (Status status = sink(slot.job.offset, slot.bytes); !status)
        return status;
      done += slot.job.bytes;
      if (options.progress)
        options.progress(done, total);
      {
        std::lock_guard lock(mutex);
        slot.ready = false;
        ++written;
      }
      changed.notify_all();
    }
  }

  std::span<const Item> items;
  std::span<const Source> sources;
  const import::Checkpoint &checkpoint;
  const Options &options;
  JobList jobs;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Slot> slots;
  std::vector<std::thread> threads;
  size_t taken = 0, written = 0;
  bool stop = false, exhausted = false;
};

/// The list comes from the compiled module: what does not fit is a bug there, told in words.
std::optional<std::string> itemProblem(const config::Model &model, const import::Bindings &bindings, const Item &item,
                                       int64_t end) {
  if (item.weight < 0 || item.weight >= static_cast<int64_t>(model.weights.size()) ||
      item.weight >= static_cast<int64_t>(bindings.weights.size()))
    return "weight number " + std::to_string(item.weight) + " does not exist";
  const config::Weight &weight = model.weights[static_cast<size_t>(item.weight)];
  std::string name = "weight '" + weight.name + "': ";
  if (bindings.weights[static_cast<size_t>(item.weight)].parts.empty())
    return name + "no tensor is bound to it";
  if (weight.shape.size() > 3)
    return name + "has more than 3 dimensions";
  for (int64_t dimension : weight.shape)
    if (dimension < 1 || dimension >= kMaxDimension)
      return name + "dimension " + std::to_string(dimension) + " is not between 1 and 2^31";
  size_t rank = weight.shape.size();
  int64_t columns = rank > 0 ? weight.shape[rank - 1] : 1, rows = rank > 1 ? weight.shape[rank - 2] : 1;
  int64_t experts = rank > 2 ? weight.shape[0] : 1;
  if (rows > (int64_t(1) << 48) / columns || experts > (int64_t(1) << 48) / (rows * columns))
    return name + "is too large";
  if (item.split < 1 || rows % item.split)
    return name + "its " + std::to_string(rows) + " rows cannot be cut into " + std::to_string(item.split) + " parts";
  int64_t bytes = experts * item.split * kernel::weightBytes(item.format, item.layout, rows / item.split, columns);
  if (item.bytes != bytes)
    return name + "takes " + std::to_string(bytes) + " bytes as " + kernel::name(item.format) + " " +
           kernel::name(item.layout) + ", but its place has " + std::to_string(item.bytes);
  if (item.offset < end)
    return name + "its place at " + std::to_string(item.offset) + " begins before the previous one ends at " +
           std::to_string(end);
  return std::nullopt;
}

} // namespace

Status packWeights(const config::Model &model, const import::Checkpoint &checkpoint, const import::Bindings &bindings,
                   std::span<const Item> items, const Options &options, const Sink &sink) {
  if (options.q8Zero != 0 && options.q8Zero != 128)
    return Error{"packing weights: the zero of q8 codes is 0 or 128, not " + std::to_string(options.q8Zero)};
  std::vector<Source> sources;
  int64_t end = 0;
  for (const Item &item : items) {
    if (std::optional<std::string> problem = itemProblem(model, bindings, item, end))
      return Error{"packing weights: " + *problem};
    end = item.offset + item.bytes;
    auto index = static_cast<size_t>(item.weight);
    sources.emplace_back(model.weights[index], bindings.weights[index], checkpoint, item.split);
  }
  return Team(items, sources, checkpoint, options).run(sink);
}

Format keptFormat(import::DType type) {
  using import::DType;
  switch (type) {
  case DType::BF16:
    return Format::BF16;
  case DType::Q4_0:
    return Format::Q4;
  case DType::Q4_1:
  case DType::Q4_K:
    return Format::Q4M;
  case DType::Q5_1:
  case DType::Q5_K:
    return Format::Q8M;
  case DType::Q5_0:
  case DType::Q8_0:
    return Format::Q8;
  case DType::Q6_K:
    return Format::Q6;
  case DType::F16:
  case DType::F32:
  case DType::Other:
    break;
  }
  return Format::F32;
}

} // namespace gemmac::pack
