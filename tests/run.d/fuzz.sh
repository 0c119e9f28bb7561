# Each fuzz target for a while: what comes from outside is read without a panic.

readonly FUZZ_NIGHTLY=nightly-2026-05-20
readonly FUZZ_TARGET=x86_64-unknown-linux-gnu
readonly FUZZ_SEEDS=tests/fuzz/target/seeds
readonly FUZZ_SECONDS=${FRESHET_FUZZ_SECONDS:-60}

# The instrumentation that libFuzzer follows, and the checks that turn a mistake into a crash.
readonly FUZZ_FLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
-Zsanitizer=address -Ccodegen-units=1 --cfg fuzzing"

prepare_fuzz() {
    step "the Rust toolchain" need_rust &&
        step "tools" need_fuzz_tools &&
        step "a nightly toolchain" need_nightly &&
        step "the targets" build_fuzz &&
        step "seeds" fuzz_seeds
}

need_fuzz_tools() {
    need_command c++ g++ && need_command jq jq
}

# Sanitizers are unstable: the pinned nightly, or the stable compiler told to allow them.
need_nightly() {
    local channel
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    fuzz_env=(RUSTUP_TOOLCHAIN="$FUZZ_NIGHTLY")
    if ! command -v rustup >/dev/null; then
        say "no rustup, so no pinned nightly: the stable compiler with RUSTC_BOOTSTRAP=1 instead"
        fuzz_env=(RUSTC_BOOTSTRAP=1)
    elif ! rustup toolchain list | grep -q "^$FUZZ_NIGHTLY-"; then
        say "installing $FUZZ_NIGHTLY: sanitizers need a nightly compiler"
        if ! rustup toolchain install "$FUZZ_NIGHTLY" --profile minimal; then
            say "it cannot be installed: Rust $channel with RUSTC_BOOTSTRAP=1 instead"
            fuzz_env=(RUSTC_BOOTSTRAP=1 RUSTUP_TOOLCHAIN="$channel")
        fi
    fi
    env "${fuzz_env[@]}" rustc --version
}

# With the versions of Cargo.lock: what is fuzzed is what is shipped.
build_fuzz() {
    cp Cargo.lock tests/fuzz/Cargo.lock
    env -C tests/fuzz "${fuzz_env[@]}" RUSTFLAGS="$FUZZ_FLAGS" cargo build --release --target "$FUZZ_TARGET"
}

# Data of other tests, in the form that the targets read. What is for no other test lies in tests/fuzz/seeds.
fuzz_seeds() {
    local seed number=0
    rm -rf "$FUZZ_SEEDS"
    mkdir -p "$FUZZ_SEEDS/hcl" "$FUZZ_SEEDS/vault_k8s"
    cp tests/data/agent_config/syntax/* "$FUZZ_SEEDS/hcl"
    while IFS= read -r -d '' seed; do
        number=$((number + 1))
        printf '%s' "$seed" >"$FUZZ_SEEDS/vault_k8s/$number" || return
    done < <(jq --join-output '.cases[] | .pod.metadata.namespace = .namespace | .pod | (
        (.metadata.annotations // {} | to_entries[]
            | (.key | ltrimstr("vault.hashicorp.com/")) + "=" + (.value | gsub("\n"; "\\n"))),
        "--- pod",
        (del(.metadata.annotations) | tojson)
    ) + "\n", "\u0000"' tests/data/vault_k8s/cases.json)
    say "$number pods"
    ((number))
}

part_fuzz() {
    step "each target for $FUZZ_SECONDS s" fuzz_all
}

# As many at a time as there are cores.
fuzz_all() {
    local source target pid pids=() cores failed=0
    cores=$(nproc)
    for source in tests/fuzz/targets/*.rs; do
        target=$(basename "$source" .rs)
        while (($(jobs -rp | wc -l) >= cores)); do sleep 0.5; done
        fuzz "$target" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || failed=1
    done
    return "$failed"
}

# The corpus grows from run to run; what made a target fail stays in tests/fuzz/artifacts.
fuzz() {
    local target=$1 folder=tests/fuzz log=target/fuzz-$1.log seeds seeds_there=()
    mkdir -p "$folder/corpus/$target" "$folder/artifacts/$target"
    for seeds in "$folder/seeds/$target" "$FUZZ_SEEDS/$target"; do
        [[ ! -d $seeds ]] || seeds_there+=("$seeds")
    done
    say "$target: it prints into $log"
    if ! "$folder/target/$FUZZ_TARGET/release/$target" "$folder/corpus/$target" "${seeds_there[@]}" \
        -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="$folder/artifacts/$target/" >"$log" 2>&1; then
        tail -n 60 "$log"
        say "$target: failed"
        return 1
    fi
    say "$target: $(sed -nE 's/^stat::(number_of_executed_units|new_units_added|peak_rss_mb): */\1 /p' "$log" | paste -sd ,)"
}
