# Real servers, built from the modules that tests/servers/NAME/go.mod pins and go.sum checks.

readonly GO_FLAGS=(-trimpath -mod=readonly -buildvcs=false)

need_go() {
    [[ -d /usr/local/go/bin ]] && ! command -v go >/dev/null && PATH=$PATH:/usr/local/go/bin
    if ! command -v go >/dev/null; then
        cannot "there is no Go" "Go 1.21 or newer in PATH: it fetches the version that the modules ask for by itself"
        return 1
    fi
    local version minor
    version=$(go env GOVERSION)
    minor=${version#go1.}
    if ((${minor%%[!0-9]*} < 21)); then
        cannot "$version is too old" "Go 1.21 or newer in PATH: it fetches the version that the modules ask for by itself"
        return 1
    fi
    # A Go that is older than the module fetches the one it needs, checked like any other module.
    export GOTOOLCHAIN=auto
    say "$(go version)"
}

# server NAME MODULE PACKAGE [LDFLAGS]: builds NAME once, and links it into target/servers.
server() {
    local name=$1 module=tests/servers/$2 package=$3 ldflags="-s -w${4:+ $4}" key folder
    key=$(cat "$module/go.mod" "$module/go.sum" - <<<"${GO_FLAGS[*]} $ldflags $package" | sha256sum | cut -c1-12)
    folder=$CACHE/servers/$name-$key
    once "$folder/$name" "building $name from $package, with all it needs (once)" \
        build_server "$module" "$package" "$ldflags" "$folder" "$name" ||
        cannot "$name does not build" "a network that reaches the Go module proxy, and 10 GB of disk" || return
    mkdir -p target/servers
    ln -sfn "$folder/$name" "target/servers/$name"
}

build_server() {
    local module=$1 package=$2 ldflags=$3 folder=$4 name=$5 new
    mkdir -p "$folder"
    new="$folder/.$name.$$"
    env -C "$module" CGO_ENABLED=0 GOFLAGS= GOWORK=off \
        go build "${GO_FLAGS[@]}" -ldflags "$ldflags" -o "$new" "$package" && mv "$new" "$folder/$name"
}
