// RUN: gemma-opt %s | FileCheck %s
// RUN: gemma-run %s --function plain --tokens 1,5,3,7,0 --last 2 | FileCheck %s --check-prefix=NUMBERS
// RUN: gemma-run %s --function phases --tokens 1,5,3,7,0 --last 2 | FileCheck %s --check-prefix=NUMBERS
// RUN: not gemma-run %s --tokens 1 2>&1 | FileCheck %s --check-prefix=WHICH
// RUN: not gemma-run %s --function plain --tokens 1,8 2>&1 | FileCheck %s --check-prefix=ID
// RUN: not gemma-run %s --function plain --tokens 1,x 2>&1 | FileCheck %s --check-prefix=TOKENS
// RUN: not gemma-run %s --function plain --tokens 1 --last 2 2>&1 | FileCheck %s --check-prefix=LAST

// A decoder of one layer, once as an importer writes it and once in the phases of the fuse stage: the same numbers. They
// agree with a second implementation (plain Python, float64) to the digits shown.
// NUMBERS:      -0.37334 -0.14887 0.053636 0.11467 -0.030342 -0.0021602 0.29042 0.50972
// NUMBERS-NEXT: 1.0225 0.84941 -0.51766 -0.26624 0.41326 -0.069878 0.43667 -0.3969
// WHICH: gemma-run: error: the file holds 2 functions; say which with --function
// ID: gemma-run: error: token 1 has id 8, but the table has 8 rows
// TOKENS: gemma-run: error: 'x' is no number; --tokens takes numbers with commas between
// LAST: gemma-run: error: --last must be within 1 to 1, the number of tokens

// CHECK-LABEL: func @plain
func.func @plain(%ids: tensor<?xi32>) -> tensor<?x8xf32, "last"> {
  %embed = gemma.weight "embed" index 0 : tensor<8x4xf32>
  %norm = gemma.weight "norm" index 1 : tensor<4xf32>
  %wq = gemma.weight "q" index 2 : tensor<4x4xf32>
  %wk = gemma.weight "k" index 3 : tensor<2x4xf32>
  %wv = gemma.weight "v" index 4 : tensor<2x4xf32>
  %wo = gemma.weight "o" index 5 : tensor<4x4xf32>
  %gate = gemma.weight "gate" index 6 : tensor<6x4xf32>
  %up = gemma.weight "up" index 7 : tensor<6x4xf32>
  %down = gemma.weight "down" index 8 : tensor<4x6xf32>
  %x = gemma.embed %ids, %embed scale 2.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %n = gemma.rms_norm %x weight %norm eps 1.0e-06 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %q = gemma.project %n, %wq : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %k = gemma.project %n, %wk : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x2xf32>
  %v = gemma.project %n, %wv : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x2xf32>
  %qn = gemma.rms_norm %q eps 1.0e-06 group 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  %qr = gemma.rope %qn head_dim 2 pairs 1 theta 1.0e+04 denominator 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  %kr = gemma.rope %k head_dim 2 pairs 1 theta 1.0e+04 denominator 2 : tensor<?x2xf32> -> tensor<?x2xf32>
  %a = gemma.attention %qr, %kr, %v heads 2 kv_heads 1 head_dim 2 scale 1.0 window 3
      : tensor<?x4xf32>, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x4xf32>
  %o = gemma.project %a, %wo : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %y = gemma.add %x, %o : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %g = gemma.project %y, %gate : tensor<?x4xf32>, tensor<6x4xf32> -> tensor<?x6xf32>
  %u = gemma.project %y, %up : tensor<?x4xf32>, tensor<6x4xf32> -> tensor<?x6xf32>
  %h = gemma.gated %g, %u gelu_tanh : tensor<?x6xf32>, tensor<?x6xf32> -> tensor<?x6xf32>
  %d = gemma.project %h, %down : tensor<?x6xf32>, tensor<4x6xf32> -> tensor<?x4xf32>
  %z = gemma.add %y, %d : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %last = gemma.last_rows %z : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  %logits = gemma.project %last, %embed : tensor<?x4xf32, "last">, tensor<8x4xf32> -> tensor<?x8xf32, "last">
  %capped = gemma.softcap %logits cap 3.0 : tensor<?x8xf32, "last"> -> tensor<?x8xf32, "last">
  return %capped : tensor<?x8xf32, "last">
}

// CHECK-LABEL: func @phases
func.func @phases(%ids: tensor<?xi32>) -> tensor<?x8xf32, "last"> {
  %embed = gemma.weight "embed" index 0 : tensor<8x4xf32>
  %norm = gemma.weight "norm" index 1 : tensor<4xf32>
  %wq = gemma.weight "q" index 2 : tensor<4x4xf32>
  %wk = gemma.weight "k" index 3 : tensor<2x4xf32>
  %wv = gemma.weight "v" index 4 : tensor<2x4xf32>
  %wo = gemma.weight "o" index 5 : tensor<4x4xf32>
  %gate = gemma.weight "gate" index 6 : tensor<6x4xf32>
  %up = gemma.weight "up" index 7 : tensor<6x4xf32>
  %down = gemma.weight "down" index 8 : tensor<4x6xf32>
  // CHECK: gemma.phase rows
  %x, %n, %nl = gemma.phase rows -> tensor<?x4xf32, "last">, tensor<?x4xf32>, tensor<?x4xf32, "last"> {
    %0 = gemma.embed %ids, %embed scale 2.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    %1 = gemma.rms_norm %0 weight %norm eps 1.0e-06 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
    %2 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
    %3 = gemma.last_rows %1 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
    gemma.yield %2, %1, %3 : tensor<?x4xf32, "last">, tensor<?x4xf32>, tensor<?x4xf32, "last">
  }
  %k, %v = gemma.phase project -> tensor<?x2xf32>, tensor<?x2xf32> {
    %0 = gemma.project %n, %wk : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x2xf32>
    %1 = gemma.project %n, %wv : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x2xf32>
    gemma.yield %0, %1 : tensor<?x2xf32>, tensor<?x2xf32>
  }
  %q = gemma.phase project -> tensor<?x4xf32, "last"> {
    %0 = gemma.project %nl, %wq : tensor<?x4xf32, "last">, tensor<4x4xf32> -> tensor<?x4xf32, "last">
    gemma.yield %0 : tensor<?x4xf32, "last">
  }
  %kr, %qr = gemma.phase rows -> tensor<?x2xf32>, tensor<?x4xf32, "last"> {
    %0 = gemma.rms_norm %q eps 1.0e-06 group 2 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
    %1 = gemma.rope %k head_dim 2 pairs 1 theta 1.0e+04 denominator 2 : tensor<?x2xf32> -> tensor<?x2xf32>
    %2 = gemma.rope %0 head_dim 2 pairs 1 theta 1.0e+04 denominator 2 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
    gemma.yield %1, %2 : tensor<?x2xf32>, tensor<?x4xf32, "last">
  }
  // CHECK: gemma.phase attention
  %a = gemma.phase attention -> !gemma.packed<4 x f32, last> {
    %0 = gemma.attention %qr, %kr, %v heads 2 kv_heads 1 head_dim 2 scale 1.0 window 3
        : tensor<?x4xf32, "last">, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x4xf32, "last">
    %1 = gemma.pack %0 : tensor<?x4xf32, "last"> -> !gemma.packed<4 x f32, last>
    gemma.yield %1 : !gemma.packed<4 x f32, last>
  }
  // CHECK: gemma.phase project
  %y = gemma.phase project -> tensor<?x4xf32, "last"> {
    %0 = gemma.project %a, %wo : !gemma.packed<4 x f32, last>, tensor<4x4xf32> -> tensor<?x4xf32, "last">
    %1 = gemma.add %x, %0 : tensor<?x4xf32, "last">, tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
    gemma.yield %1 : tensor<?x4xf32, "last">
  }
  %h = gemma.phase project -> tensor<?x6xf32, "last"> {
    %0 = gemma.project %y, %gate : tensor<?x4xf32, "last">, tensor<6x4xf32> -> tensor<?x6xf32, "last">
    %1 = gemma.project %y, %up : tensor<?x4xf32, "last">, tensor<6x4xf32> -> tensor<?x6xf32, "last">
    %2 = gemma.gated %0, %1 gelu_tanh : tensor<?x6xf32, "last">, tensor<?x6xf32, "last"> -> tensor<?x6xf32, "last">
    gemma.yield %2 : tensor<?x6xf32, "last">
  }
  %z = gemma.phase project -> tensor<?x4xf32, "last"> {
    %0 = gemma.project %h, %down : tensor<?x6xf32, "last">, tensor<4x6xf32> -> tensor<?x4xf32, "last">
    %1 = gemma.add %y, %0 : tensor<?x4xf32, "last">, tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
    gemma.yield %1 : tensor<?x4xf32, "last">
  }
  %logits = gemma.phase project -> tensor<?x8xf32, "last"> {
    %0 = gemma.project %z, %embed : tensor<?x4xf32, "last">, tensor<8x4xf32> -> tensor<?x8xf32, "last">
    %1 = gemma.softcap %0 cap 3.0 : tensor<?x8xf32, "last"> -> tensor<?x8xf32, "last">
    gemma.yield %1 : tensor<?x8xf32, "last">
  }
  return %logits : tensor<?x8xf32, "last">
}
