# The refresher beside a real vault agent, the webhook under load, templates beside Go's.

# It only starts and watches programs: the debug build will do.
readonly REFRESHER_VS_AGENT=(cargo bench --locked --profile dev --features e2e --bench refresher_vs_agent)

# The load alone: the webhook is the image's.
readonly WEBHOOK_LOAD=(cargo bench --locked --no-default-features --features cli,webhook --bench webhook_load)

# The template engine alone.
readonly TEMPLATE_VS_GO=(cargo bench --locked --no-default-features --bench template_vs_go)

prepare_bench() {
    step "the Rust toolchain" need_rust &&
        step "Go" need_go &&
        step "tools" need_bench_tools &&
        step "real servers" need_servers &&
        step "the refresher, as it is released" need_refresher &&
        step "the webhook, as it is released" webhook_image &&
        step "its load" "${WEBHOOK_LOAD[@]}" --no-run &&
        step "the comparison" "${REFRESHER_VS_AGENT[@]}" --no-run &&
        step "templates" "${TEMPLATE_VS_GO[@]}" --no-run &&
        step "templates in Go" need_template_go
}

need_bench_tools() {
    need_servers_tools && need_image_tools
}

webhook_image() {
    FRESHET_IMAGES=freshet release_images
}

# Go's side of the templates; it needs the standard library alone.
need_template_go() {
    env -C benches/template_vs_go/go CGO_ENABLED=0 GOFLAGS= GOWORK=off \
        go build "${GO_FLAGS[@]}" -o "$PWD/target/template-go" .
}

part_bench() {
    # The refresher finds its volumes below /run, so it gets one of its own.
    step "the refresher beside vault agent" isolated \
        sh -c 'mount -t tmpfs tmpfs /run && : >/run/freshet-bench && exec "$@"' sh "${REFRESHER_VS_AGENT[@]}"
    step "the webhook under load" isolated "${WEBHOOK_LOAD[@]}" -- --binary "$PWD/$IMAGES/root/freshet/freshet" --watches --external-secrets 500
    step "templates beside Go's" "${TEMPLATE_VS_GO[@]}" -- "$PWD/target/template-go"
}
