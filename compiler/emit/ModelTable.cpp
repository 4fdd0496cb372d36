// Step.h is the only place that knows the structs: each field goes to its offsetof, into a packed LLVM struct whose
// gaps are filled with zeros. Nothing here assumes an order or a padding.
#include "compiler/emit/ModelTable.h"

#include "runtime/abi/Step.h"
#include "targets/llvm/CodeGen.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>

using namespace llvm;

namespace gemmac::emit {
namespace {

static_assert(sizeof(void *) == 8 && sizeof(GmEntry) == 8 && sizeof(GmRead) == 8, "pointers of the tables are 64 bit");
static_assert(sizeof(GmLevel) == 64 && sizeof(GmModel) == 144 && sizeof(GmCacheRead) == 16 && sizeof(GmPageClass) == 24,
              "a field was added to Step.h: fill it in below");

/// A constant struct of a known size, put together from fields at known offsets, in any order.
class StructBuilder {
public:
  StructBuilder(LLVMContext &context, uint64_t bytes) : context(context), bytes(bytes) {}

  /// `fieldBytes` is sizeof the C field: the constant has that size on every machine accepted here.
  void put(uint64_t offset, uint64_t fieldBytes, Constant *value) { fields.push_back({offset, fieldBytes, value}); }
  void putInteger(uint64_t offset, uint64_t fieldBytes, uint64_t value) {
    put(offset, fieldBytes, ConstantInt::get(IntegerType::get(context, 8 * fieldBytes), value));
  }

  Constant *build() {
    std::sort(fields.begin(), fields.end(), [](const Field &a, const Field &b) { return a.offset < b.offset; });
    std::vector<Constant *> members;
    uint64_t at = 0;
    auto padTo = [&](uint64_t offset) {
      if (offset > at)
        members.push_back(ConstantAggregateZero::get(ArrayType::get(Type::getInt8Ty(context), offset - at)));
      at = offset;
    };
    for (const Field &field : fields) {
      padTo(field.offset);
      members.push_back(field.value);
      at += field.bytes;
    }
    padTo(bytes);
    return ConstantStruct::getAnon(context, members, /*Packed=*/true);
  }

private:
  struct Field {
    uint64_t offset, bytes;
    Constant *value;
  };
  LLVMContext &context;
  uint64_t bytes;
  std::vector<Field> fields;
};

#define GM_FIELD(type, field) offsetof(type, field), sizeof(type::field)

GlobalVariable *addConstant(Module &module, Constant *value, const Twine &name, bool visible) {
  auto *global = new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                    visible ? GlobalValue::ExternalLinkage : GlobalValue::PrivateLinkage, value, name);
  global->setAlignment(Align(8));
  return global;
}

Constant *text(Module &module, const std::string &value) {
  GlobalVariable *global =
      addConstant(module, ConstantDataArray::getString(module.getContext(), value), "text", /*visible=*/false);
  global->setAlignment(Align(1));
  return global;
}

Constant *function(Module &module, const std::string &name, unsigned arguments) {
  LLVMContext &context = module.getContext();
  // The entry points differ only in what their pointers mean; LLVM's pointers have no pointee.
  std::vector<Type *> types =
      arguments == 2
          ? std::vector<Type *>{PointerType::get(context, 0), Type::getInt64Ty(context)}
          : std::vector<Type *>{PointerType::get(context, 0), Type::getInt64Ty(context), PointerType::get(context, 0)};
  FunctionType *type = FunctionType::get(Type::getVoidTy(context), types, false);
  return cast<Constant>(module.getOrInsertFunction(name, type).getCallee());
}

Constant *levelConstant(Module &module, const LevelEntry &level) {
  StructBuilder fields(module.getContext(), sizeof(GmLevel));
  fields.put(GM_FIELD(GmLevel, name), text(module, level.name));
  fields.putInteger(GM_FIELD(GmLevel, features), level.features);
  fields.put(GM_FIELD(GmLevel, decode), function(module, level.decode, 2));
  fields.put(GM_FIELD(GmLevel, prefill), function(module, level.prefill, 2));
  fields.put(GM_FIELD(GmLevel, read), function(module, level.read, 3));
  fields.putInteger(GM_FIELD(GmLevel, arena_bytes), level.arenaBytes);
  fields.putInteger(GM_FIELD(GmLevel, max_chunk_tokens), level.maxChunkTokens);
  fields.putInteger(GM_FIELD(GmLevel, max_last_rows), level.maxLastRows);
  return fields.build();
}

/// An array, or null for a model without attention.
Constant *cacheReads(Module &module, const ModelTable &table) {
  std::vector<Constant *> reads;
  for (auto [window, bytes] : table.cacheReads) {
    StructBuilder fields(module.getContext(), sizeof(GmCacheRead));
    fields.putInteger(GM_FIELD(GmCacheRead, window_tokens), window);
    fields.putInteger(GM_FIELD(GmCacheRead, block_bytes), bytes);
    reads.push_back(fields.build());
  }
  if (reads.empty())
    return ConstantPointerNull::get(PointerType::get(module.getContext(), 0));
  Constant *array = ConstantArray::get(ArrayType::get(reads.front()->getType(), reads.size()), reads);
  return addConstant(module, array, "cache_reads", /*visible=*/false);
}

/// An array, or null for a model without attention.
Constant *pageClasses(Module &module, const ModelTable &table) {
  std::vector<Constant *> classes;
  for (auto [window, slots, begin] : table.pageClasses) {
    StructBuilder fields(module.getContext(), sizeof(GmPageClass));
    fields.putInteger(GM_FIELD(GmPageClass, window_tokens), window);
    fields.putInteger(GM_FIELD(GmPageClass, page_slots), slots);
    fields.putInteger(GM_FIELD(GmPageClass, table_begin), begin);
    classes.push_back(fields.build());
  }
  if (classes.empty())
    return ConstantPointerNull::get(PointerType::get(module.getContext(), 0));
  Constant *array = ConstantArray::get(ArrayType::get(classes.front()->getType(), classes.size()), classes);
  return addConstant(module, array, "page_classes", /*visible=*/false);
}

Constant *modelConstant(Module &module, const ModelTable &table) {
  std::vector<Constant *> levels;
  for (const LevelEntry &level : table.levels)
    levels.push_back(levelConstant(module, level));
  Constant *array = ConstantArray::get(ArrayType::get(levels.front()->getType(), levels.size()), levels);
  StructBuilder fields(module.getContext(), sizeof(GmModel));
  fields.putInteger(GM_FIELD(GmModel, abi_version), GM_ABI_VERSION);
  fields.putInteger(GM_FIELD(GmModel, level_count), table.levels.size());
  fields.put(GM_FIELD(GmModel, levels), addConstant(module, array, "levels", /*visible=*/false));
  fields.put(GM_FIELD(GmModel, target), text(module, table.target));
  fields.putInteger(GM_FIELD(GmModel, vocab_tokens), table.vocabTokens);
  fields.putInteger(GM_FIELD(GmModel, context_tokens), table.contextTokens);
  fields.putInteger(GM_FIELD(GmModel, page_bytes), table.pageBytes);
  fields.putInteger(GM_FIELD(GmModel, table_entries), table.tableEntries);
  fields.put(GM_FIELD(GmModel, page_classes), pageClasses(module, table));
  fields.putInteger(GM_FIELD(GmModel, page_class_count), table.pageClasses.size());
  fields.put(GM_FIELD(GmModel, cache_reads), cacheReads(module, table));
  fields.putInteger(GM_FIELD(GmModel, cache_read_count), table.cacheReads.size());
  fields.putInteger(GM_FIELD(GmModel, weight_bytes), table.weightBytes);
  fields.putInteger(GM_FIELD(GmModel, decode_bytes), table.decodeBytes);
  fields.putInteger(GM_FIELD(GmModel, decode_ops), table.decodeOps);
  fields.putInteger(GM_FIELD(GmModel, prefill_ops), table.prefillOps);
  fields.putInteger(GM_FIELD(GmModel, block_tokens), table.blockTokens);
  fields.putInteger(GM_FIELD(GmModel, hidden_floats), table.hiddenFloats);
  PointerType *pointer = PointerType::get(module.getContext(), 0);
  // The runtime's own symbol: naming it is what links the readers of pictures and sound.
  fields.put(GM_FIELD(GmModel, media), table.media ? cast<Constant>(module.getOrInsertGlobal("gmMedia", pointer))
                                                   : ConstantPointerNull::get(pointer));
  return fields.build();
}

#undef GM_FIELD

} // namespace

Result<std::string> buildModelTable(const ModelTable &table, const std::string &triple) {
  if (table.levels.empty())
    return Error{"an executable needs at least one compiled level"};
  for (const LevelEntry &level : table.levels)
    for (const std::string *symbol : {&level.decode, &level.prefill, &level.read})
      if (symbol->empty())
        return Error{"level '" + level.name + "' lacks an entry point: decode, prefill and read are all needed"};
  Triple machine(triple);
  if (!machine.isArch64Bit() || !machine.isLittleEndian())
    return Error{"triple '" + triple + "' is not a 64-bit little-endian machine"};

  codegen::LlvmModule made;
  made.context = std::make_unique<LLVMContext>();
  made.module = std::make_unique<Module>("gmModel", *made.context);
  addConstant(*made.module, modelConstant(*made.module, table), "gmModel", /*visible=*/true);
  codegen::Options options;
  options.machine.triple = triple;
  options.optLevel = 0;
  Expected<codegen::Code> code = codegen::compileLlvmModule(std::move(made), options);
  if (!code)
    return gemmac::Error{toString(code.takeError())};
  return std::move(code->object);
}

} // namespace gemmac::emit
