# The images that are released: webhook and refresher, from scratch, one static program each.

readonly IMAGES=target/images
# Every one of them, with the most it may weigh in MB.
readonly IMAGE_LIMITS=(freshet:20 freshet-refresher:4 freshet-refresher-full:8)

prepare_images() {
    step "the Rust toolchain" need_rust &&
        step "tools" need_image_tools &&
        step "cargo-cyclonedx" need_cyclonedx &&
        step "the images" release_images
}

part_images() {
    step "their sizes" image_figures
    step "bills of materials" bills_of_materials
    step "built again elsewhere" images_again
}

need_image_tools() {
    need_musl && need_command jq jq && need_command tar tar
}

# All three, or those of FRESHET_IMAGES, into target/images.
release_images() {
    local name
    for name in ${FRESHET_IMAGES:-freshet freshet-refresher freshet-refresher-full}; do
        case $name in
        freshet) release_image "$name" freshet webhook "${WEBHOOK[@]}" ;;
        freshet-refresher) release_image "$name" freshet-refresher run "${REFRESHER[@]}" ;;
        freshet-refresher-full) release_image "$name" freshet-refresher run "${REFRESHER_FULL[@]}" ;;
        *) cannot "there is no image \"$name\"" "FRESHET_IMAGES and FRESHET_IMAGES_AGAIN name freshet, freshet-refresher and freshet-refresher-full" ;;
        esac || return
    done
}

# release_image NAME PROGRAM COMMAND CARGO_ARGUMENT...: as the Containerfile describes it.
release_image() {
    local name=$1 program=$2 command=$3 root=$IMAGES/root/$1 version config
    shift 3
    version=$(project_version)
    mkdir -p "$root"
    build_release "$root/$program" "$program" "$@" || return
    config=$(jq -n --arg name "$name" --arg program "$program" --arg command "$command" --arg version "$version" '{
        User: "65532:65532", Entrypoint: ["/" + $program], Cmd: [$command], Labels: {
            "org.opencontainers.image.title": $name,
            "org.opencontainers.image.version": $version,
            "org.opencontainers.image.licenses": "Apache-2.0"
        }
    }')
    image "$IMAGES/$name.tar" "$name:$version" "$root" "$config" || return
    say "$IMAGES/$name.tar: $(image_digest "$IMAGES/$name.tar")"
}

project_version() {
    sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1
}

image_figures() {
    local limit name bytes heavy=0
    for limit in "${IMAGE_LIMITS[@]}"; do
        name=${limit%:*} limit=${limit#*:}
        bytes=$(image_bytes "$IMAGES/$name.tar") || return
        figure "image of $name" "$(awk "BEGIN { printf \"%.2f\", $bytes / 1e6 }")" MB "<= $limit"
        figure "digest of $name" "$(image_digest "$IMAGES/$name.tar")" ""
        ((bytes <= limit * 1000000)) || heavy=1
    done
    return "$heavy"
}

# What each program is made of, as CycloneDX: target/images/NAME.cdx.json.
bills_of_materials() {
    bill freshet cli,webhook && bill freshet-refresher refresher && bill freshet-refresher-full refresher,templates-full
}

# bill NAME FEATURES: of what is linked, not of what builds it.
bill() {
    local name=$1 features=$2
    # Without the variable the time of the run stands in the bill.
    env SOURCE_DATE_EPOCH=0 "$CACHE/tools/cargo-cyclonedx-$CYCLONEDX_VERSION/bin/cargo-cyclonedx" cyclonedx -qq \
        --format json --spec-version 1.5 --target "$MUSL" --no-build-deps \
        --no-default-features --features "$features" --override-filename "$name.cdx" || return
    # The tool writes beside the manifest of each package, and calls packages by their folders.
    sed "s#path+file://$PWD#path+file:///freshet#g" "$name.cdx.json" >"$IMAGES/$name.cdx.json" || return
    rm -f "$name.cdx.json" examples/*/"$name.cdx.json"
    say "$IMAGES/$name.cdx.json: $(jq '.components | length' "$IMAGES/$name.cdx.json") components"
}

# The same digests from another folder, and with another folder of builds: nothing of a machine or a
# moment is in them.
images_again() {
    local elsewhere=$CACHE/elsewhere name again=${FRESHET_IMAGES_AGAIN:-freshet-refresher} different=0
    exec 9>"$CACHE/locks/elsewhere"
    flock 9
    rm -rf "$elsewhere"
    mkdir -p "$elsewhere"
    tar --create --exclude-vcs --exclude=./target --exclude=./tests/fuzz/target . | tar --extract --directory "$elsewhere"
    # Its own lock and table of times; a run of its own.
    FRESHET_IMAGES=$again "$elsewhere/tests/run" --build images 8>&- 9>&- >"$IMAGES/elsewhere.log" 2>&1 ||
        { tail -n 40 "$IMAGES/elsewhere.log"; return 1; }
    for name in $again; do
        if [[ $(image_digest "$IMAGES/$name.tar") == $(image_digest "$elsewhere/$IMAGES/$name.tar") ]]; then
            say "$name has the same digest"
        else
            say "$name differs: compare $IMAGES/root/$name with $elsewhere/$IMAGES/root/$name"
            different=1
        fi
    done
    exec 9>&-
    return "$different"
}
