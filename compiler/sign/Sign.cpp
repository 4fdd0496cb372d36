// See Sign.h.
#include "compiler/sign/Sign.h"

#include "compiler/emit/Existing.h"
#include "compiler/emit/Output.h"
#include "compiler/import/MappedFile.h"
#include "runtime/base/Sha256.h"

#include <fmt/core.h>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace gemmac::sign {
namespace {

constexpr size_t signatureBytes = 64, largestKey = 1 << 16;

template <auto free> struct Free {
  template <class T> void operator()(T *object) const { free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

Result<std::vector<uint8_t>> readSmall(const std::string &path, size_t most) {
  Result<std::unique_ptr<import::MappedFile>> file = import::MappedFile::open(path);
  if (!file)
    return file.error();
  std::span<const uint8_t> bytes = (*file)->bytes();
  if (bytes.size() > most)
    return Error{fmt::format("{}: has {} bytes; at most {} are right", path, bytes.size(), most)};
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

/// Nobody is asked for a password: a program that waits for one hangs where nobody sits.
int noPassword(char *, int, int, void *) {
  return -1;
}

Result<Key> readKey(const std::string &path, bool isPrivate) {
  Result<std::vector<uint8_t>> text = readSmall(path, largestKey);
  if (!text)
    return text.error();
  Memory memory(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  Key key(!memory     ? nullptr
          : isPrivate ? PEM_read_bio_PrivateKey(memory.get(), nullptr, noPassword, nullptr)
                      : PEM_read_bio_PUBKEY(memory.get(), nullptr, noPassword, nullptr));
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return Error{path + (isPrivate
                             ? ": is no private Ed25519 key without a password, in PEM; 'openssl genpkey -algorithm "
                               "ed25519' makes one"
                             : ": is no public Ed25519 key in PEM; 'openssl pkey -in KEY -pubout' makes one")};
  return key;
}

/// The line that is signed, of a file that is whole.
Result<std::string> signedText(const std::string &model) {
  Result<std::string> digest = emit::verifyArtifact(model);
  if (!digest)
    return digest.error();
  return GM_SIGNED_TITLE + *digest + "\n";
}

Status writeSignature(const Options &options, const std::string &path) {
  std::vector<gemmart::Input> inputs{{options.model, "the model"}, {options.key, "the key"}};
  if (gemmart::Status good = gemmart::checkOutput(path, inputs); !good)
    return emit::errorOf(good);
  Result<Key> key = readKey(options.key, /*isPrivate=*/true);
  if (!key)
    return key.error();
  Result<std::string> text = signedText(options.model);
  if (!text)
    return text.error();
  Context context(EVP_MD_CTX_new());
  uint8_t bytes[signatureBytes];
  size_t size = sizeof bytes;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
      EVP_DigestSign(context.get(), bytes, &size, reinterpret_cast<const uint8_t *>(text->data()), text->size()) != 1 ||
      size != sizeof bytes)
    return Error{options.key + ": OpenSSL cannot sign with it"};
  gemmart::Result<emit::NewFile> file = emit::NewFile::create(path, 0666);
  if (!file)
    return emit::errorOf(file.status());
  if (gemmart::Status wrote = file->write(0, bytes, sizeof bytes); !wrote)
    return emit::errorOf(wrote);
  return emit::statusOf(file->keep());
}

Status checkSignature(const Options &options, const std::string &path, const std::string &text) {
  Result<Key> key = readKey(options.key, /*isPrivate=*/false);
  if (!key)
    return key.error();
  Result<std::vector<uint8_t>> bytes = readSmall(path, signatureBytes);
  if (!bytes)
    return bytes.error();
  Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1)
    return Error{options.key + ": OpenSSL cannot verify with it"};
  if (bytes->size() != signatureBytes ||
      EVP_DigestVerify(context.get(), bytes->data(), bytes->size(), reinterpret_cast<const uint8_t *>(text.data()),
                       text.size()) != 1)
    return Error{path + ": is no signature of " + options.model + " by the key " + options.key};
  return Ok{};
}

std::string signaturePath(const Options &options) {
  return options.signature.empty() ? options.model + ".sig" : options.signature;
}

Exit fail(const Error &error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return Exit::Input;
}

} // namespace

Exit sign(const Options &options) {
  Status done = writeSignature(options, signaturePath(options));
  return done ? Exit::Ok : fail(done.error());
}

Exit verify(const Options &options) {
  Result<std::string> text = signedText(options.model);
  if (!text)
    return fail(text.error());
  if (!options.key.empty())
    if (Status good = checkSignature(options, signaturePath(options), *text); !good)
      return fail(good.error());
  fmt::print("{}{}: whole{}\n", *text, options.model,
             options.key.empty() ? "; no key was given, so nobody says whose it is" : ", and signed by " + options.key);
  return Exit::Ok;
}

} // namespace gemmac::sign
