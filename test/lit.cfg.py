"""lit's configuration: RUN lines find gemmac, gemma-opt, FileCheck, not and split-file. %root is the repository.

By hand: /usr/lib/llvm-22/bin/lit -sv --param build=build/release test/passes/fuse
"""
import os

import lit.formats

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.path.abspath(lit_config.params.get("build", os.path.join(root, "build/release")))
config.name = "gemmac"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".toml", ".test"]
config.excludes = ["Inputs", "corpus", "broken", "data", "goldens"]  # a .toml that is no test lies in one of these
config.test_source_root = os.path.join(root, "test")
config.test_exec_root = os.path.join(build, "test-output")
config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), "/usr/lib/llvm-22/bin", os.environ["PATH"]])
config.substitutions.append(("%root", root))
