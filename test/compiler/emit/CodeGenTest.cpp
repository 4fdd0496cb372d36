// What the code generator makes of a module: registers, contraction, unrolling, visibility, and what it says when it
// cannot.
#include "test/compiler/emit/TestUtils.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>
#include <thread>

using namespace gemmac;
using namespace gemmac::test;

namespace {

const char *const fusedText = R"(
  llvm.func @kernel(%x: !llvm.ptr, %y: !llvm.ptr) {
    %a = llvm.load %x {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %b = llvm.load %y {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %c = llvm.intr.fma(%a, %b, %b) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
    llvm.store %c, %y {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
    llvm.return
  })";

const char *const separateText = R"(
  llvm.func @kernel(%x: !llvm.ptr, %y: !llvm.ptr) {
    %a = llvm.load %x {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %b = llvm.load %y {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %p = llvm.fmul %a, %b : vector<16xf32>
    %c = llvm.fadd %p, %b : vector<16xf32>
    llvm.store %c, %y {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
    llvm.return
  })";

const char *const loopText = R"(
  llvm.func @kernel(%x: !llvm.ptr, %y: !llvm.ptr) {
    %zero = llvm.mlir.constant(0 : i64) : i64
    %one = llvm.mlir.constant(1 : i64) : i64
    %count = llvm.mlir.constant(64 : i64) : i64
    llvm.br ^head(%zero : i64)
  ^head(%i: i64):
    %more = llvm.icmp "slt" %i, %count : i64
    llvm.cond_br %more, ^body, ^end
  ^body:
    %at = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, vector<8xf32>
    %to = llvm.getelementptr %y[%i] : (!llvm.ptr, i64) -> !llvm.ptr, vector<8xf32>
    %a = llvm.load %at {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
    %b = llvm.load %to {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
    %c = llvm.intr.fma(%a, %b, %b) : (vector<8xf32>, vector<8xf32>, vector<8xf32>) -> vector<8xf32>
    llvm.store %c, %to {alignment = 4 : i64} : vector<8xf32>, !llvm.ptr
    %next = llvm.add %i, %one : i64
    llvm.br ^head(%next : i64)
  ^end:
    llvm.return
  })";

const char *const dotText = R"(
  llvm.func @kernel(%x: !llvm.ptr, %y: !llvm.ptr) {
    %a = llvm.load %x {alignment = 4 : i64} : !llvm.ptr -> vector<64xi8>
    %s = llvm.load %y {alignment = 4 : i64} : !llvm.ptr -> vector<16xi32>
    %d = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%s, %a, %a) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
    llvm.store %d, %y {alignment = 4 : i64} : vector<16xi32>, !llvm.ptr
    llvm.return
  })";

codegen::Options optionsFor(const codegen::Machine &machine) {
  codegen::Options options;
  options.machine = machine;
  options.keepAssembly = true;
  options.keepIr = true;
  return options;
}

codegen::Code compileGood(const char *text, const codegen::Options &options) {
  std::string error;
  mlir::FailureOr<codegen::Code> code = compileText(text, options, error);
  EXPECT_TRUE(mlir::succeeded(code)) << error;
  EXPECT_EQ(error, "");
  return mlir::succeeded(code) ? *code : codegen::Code();
}

std::string compileBad(const std::string &text, const codegen::Options &options) {
  std::string error;
  EXPECT_TRUE(mlir::failed(compileText(text, options, error)));
  return error;
}

size_t count(const std::string &text, const std::string &what) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size())
    found += 1;
  return found;
}

bool has(const std::string &text, const std::string &what) {
  return count(text, what) > 0;
}

/// Defined functions of an object: name -> is it visible to other objects.
std::map<std::string, bool> functionsOf(const std::string &object) {
  std::map<std::string, bool> out;
  auto file = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(object, "object"));
  EXPECT_TRUE(bool(file)) << llvm::toString(file.takeError());
  if (!file)
    return out;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    auto type = symbol.getType();
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    EXPECT_TRUE(type && flags && name);
    if (*type == llvm::object::SymbolRef::ST_Function)
      out[name->str()] = *flags & llvm::object::SymbolRef::SF_Global;
  }
  return out;
}

TEST(CodeGen, UsesTheRegistersOfTheMachine) {
  codegen::Code v3 = compileGood(fusedText, optionsFor(x86v3));
  EXPECT_TRUE(has(v3.assembly, "vfmadd")) << v3.assembly;
  EXPECT_TRUE(has(v3.assembly, "%ymm"));
  EXPECT_FALSE(has(v3.assembly, "%zmm"));
  codegen::Code v4 = compileGood(fusedText, optionsFor(x86v4));
  EXPECT_TRUE(has(v4.assembly, "vfmadd")) << v4.assembly;
  EXPECT_TRUE(has(v4.assembly, "%zmm"));
  codegen::Code a64 = compileGood(fusedText, optionsFor(arm));
  EXPECT_EQ(count(a64.assembly, "fmla"), 4u) << a64.assembly;
}

TEST(CodeGen, PreferredWidthIsKept) {
  codegen::Options narrow = optionsFor(x86v4);
  narrow.machine.preferVectorBits = 256;
  EXPECT_TRUE(has(compileGood(fusedText, narrow).ir, "\"prefer-vector-width\"=\"256\""));
}

TEST(CodeGen, ContractsNothingByItself) {
  for (const codegen::Machine &machine : {x86v3, x86v4, arm}) {
    codegen::Code code = compileGood(separateText, optionsFor(machine));
    EXPECT_FALSE(has(code.assembly, "fmadd") || has(code.assembly, "fmla")) << code.assembly;
    EXPECT_TRUE(has(code.assembly, "mul"));
  }
}

TEST(CodeGen, UnrollsOnlyOnRequest) {
  codegen::Options options = optionsFor(x86v3);
  EXPECT_EQ(count(compileGood(loopText, options).assembly, "vfmadd"), 1u);
  options.unrollLoops = true;
  EXPECT_GT(count(compileGood(loopText, options).assembly, "vfmadd"), 1u);
}

TEST(CodeGen, ObjectsAreOfTheMachineAndFreeOfUnwindTables) {
  auto machineOf = [](const codegen::Code &code) {
    EXPECT_EQ(code.object.substr(0, 4), "\x7f"
                                        "ELF");
    return code.object.size() > 20 ? static_cast<unsigned char>(code.object[18]) : 0;
  };
  codegen::Code v3 = compileGood(fusedText, optionsFor(x86v3));
  EXPECT_EQ(machineOf(v3), 62);
  EXPECT_FALSE(has(v3.object, ".eh_frame"));
  EXPECT_EQ(machineOf(compileGood(fusedText, optionsFor(arm))), 183);
}

TEST(CodeGen, KeepsTextsOnlyOnRequest) {
  codegen::Options options = optionsFor(x86v3);
  options.keepIr = options.keepAssembly = false;
  codegen::Code code = compileGood(fusedText, options);
  EXPECT_EQ(code.ir, "");
  EXPECT_EQ(code.assembly, "");
  EXPECT_EQ(code.object, compileGood(fusedText, optionsFor(x86v3)).object) << "texts must not change the object";
}

TEST(CodeGen, HidesWhatIsNotExported) {
  const char *text = R"(
    llvm.func @tile(%p: !llvm.ptr) attributes {passthrough = ["noinline"]} {
      %v = llvm.load volatile %p : !llvm.ptr -> i64
      llvm.return
    }
    llvm.func @unused() { llvm.return }
    llvm.func @entry(%p: !llvm.ptr) { llvm.call @tile(%p) : (!llvm.ptr) -> () llvm.return })";
  codegen::Options options = optionsFor(x86v3);
  EXPECT_EQ(functionsOf(compileGood(text, options).object),
            (std::map<std::string, bool>{{"entry", true}, {"tile", true}, {"unused", true}}));
  options.exported = {"entry"};
  EXPECT_EQ(functionsOf(compileGood(text, options).object),
            (std::map<std::string, bool>{{"entry", true}, {"tile", false}}));
  options.exported = {"entry", "exit"};
  EXPECT_EQ(compileBad(text, options), "the module defines no function 'exit', which is to be exported\n");
}

TEST(CodeGen, UnknownMachinesAreErrors) {
  codegen::Options options = optionsFor(x86v3);
  options.machine.cpu = "x86-64-v9";
  std::string error = compileBad(fusedText, options);
  EXPECT_EQ(error.find("unknown cpu 'x86-64-v9' for triple 'x86_64-unknown-linux-gnu'; did you mean 'x86-64"), 0u)
      << error;
  options = optionsFor(x86v3);
  options.machine.features = "+avx2,+avx512vnnii";
  EXPECT_EQ(compileBad(fusedText, options),
            "unknown feature 'avx512vnnii' for triple 'x86_64-unknown-linux-gnu'; did you "
            "mean 'avx512vnni'?\n");
  options.machine.features = "avx2";
  EXPECT_EQ(compileBad(fusedText, options), "feature 'avx2' must start with '+' or '-'\n");
  options = optionsFor(arm);
  options.machine.triple = "z80-unknown-none";
  EXPECT_EQ(compileBad(fusedText, options), "this LLVM has no code generator for triple 'z80-unknown-none'\n");
}

TEST(CodeGen, UntranslatableOperationIsAnError) {
  EXPECT_NE(compileBad("module { llvm.func @f() { llvm.call_intrinsic \"llvm.no.such\"() : () -> () llvm.return } }",
                       optionsFor(x86v3)),
            "");
}

TEST(CodeGen, InstructionThatTheMachineLacksIsAnErrorAndNotTheEnd) {
#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
  GTEST_SKIP() << "what LLVM had allocated when it gave up is a leak";
#endif
  EXPECT_TRUE(has(compileGood(dotText, optionsFor(x86v4)).assembly, "vpdpbusd"));
  std::string error = compileBad(dotText, optionsFor(x86v3));
  EXPECT_EQ(error.find("LLVM cannot compile this for cpu 'x86-64-v3', features '': "), 0u) << error;
  EXPECT_FALSE(has(error, "it crashed")) << error << "LLVM's own reason is lost";
  EXPECT_TRUE(has(compileGood(dotText, optionsFor(x86v4)).assembly, "vpdpbusd"));
}

TEST(CodeGen, TwoThreadsGiveTheSameBytesAsOne) {
  const codegen::Machine machines[] = {x86v3, x86v4, arm, x86v3};
  std::vector<std::string> alone, together(4);
  for (const codegen::Machine &machine : machines)
    alone.push_back(compileGood(loopText, optionsFor(machine)).object);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] { together[i] = compileGood(loopText, optionsFor(machines[i])).object; });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(alone, together);
}

} // namespace
