# Everything that needs Rust alone.

prepare_fast() {
    step "the Rust toolchain" need_rust && step "cargo-deny" need_deny
}

part_fast() {
    step "format" cargo fmt --all --check
    step "lints" cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
    step "tests" cargo test --locked --workspace
    step "the refresher alone" cargo clippy --locked --no-default-features --features refresher --lib --bin freshet-refresher -- -D warnings
    step "the webhook alone" cargo clippy --locked --no-default-features --features cli,webhook --lib --bin freshet -- -D warnings
    step "what the refresher links" refresher_links_no_server
    step "documentation" env RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --locked --workspace --no-deps --document-private-items
    step "licences, bans, sources" "$CACHE/tools/cargo-deny-$DENY_VERSION/bin/cargo-deny" --locked check bans licenses sources
}

refresher_links_no_server() {
    local linked crate
    linked=$(cargo tree --locked --no-default-features --features refresher --edges normal --prefix none --format '{p}') || return
    # The tree is read as text: it must be the right tree.
    grep -q '^vaultrs ' <<<"$linked" || { say "the refresher links no vaultrs: is this its tree?"; return 1; }
    for crate in kube kube-client k8s-openapi axum clap mimalloc rcgen openssl-sys aws-lc-sys; do
        if grep -q "^$crate " <<<"$linked"; then
            say "the refresher links $crate: cargo tree --no-default-features --features refresher -i $crate"
            return 1
        fi
    done
    say "$(sort -u <<<"$linked" | wc -l) crates, none of a server"
}
