// RUN: gemma-opt %s -verify-diagnostics -split-input-file
// One function for each way to break a constraint of KernelOps.td: @<operation>_c<its number>.

func.func @buffer_kind() {
  // expected-error@+2 {{expected one of [f32, packed_i8, packed_bf16, packed_f32, routing, table, slots] for a kind of buffer, got: f64}}
  // expected-error@+1 {{failed to parse Kernel_Buffer parameter 'kind'}}
  %0 = kernel.buffer : !kernel.buffer<64 x f64, all>
  return
}

// -----

func.func @buffer_rows() {
  // expected-error@+2 {{expected one of [all, last, slots_all, slots_last] for rows of a buffer, got: first}}
  // expected-error@+1 {{failed to parse Kernel_Buffer parameter 'rows'}}
  %0 = kernel.buffer : !kernel.buffer<64 x f32, first>
  return
}

// -----

func.func @buffer_c1() {
  // expected-error@+1 {{'kernel.buffer' op offset must be a multiple of 64 and not negative but is 32}}
  %0 = kernel.buffer at 32 : !kernel.buffer<64 x f32, all>
  return
}

// -----

func.func @buffer_c1_negative() {
  // expected-error@+1 {{'kernel.buffer' op offset must be a multiple of 64 and not negative but is -64}}
  %0 = kernel.buffer at -64 : !kernel.buffer<64 x f32, all>
  return
}

// -----

func.func @buffer_c2() {
  // expected-error@+1 {{'kernel.buffer' op sizes must be positive, with a product of at most 2^48: '!kernel.buffer<0 x f32, all>'}}
  %0 = kernel.buffer : !kernel.buffer<0 x f32, all>
  return
}

// -----

func.func @weight_format() {
  // expected-error@+2 {{expected one of [f32, bf16, q8, q8m, q4, q4m, q6] for a weight format, got: q5}}
  // expected-error@+1 {{failed to parse Kernel_Weight parameter 'format'}}
  %0 = kernel.weight "w" index 0 at 0 : !kernel.weight<q5, panel, 1 x 32 x 32>
  return
}

// -----

func.func @weight_layout() {
  // expected-error@+2 {{expected one of [panel, rows, vector] for a layout of weights, got: columns}}
  // expected-error@+1 {{failed to parse Kernel_Weight parameter 'layout'}}
  %0 = kernel.weight "w" index 0 at 0 : !kernel.weight<q8, columns, 1 x 32 x 32>
  return
}

// -----

func.func @weight_c1() {
  // expected-error@+1 {{'kernel.weight' op offset must be a multiple of 64 and not negative but is 65}}
  %0 = kernel.weight "w" index 0 at 65 : !kernel.weight<q8, panel, 1 x 32 x 32>
  return
}

// -----

func.func @weight_c1_negative() {
  // expected-error@+1 {{'kernel.weight' op offset must be a multiple of 64 and not negative but is -64}}
  %0 = kernel.weight "w" index 0 at -64 : !kernel.weight<q8, panel, 1 x 32 x 32>
  return
}

// -----

func.func @cache_kind() {
  // expected-error@+2 {{expected one of [keys, values] for a kind of cache, got: queries}}
  // expected-error@+1 {{failed to parse Kernel_Cache parameter 'kind'}}
  %0 = kernel.cache at 0 : !kernel.cache<queries, f32, 1 x 32 window 0 page 32 table 0>
  return
}

// -----

func.func @cache_c1() {
  // expected-error@+1 {{'kernel.cache' op in tq4 must hold values of heads of 32, 64, 128, ... dimensions but is '!kernel.cache<keys, tq4, 1 x 32 window 0 page 32 table 0>'}}
  %0 = kernel.cache at 0 : !kernel.cache<keys, tq4, 1 x 32 window 0 page 32 table 0>
  return
}

// -----

func.func @cache_c1_size() {
  // expected-error@+1 {{'kernel.cache' op in tq4 must hold values of heads of 32, 64, 128, ... dimensions but is '!kernel.cache<values, tq4, 1 x 96 window 0 page 32 table 0>'}}
  %0 = kernel.cache at 0 : !kernel.cache<values, tq4, 1 x 96 window 0 page 32 table 0>
  return
}

// -----

func.func @cache_c2() {
  // expected-error@+1 {{'kernel.cache' op needs pages of a positive multiple of 32 slots and a place in them, or neither; window and table not negative: '!kernel.cache<keys, f32, 1 x 32 window 0 page 33 table 0>'}}
  %0 = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window 0 page 33 table 0>
  return
}

// -----

func.func @cache_c2_zero() {
  // expected-error@+1 {{'kernel.cache' op needs pages of a positive multiple of 32 slots and a place in them, or neither; window and table not negative: '!kernel.cache<keys, f32, 1 x 32 window 0 page 0 table 0>'}}
  %0 = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window 0 page 0 table 0>
  return
}

// -----

func.func @cache_c2_nowhere() {
  // expected-error@+1 {{'kernel.cache' op needs pages of a positive multiple of 32 slots and a place in them, or neither; window and table not negative: '!kernel.cache<keys, f32, 1 x 32 window 0 page 32 table 0>'}}
  %0 = kernel.cache : !kernel.cache<keys, f32, 1 x 32 window 0 page 32 table 0>
  return
}

// -----

func.func @cache_c2_window() {
  // expected-error@+1 {{'kernel.cache' op needs pages of a positive multiple of 32 slots and a place in them, or neither; window and table not negative: '!kernel.cache<keys, f32, 1 x 32 window -1 page 32 table 0>'}}
  %0 = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window -1 page 32 table 0>
  return
}

// -----

func.func @cache_c4() {
  // expected-error@+1 {{'kernel.cache' op offset must be a multiple of 64 and not negative but is 1}}
  %0 = kernel.cache at 1 : !kernel.cache<keys, f32, 1 x 32 window 0 page 32 table 0>
  return
}

// -----

func.func @rows_c1(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.rows' op needs a region with 1 arguments that yields 1 values}}
  kernel.rows all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    kernel.yield
  }
  return
}

// -----

func.func @rows_c1_yield(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.rows' op needs a region with 1 arguments that yields 1 values}}
  kernel.rows all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y, %y : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return
}

// -----

func.func @rows_c2(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.rows' op cannot hold gemma.attention}}
  kernel.rows all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.attention %x, %x, %x heads 1 kv_heads 1 head_dim 4 scale 1.0 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

func.func @project_c1(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.project' op needs a region with 1 arguments that yields 1 values}}
  kernel.project all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    kernel.yield
  }
  return
}

// -----

func.func @project_c1_yield(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.project' op needs a region with 1 arguments that yields 1 values}}
  kernel.project all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y, %y : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return
}

// -----

func.func @project_c2(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.project' op cannot hold gemma.rms_norm}}
  kernel.project all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

func.func @attention_c1(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.attention' op needs a region with 1 arguments that yields 1 values}}
  kernel.attention all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    kernel.yield
  }
  return
}

// -----

func.func @attention_c1_yield(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.attention' op needs a region with 1 arguments that yields 1 values}}
  kernel.attention all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.attention %x, %x, %x heads 1 kv_heads 1 head_dim 4 scale 1.0 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y, %y : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return
}

// -----

func.func @attention_c2(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.attention' op cannot hold gemma.scale}}
  kernel.attention all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

func.func @attention_c2_two(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.attention' op must hold one attention but holds 2}}
  kernel.attention all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
  ^bb0(%x: tensor<?x4xf32>):
    %y = gemma.attention %x, %x, %x heads 1 kv_heads 1 head_dim 4 scale 1.0 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    %z = gemma.attention %x, %x, %x heads 1 kv_heads 1 head_dim 4 scale 2.0 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    kernel.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

// A phase is isolated: the values around it come in through `ins`.
func.func @rows_sees_nothing_around_it(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>, %t: tensor<?x4xf32>) {
  // expected-note@+1 {{required by region isolation constraints}}
  kernel.rows all ins() outs(%b : !kernel.buffer<4 x f32, all>) {
    // expected-error@+1 {{'kernel.yield' op using value defined outside the region}}
    kernel.yield %t : tensor<?x4xf32>
  }
  return
}

// -----

// A yield ends its block.
func.func @yield_last(%a: !kernel.buffer<4 x f32, all>, %b: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.rows' op cannot hold kernel.yield}}
  kernel.rows all ins() outs() {
    kernel.yield
    kernel.yield
  }
  return
}

// -----

func.func @rope_table_c1(%t: !kernel.buffer<4 x table, all>) {
  // expected-error@+1 {{'kernel.rope_table' op table is 4 wide but there are 1 frequencies}}
  kernel.rope_table %t {inverse_frequencies = array<f32: 1.0>} : !kernel.buffer<4 x table, all>
  return
}

// -----

func.func @expert_slots_c1(%r: !kernel.buffer<2 x routing, all>, %s: !kernel.buffer<2 x slots, all>) {
  // expected-error@+1 {{'kernel.expert_slots' op needs a routing and a slots buffer}}
  kernel.expert_slots %s into %s {experts = 8 : i64, top_k = 2 : i64} : !kernel.buffer<2 x slots, all> into !kernel.buffer<2 x slots, all>
  return
}

// -----

func.func @expert_slots_c1_slots(%r: !kernel.buffer<2 x routing, all>, %s: !kernel.buffer<2 x slots, all>) {
  // expected-error@+1 {{'kernel.expert_slots' op needs a routing and a slots buffer}}
  kernel.expert_slots %r into %r {experts = 8 : i64, top_k = 2 : i64} : !kernel.buffer<2 x routing, all> into !kernel.buffer<2 x routing, all>
  return
}

// -----

// The types of these operands are all that ODS demands.
func.func @expert_gather_buffers(%x: tensor<?x4xf32>, %s: !kernel.buffer<2 x slots, all>, %p: !kernel.buffer<4 x f32, all>) {
  // expected-error@+1 {{'kernel.expert_gather' op operand #0 must be rows in the arena, but got 'tensor<?x4xf32>'}}
  "kernel.expert_gather"(%x, %s, %p) {experts = 8 : i64, top_k = 2 : i64} : (tensor<?x4xf32>, !kernel.buffer<2 x slots, all>, !kernel.buffer<4 x f32, all>) -> ()
  return
}

// -----

func.func @expert_project_weight(%x: !kernel.buffer<4 x f32, all>, %s: !kernel.buffer<2 x slots, all>) {
  // expected-error@+1 {{'kernel.expert_project' op operand #1 must be `members` matrices of `rows` x `columns` in a packed format, see Format.h, but got '!kernel.buffer<4 x f32, all>'}}
  "kernel.expert_project"(%x, %x, %s, %x) {experts = 8 : i64, top_k = 2 : i64} : (!kernel.buffer<4 x f32, all>, !kernel.buffer<4 x f32, all>, !kernel.buffer<2 x slots, all>, !kernel.buffer<4 x f32, all>) -> ()
  return
}

// -----

func.func @expert_project_experts(%x: !kernel.buffer<4 x f32, all>, %w: !kernel.weight<q8, panel, 8 x 4 x 4>, %s: !kernel.buffer<2 x slots, all>) {
  // expected-error@+1 {{'kernel.expert_project' op requires attribute 'experts'}}
  "kernel.expert_project"(%x, %w, %s, %x) {top_k = 2 : i64} : (!kernel.buffer<4 x f32, all>, !kernel.weight<q8, panel, 8 x 4 x 4>, !kernel.buffer<2 x slots, all>, !kernel.buffer<4 x f32, all>) -> ()
  return
}

// -----

func.func @expert_combine_buffers(%x: !kernel.buffer<4 x f32, all>, %r: !kernel.buffer<2 x routing, all>, %s: tensor<?x4xf32>) {
  // expected-error@+1 {{'kernel.expert_combine' op operand #2 must be rows in the arena, but got 'tensor<?x4xf32>'}}
  "kernel.expert_combine"(%x, %r, %s, %x) {experts = 8 : i64, top_k = 2 : i64} : (!kernel.buffer<4 x f32, all>, !kernel.buffer<2 x routing, all>, tensor<?x4xf32>, !kernel.buffer<4 x f32, all>) -> ()
  return
}

// -----

func.func @dot_c1(%a: vector<4xi32>, %w: vector<8xi8>) {
  // expected-error@+1 {{'kernel.dot' op needs 16 bytes for 4 lanes but has 8}}
  %0 = kernel.dot %a, %w, %w {max_code = 15 : i64} : vector<4xi32>, vector<8xi8>
  return
}

// -----

func.func @dot_type(%a: vector<4xi32>, %w: vector<16xi16>) {
  // expected-error@+1 {{'kernel.dot' op operand #1 must be vector of 8-bit signless integer values of ranks 1, but got 'vector<16xi16>'}}
  %0 = kernel.dot %a, %w, %w {max_code = 15 : i64} : vector<4xi32>, vector<16xi16>
  return
}

// -----

func.func @pair_dot_c1(%a: vector<4xf32>, %w: vector<8xi32>) {
  // expected-error@+1 {{'kernel.pair_dot' op needs 4 pairs for 4 lanes but has 8}}
  %0 = kernel.pair_dot %a, %w, %w : vector<4xf32>, vector<8xi32>
  return
}

// -----

func.func @lookup_c1(%codes: vector<16xi8>) {
  // expected-error@+1 {{'kernel.lookup' op needs a table of 16 numbers but has 2}}
  %0 = kernel.lookup %codes in [1, 2] : vector<16xi8>
  return
}

// -----

func.func @weight_c2() {
  // expected-error@+1 {{'kernel.weight' op sizes must be positive, with a product of at most 2^48: '!kernel.weight<q8, panel, 1 x -32 x 32>'}}
  %0 = kernel.weight "w" index 0 at 0 : !kernel.weight<q8, panel, 1 x -32 x 32>
  return
}

// -----

func.func @weight_c2_overflow() {
  // expected-error@+1 {{'kernel.weight' op sizes must be positive, with a product of at most 2^48: '!kernel.weight<q8, panel, 2 x 4294967296 x 4294967296>'}}
  %0 = kernel.weight "w" index 0 at 0 : !kernel.weight<q8, panel, 2 x 4294967296 x 4294967296>
  return
}

// -----

func.func @cache_c3() {
  // expected-error@+1 {{'kernel.cache' op sizes must be positive, with a product of at most 2^48: '!kernel.cache<keys, f32, 1 x 0 window 0 page 32 table 0>'}}
  %0 = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 0 window 0 page 32 table 0>
  return
}

// -----

func.func @tap_c1(%h: !kernel.buffer<4 x f32, last>) {
  %x = kernel.buffer : !kernel.buffer<3 x f32, all>
  // expected-error@+1 {{'kernel.tap' op must copy f32 rows to a place of the caller that is as wide, but copies '!kernel.buffer<3 x f32, all>' to '!kernel.buffer<4 x f32, last>'}}
  kernel.tap %x into %h of 9 : !kernel.buffer<3 x f32, all> into !kernel.buffer<4 x f32, last>
  return
}

// -----

func.func @tap_c2() {
  %x = kernel.buffer : !kernel.buffer<3 x f32, all>
  %h = kernel.buffer at 28 external hidden : !kernel.buffer<3 x f32, last>
  // expected-error@+1 {{'kernel.tap' op writes columns 7 to 7 + 3 of rows of 9}}
  kernel.tap %x into %h of 9 : !kernel.buffer<3 x f32, all> into !kernel.buffer<3 x f32, last>
  return
}

// -----

func.func @buffer_external_offset() {
  // expected-error@+1 {{'kernel.buffer' op offset must be a multiple of 4 and not negative but is 6}}
  %h = kernel.buffer at 6 external hidden : !kernel.buffer<3 x f32, last>
  return
}

// -----

// expected-error@+1 {{chunk = 0 and last_rows = 1 must be at least 1}}
module attributes {kernel.plan = #kernel.plan<chunk = 0, last_rows = 1>} {}

// -----

// expected-error@+1 {{a plan's numbers must not be negative, but one is -4}}
module attributes {kernel.plan = #kernel.plan<chunk = 1, last_rows = 1, page_bytes = -4>} {}

// -----

// expected-error@+1 {{cache_reads must be windows and bytes in turn, but has 1 numbers}}
module attributes {kernel.plan = #kernel.plan<chunk = 1, last_rows = 1, cache_reads = [7]>} {}

// -----

// expected-error@+1 {{attribute kernel.chunk = 20 : i64 is not known; a module of a plan has kernel.plan = #kernel.plan<...> and kernel.level = #kernel.level<...>}}
module attributes {kernel.chunk = 20 : i64} {}

// -----

// expected-error@+1 {{attribute kernel.level = 3 : i64 is not known; a module of a plan has kernel.plan = #kernel.plan<...> and kernel.level = #kernel.level<...>}}
module attributes {kernel.level = 3 : i64} {}
