# The Rust toolchain that rust-toolchain.toml names, and the tools that are built with it.

readonly DENY_VERSION=0.20.2
readonly MUSL=x86_64-unknown-linux-musl

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

# cargo-deny, pinned, in a folder of its own.
need_deny() {
    once "$CACHE/tools/cargo-deny-$DENY_VERSION/bin/cargo-deny" "building cargo-deny $DENY_VERSION (some 3 minutes, once)" \
        env CARGO_TARGET_DIR="$CACHE/build/cargo-deny" \
        cargo install cargo-deny --version "$DENY_VERSION" --locked --root "$CACHE/tools/cargo-deny-$DENY_VERSION" ||
        cannot "cargo-deny $DENY_VERSION does not build" "a network that reaches crates.io"
}

# The refresher of the image: small, static.
need_refresher() {
    need_musl &&
        cargo build --locked --profile refresher --target "$MUSL" --no-default-features --features refresher \
            --bin freshet-refresher &&
        mkdir -p target/servers &&
        ln -sfn "$PWD/target/$MUSL/refresher/freshet-refresher" target/servers/freshet-refresher
}
