# Container images without a container engine. The same content has the same digest, whoever writes
# it and when.

# image ARCHIVE NAME ROOT CONFIG: writes the folder ROOT as the one layer of the image NAME, with the
# OCI config CONFIG ({"Entrypoint": ["/app"], …}). ARCHIVE is an OCI layout that also carries the
# manifest of a Docker archive, so that docker, ctr, kind, k3s and skopeo all read it.
image() {
    local archive=$1 layout result
    layout=$(mktemp -d "$(dirname "$archive")/.image.XXXXXX") || return
    image_layout "$layout" "$2" "$3" "$4" &&
        deterministic_tar "$layout" oci-layout index.json manifest.json blobs >"$archive.new" &&
        mv "$archive.new" "$archive"
    result=$?
    rm -rf "$layout"
    return "$result"
}

# image_layout LAYOUT NAME ROOT CONFIG: layer, config, manifest, index, each named by its digest in the
# next.
image_layout() {
    local layout=$1 name=$2 root=$3 config=$4 layer settings manifest
    mkdir -p "$layout/blobs/sha256"
    # Not compressed: the digest would depend on the compressor's version.
    deterministic_tar "$root" . >"$layout/blob" || return
    layer=$(blob "$layout" application/vnd.oci.image.layer.v1.tar)
    jq -cS -n --argjson config "$config" --argjson layer "$layer" --arg architecture "$(image_architecture)" '{
        architecture: $architecture, os: "linux", created: "1970-01-01T00:00:00Z", config: $config,
        rootfs: { type: "layers", diff_ids: [$layer.digest] },
        history: [{ created: "1970-01-01T00:00:00Z", created_by: "tests/lib/image.sh" }]
    }' >"$layout/blob" || return
    settings=$(blob "$layout" application/vnd.oci.image.config.v1+json)
    jq -cS -n --argjson config "$settings" --argjson layer "$layer" '{
        schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]
    }' >"$layout/blob" || return
    manifest=$(blob "$layout" application/vnd.oci.image.manifest.v1+json)
    jq -cS -n --argjson manifest "$manifest" --arg name "$(full_name "$name")" '{
        schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [$manifest + { annotations: {
            "io.containerd.image.name": $name, "org.opencontainers.image.ref.name": ($name | split(":") | last)
        } }]
    }' >"$layout/index.json" || return
    jq -cS -n --argjson config "$settings" --argjson layer "$layer" --arg name "$name" '
        def path: "blobs/" + sub(":"; "/");
        [{ Config: ($config.digest | path), RepoTags: [$name], Layers: [($layer.digest | path)] }]
    ' >"$layout/manifest.json" || return
    printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
}

# blob LAYOUT TYPE: moves LAYOUT/blob to its place; its descriptor.
blob() {
    local digest size
    digest=$(sha256sum <"$1/blob" | cut -d ' ' -f 1)
    size=$(stat -c %s "$1/blob")
    mv "$1/blob" "$1/blobs/sha256/$digest"
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$2" "$digest" "$size"
}

deterministic_tar() {
    local folder=$1
    shift
    tar --create --directory "$folder" --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX -- "$@"
}

# The name as a runtime keeps it.
full_name() {
    case $1 in
    */*) printf '%s' "$1" ;;
    *) printf 'docker.io/library/%s' "$1" ;;
    esac
}

# As OCI calls this machine's.
image_architecture() {
    case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
    esac
}

# image_digest ARCHIVE: what the image is called by content.
image_digest() {
    tar --extract --to-stdout --occurrence=1 --file "$1" index.json | jq -r '.manifests[0].digest'
}

# image_bytes ARCHIVE: the size of what is stored and transferred.
image_bytes() {
    local manifest
    manifest=$(image_digest "$1")
    tar --extract --to-stdout --occurrence=1 --file "$1" "blobs/${manifest/://}" | jq '.config.size + ([.layers[].size] | add)'
}
