// The section table at the end of an executable. The input is an executable, or what becomes one when trailer and hash
// are mended: without that nothing behind the hash would be reached.
#include "runtime/abi/Artifact.h"
#include "runtime/abi/Hash.h"
#include "runtime/abi/Step.h"
#include "runtime/host/Team.h"
#include "runtime/model/Artifact.h"
#include "test/fuzz/Input.h"

#include <cstring>

using namespace gemmart;

static void open(std::string_view bytes) {
  fuzz::File file(bytes);
  Result<Artifact> artifact = Artifact::open(file.path(), "model");
  if (!artifact)
    return;
  for (const Section &section : artifact->sections())
    fuzz::must(section.offset + section.bytes.size() <= bytes.size(), "a section lies in the file");
  fuzz::must(artifact->code().size() <= bytes.size(), "the code lies in the file");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  open(fuzz::text(data, size));
  std::string mended(fuzz::text(data, size));
  if (size < sizeof(GmTrailer))
    return 0;
  GmTrailer trailer;
  char *end = mended.data() + mended.size() - sizeof trailer;
  std::memcpy(&trailer, end, sizeof trailer);
  std::memcpy(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic);
  trailer.file_bytes = mended.size();
  trailer.abi_version = GM_ABI_VERSION;
  size_t room = mended.size() - sizeof trailer;
  trailer.section_count %= uint32_t(room / sizeof(GmSection) + 1);
  trailer.table_offset = room - trailer.section_count * sizeof(GmSection);
  trailer.table_hash = gmHashBytes(mended.data() + trailer.table_offset, room - trailer.table_offset);
  std::memcpy(end, &trailer, sizeof trailer);
  open(mended);
  return 0;
}
