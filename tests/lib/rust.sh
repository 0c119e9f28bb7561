# The Rust toolchain that rust-toolchain.toml names, and the tools that are built with it.

readonly DENY_VERSION=0.20.2
readonly CYCLONEDX_VERSION=0.5.9
readonly MUSL=x86_64-unknown-linux-musl

# Without this machine's paths in it, a program is the same wherever it is built.
AS_RELEASED=(--target "$MUSL" --config "target.$MUSL.rustflags = [
    '--remap-path-prefix=$PWD=/freshet',
    '--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo',
]")
readonly AS_RELEASED

# What is released, as the Containerfile builds it.
readonly WEBHOOK=(--profile webhook --no-default-features --features cli,webhook --bin freshet)
readonly REFRESHER=(--profile refresher --no-default-features --features refresher --bin freshet-refresher)
readonly REFRESHER_FULL=(--profile refresher --no-default-features --features refresher,templates-full --bin freshet-refresher)

need_rust() {
    local channel
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    need_command cc gcc || return
    if command -v rustup >/dev/null; then
        if ! rustup toolchain list | grep -q "^$channel-"; then
            say "installing Rust $channel, which rust-toolchain.toml asks for"
            rustup toolchain install "$channel" --profile minimal -c clippy -c rustfmt ||
                cannot "Rust $channel cannot be installed" "a network that reaches rustup's server" || return
        fi
        # A toolchain without its parts, as `rustup default` leaves it.
        rustup component add clippy rustfmt --toolchain "$channel" 2>/dev/null ||
            cannot "clippy and rustfmt of Rust $channel cannot be installed" "a network that reaches rustup's server" || return
    elif ! cargo clippy --version >/dev/null 2>&1; then
        cannot "there is no Rust $channel with clippy" "install rustup"
        return 1
    fi
    say "$(cargo --version), $(rustc --version)"
}

# The static target of the release images.
need_musl() {
    rustc --print target-libdir --target "$MUSL" >/dev/null 2>&1 &&
        [[ -d $(rustc --print target-libdir --target "$MUSL") ]] && return 0
    say "installing the target $MUSL"
    rustup target add "$MUSL" ||
        cannot "the target $MUSL cannot be installed" "rustup, and a network that reaches its server"
}

# cargo-deny, pinned.
need_deny() {
    cargo_tool cargo-deny "$DENY_VERSION"
}

# cargo-cyclonedx, pinned, which writes bills of materials.
need_cyclonedx() {
    cargo_tool cargo-cyclonedx "$CYCLONEDX_VERSION"
}

# cargo_tool NAME VERSION: built in a folder of its own.
cargo_tool() {
    local name=$1 version=$2
    once "$CACHE/tools/$name-$version/bin/$name" "building $name $version (some 3 minutes, once)" \
        env CARGO_TARGET_DIR="$CACHE/build/$name" \
        cargo install "$name" --version "$version" --locked --root "$CACHE/tools/$name-$version" ||
        cannot "$name $version does not build" "a network that reaches crates.io"
}

# build_release OUTPUT PROGRAM CARGO_ARGUMENT...: builds PROGRAM as it is released, static, and copies
# it to OUTPUT: builds of other features share their place below RELEASES.
build_release() {
    local output=$1 program=$2 profile=release
    shift 2
    [[ $1 != --profile ]] || profile=$2
    # What was built for an earlier clone at this path may be newer than files that differ.
    if [[ ! -e target/releases ]]; then
        rm -rf "$RELEASES"/{*,*/*}/.fingerprint/{freshet,credentials-page,database-client}-*
        sweep_releases
        mkdir -p target "$RELEASES" && printf '%s\n' "$PWD" >"$RELEASES/tree" && : >target/releases
    fi
    env CARGO_TARGET_DIR="$RELEASES" cargo build --locked "${AS_RELEASED[@]}" "$@" &&
        install -D "$RELEASES/$MUSL/$profile/$program" "$output"
}

# Forgets the builds of work trees that are gone.
sweep_releases() {
    local mark
    for mark in "$CACHE"/release/*/tree; do
        [[ ! -e $mark || -d $(<"$mark") ]] || rm -rf "${mark%/tree}"
    done
}

# The refresher of the image: small, static.
need_refresher() {
    need_musl && build_release target/servers/freshet-refresher freshet-refresher "${REFRESHER[@]}"
}
