# The images that the tests on a cluster need beside Freshet's own: target/cluster/images/NAME.tar.

# A name that no registry answers to.
readonly TEST_IMAGES=freshet.test
readonly COREDNS_VERSION=1.13.1 VAULT_VERSION=1.21.0

test_images() {
    local page=target/cluster/credentials-page pause=target/cluster/pause
    mkdir -p target/cluster/images
    build_release "$page" credentials-page --release --package credentials-page &&
        cc -static -Os -s -o "$pause" tests/cluster/pause.c || return
    test_image pause:1 "$pause" pause '{ "Entrypoint": ["/pause"] }' &&
        { borrowed || test_image coredns:$COREDNS_VERSION target/servers/coredns coredns '{ "Entrypoint": ["/coredns"] }'; } &&
        test_image vault:$VAULT_VERSION target/servers/vault vault '{ "Entrypoint": ["/vault"] }' &&
        test_image credentials-page:1 "$page" credentials-page '{ "User": "65532:65532", "Entrypoint": ["/credentials-page"], "Cmd": ["--listen", "0.0.0.0:8080"] }' &&
        test_image busybox:1 "$(command -v busybox)" bin/busybox '{ "Env": ["PATH=/bin"], "Cmd": ["/bin/sh"] }'
}

# test_image NAME:TAG PROGRAM PATH CONFIG [shell]: an image of one static program, perhaps with a shell
# beside it, unless it is there and newer.
test_image() {
    local name=$1 program=$2 path=$3 config=$4 archive=target/cluster/images/${1%:*}.tar root
    program=$(realpath "$program")
    [[ $archive -nt $program && $archive -nt tests/lib/image.sh && $archive -nt tests/cluster/images.sh ]] && return
    say "writing $archive"
    root=$(mktemp -d target/cluster/.root.XXXXXX)
    install -D "$program" "$root/$path" &&
        { [[ ${5-} != shell ]] || install -D "$(command -v busybox)" "$root/bin/busybox"; } &&
        { [[ ! -e $root/bin/busybox ]] || busybox_applets "$root/bin"; } &&
        image "$archive" "$TEST_IMAGES/$name" "$root" "$config"
    local result=$?
    rm -rf "$root"
    return "$result"
}

# One program, called by many names.
busybox_applets() {
    local applet
    for applet in $("$1/busybox" --list); do
        [[ $applet == busybox ]] || ln -s busybox "$1/$applet"
    done
}
