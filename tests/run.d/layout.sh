# Which functions a refresher runs, for the linker: build/functions.ld anew.

# It only starts and watches programs: the debug build will do.
readonly REFRESHER_LAYOUT=(cargo bench --locked --profile dev --features e2e --bench refresher_layout)

layout_command() {
    local program=target/servers/freshet-refresher map=target/layout.map
    mkdir -p "$CACHE" target
    need_rust && need_go && need_servers_tools && need_command valgrind valgrind && need_servers &&
        refresher_with_map "$program" "$map" && "${REFRESHER_LAYOUT[@]}" --no-run &&
        isolated sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh \
            "${REFRESHER_LAYOUT[@]}" -- "$PWD/$program" "$PWD/$map" "$PWD/build/functions.ld" &&
        need_refresher && say "$(stat -c '%s bytes' "$program"): tests/run bench measures its memory"
}

# refresher_with_map OUTPUT MAP: the refresher of the image, but with its symbols, by which valgrind
# knows its code; and what the linker tells of it.
refresher_with_map() {
    need_musl || return
    env CARGO_TARGET_DIR="$RELEASES" cargo rustc --locked "${AS_RELEASED[@]}" "${REFRESHER[@]}" -- -C strip=none -C "link-arg=-Wl,-Map,$PWD/$2" &&
        install -D "$RELEASES/$MUSL/refresher/freshet-refresher" "$1"
}
