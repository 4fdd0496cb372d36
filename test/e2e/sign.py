#!/usr/bin/env python3
"""The digest of an executable against hashlib, its signature against OpenSSL's program, and what is said about its origin.

Every part of a signed file changed, with the fast hashes mended as somebody would who means it: gemmac and the file's own
`verify` must both notice. Wrong keys, wrong signatures, a certificate added after signing.
"""
import hashlib
import json
import shutil
import sys

from common import ROOT, Case, build, must, native_level, options, run
from robust import SECTION, TRAILER, Checks, put, sections

PIECE = 4 << 20


def tree(data):
    """SHA-256 as runtime/abi/Artifact.h defines it."""
    leaves = b"".join(hashlib.sha256(b"\0" + data[at:at + PIECE]).digest() for at in range(0, len(data), PIECE))
    return hashlib.sha256(b"\1" + leaves).digest()


def digests(checks, data, shown):
    table, count, _, size, _, code, digest, _, _ = TRAILER.unpack_from(data, len(data) - TRAILER.size)
    first = table
    for i in range(count):
        name, offset, length, _, stated = SECTION.unpack_from(data, table + i * SECTION.size)
        first = min(first, offset)
        checks.holds(f"SHA-256 of {name.rstrip(bytes(1)).decode()}", tree(data[offset:offset + length]) == stated)
    checks.holds("SHA-256 of the code", tree(data[:first]) == code)
    whole = hashlib.sha256(b"gemmac digest 1\n" + code + data[table:table + count * SECTION.size])
    checks.holds("SHA-256 of the file", whole.digest() == digest and shown == whole.hexdigest(), shown)


def changed_on_purpose(checks, chosen, model, public, work):
    """A changed byte in each part; the hash of table and trailer is not mended, SHA-256 must notice by itself later on."""
    data = model.read_bytes()
    for name, offset, length in [("code", 5000, 1)] + sections(data):
        if length == 0:
            continue
        other = bytearray(data)
        other[offset + length // 2] ^= 1
        path = put(work, "other", other)
        shutil.copy(f"{model}.sig", f"{path}.sig")
        checks.refused(f"gemmac verify: {name} changed", [chosen.gemmac, "verify", path, "--key", public], codes=(1,))
        checks.refused(f"gemmac sign: {name} changed", [chosen.gemmac, "sign", path, "--key", work / "key.pem", "-o",
                                                        work / "no.sig"], codes=(1,))
    checks.holds("no signature was made", not (work / "no.sig").exists())


def signatures(checks, chosen, model, work, case):
    def key(name):
        secret, public = work / f"{name}.pem", work / f"{name}.pub"
        must(["openssl", "genpkey", "-algorithm", "ed25519", "-out", secret])
        must(["openssl", "pkey", "-in", secret, "-pubout", "-out", public])
        return secret, public
    secret, public = key("key")
    _, stranger = key("stranger")
    signature = model.with_name(model.name + ".sig")
    must([chosen.gemmac, "sign", model, "--key", secret])
    checks.holds("a signature has 64 bytes", signature.stat().st_size == 64)
    said = must([chosen.gemmac, "verify", model, "--key", public]).stdout
    checks.holds("gemmac verifies it", "signed by" in said, said)
    line = work / "line"
    line.write_text(must([model, "verify", "--digest"]).stdout)
    done = run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", line, "-sigfile", signature])
    checks.holds("OpenSSL verifies it", done.returncode == 0, done.stderr)
    theirs = work / "theirs.sig"
    must(["openssl", "pkeyutl", "-sign", "-inkey", secret, "-rawin", "-in", line, "-out", theirs])
    checks.holds("OpenSSL makes the same", theirs.read_bytes() == signature.read_bytes())
    verify = [chosen.gemmac, "verify", model]
    checks.refused("another's key", [*verify, "--key", stranger], codes=(1,), words=["is no signature"])
    checks.refused("a private key for a public one", [*verify, "--key", secret], codes=(1,), words=["public Ed25519"])
    checks.refused("no key", [*verify, "--key", work / "none"], codes=(1,), words=["none"])
    checks.refused("no signature", [*verify, "--key", public, "--signature", work / "none"], codes=(1,), words=["none"])
    for what, bytes_ in (("a changed signature", bytes([signature.read_bytes()[0] ^ 1]) + signature.read_bytes()[1:]),
                         ("a short signature", signature.read_bytes()[:63]), ("a long one", bytes(65))):
        (work / "bad.sig").write_bytes(bytes_)
        checks.refused(what, [*verify, "--key", public, "--signature", work / "bad.sig"], codes=(1,))
    must(["openssl", "genpkey", "-algorithm", "rsa", "-out", work / "rsa.pem"])
    must(["openssl", "genpkey", "-algorithm", "ed25519", "-aes-128-cbc", "-pass", "pass:x", "-out", work / "locked.pem"])
    (work / "words.pem").write_text("-----BEGIN PRIVATE KEY-----\nwords\n-----END PRIVATE KEY-----\n")
    for name in ("rsa.pem", "locked.pem", "words.pem", "key.pub"):
        checks.refused(f"sign with {name}", [chosen.gemmac, "sign", model, "--key", work / name, "-o", work / "no.sig"],
                       codes=(1,), words=["private Ed25519"])
    before = model.read_bytes()
    checks.refused("-o the model", [chosen.gemmac, "sign", model, "--key", secret, "-o", model], codes=(1,))
    checks.refused("-o the key", [chosen.gemmac, "sign", model, "--key", secret, "-o", secret], codes=(1,))
    checks.holds("the model is as it was", model.read_bytes() == before)
    changed_on_purpose(checks, chosen, model, public, work)
    certified = put(work, "certified", before)
    shutil.copy(signature, work / "certified.sig")
    must([chosen.gemmac, "certify", certified, "--reference", case.folder])
    checks.refused("certified after signing", [chosen.gemmac, "verify", certified, "--key", public], codes=(1,),
                   words=["is no signature"])
    must([certified, "verify"])
    must([chosen.gemmac, "verify", certified])


def origin(checks, chosen, case, model):
    def section(name):
        return must([model, "info", "--section", name]).stdout
    def sha(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    provenance, sbom, licence = json.loads(section("provenance")), json.loads(section("sbom")), section("licence")
    checks.holds("the compiler's digest", provenance["compiler"]["sha256"] == sha(chosen.gemmac))
    checks.holds("the description's digest", provenance["description"]["sha256"] == sha(ROOT / case.description))
    files = {one["name"]: one["sha256"] for one in provenance["weights"]}
    wanted = {name: sha(case.folder / name) for name in ("config.json", "model.safetensors", "tokenizer.json")}
    checks.holds("the weights' digests", files == wanted, files)
    checks.holds("the options", provenance["options"]["quant"] == "f32", provenance["options"])
    kit = chosen.gemmac.parent.parent / "lib/gemmac/x86_64"
    checks.holds("the kit's digests", {one["name"]: one["sha256"] for one in provenance["kit"]} ==
                 {path.name: sha(path) for path in kit.iterdir()})
    names = [one["name"] for one in sbom["components"]]
    checks.holds("the bill of materials", sbom["bomFormat"] == "CycloneDX" and {"glibc", "xxHash", "libc.a"} <= set(names) and
                 all("licenses" in one or "hashes" in one for one in sbom["components"]), names)
    checks.holds("the licence", "Apache License" in licence and "LGPL" in licence and "state no licence" in licence)
    shown = must([model, "info"]).stdout
    checks.holds("info shows the origin", sha(ROOT / case.description) in shown and sha(chosen.gemmac) in shown, shown)
    checks.refused("no such section", [model, "info", "--section", "sbon"], codes=(1,), words=["did you mean 'sbom'"])


def main():
    chosen = options(__doc__)
    case, checks, work = Case(ROOT / "test/goldens/text/base"), Checks(), chosen.work
    model = work / "model"
    build(chosen, case.description, case.folder, "f32", model, "--target", native_level(chosen))
    shown = json.loads(must([model, "info", "--json"]).stdout)["digest"]
    checks.holds("verify says the digest", shown in must([model, "verify"]).stdout)
    checks.holds("gemmac says the same", shown in must([chosen.gemmac, "verify", model]).stdout)
    digests(checks, model.read_bytes(), shown)
    origin(checks, chosen, case, model)
    signatures(checks, chosen, model, work, case)
    for failure in checks.failures:
        print(f"FAILED {failure}")
    print(f"{checks.done - len(checks.failures)} of {checks.done} checks hold")
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
