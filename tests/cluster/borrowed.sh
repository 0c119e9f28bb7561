# The tests on a cluster that is already there: KUBECONFIG names it.

# kind[=NAME], k3s, registry=PREFIX or loaded: how images get there; see tests/run --help.
image_way=

borrowed() {
    [[ -n ${KUBECONFIG-} ]]
}

# Says whose cluster it is, and what will happen in it.
borrowed_up() {
    local context
    context=$(kubectl config current-context) && kubectl get --raw /readyz >/dev/null ||
        cannot "the cluster of KUBECONFIG=$KUBECONFIG does not answer" "start it, or unset KUBECONFIG: the tests then start one of their own" || return
    cat <<TEXT
    KUBECONFIG is set: no cluster is started. In the cluster "$context" the tests create and delete
    the namespaces "freshet" and "vault" (Vault in dev mode, root token "root"), cluster roles, a
    MutatingWebhookConfiguration "freshet", and namespaces of their own. Not for a cluster that matters.
TEXT
    borrowed_load && borrowed_shell tests/cluster/node/furnish "$(borrowed_prefix "$TEST_IMAGES")" vault
}

borrowed_down() {
    target/servers/helm uninstall freshet --namespace freshet --ignore-not-found --wait
    kubectl delete --ignore-not-found namespace freshet
    kubectl delete --ignore-not-found --filename tests/cluster/manifests/vault.yaml
}

# borrowed_shell COMMAND...: what cluster_shell is for the cluster of our own.
borrowed_shell() {
    env PATH="$PWD/target/servers:$PATH" FRESHET_TEST_REGISTRY="$(borrowed_prefix "")" "$@"
}

borrowed_load() {
    local archive name
    case ${image_way:=$(guess_image_way)} in
    kind | kind=*)
        name=${image_way#kind} name=${name#=}
        for archive in $(cluster_archives); do
            kind load image-archive "$archive" --name "${name:-kind}" || return
        done
        ;;
    k3s)
        for archive in $(cluster_archives); do
            k3s ctr images import "$archive" || return
        done
        ;;
    registry=*)
        need_command skopeo skopeo || return
        for archive in $(cluster_archives); do
            name=$(tar --extract --to-stdout --file "$archive" manifest.json | jq -r '.[0].RepoTags[0] | sub("^.*/"; "")')
            skopeo copy "oci-archive:$archive" "docker://${image_way#registry=}/$name" || return
        done
        ;;
    loaded) say "the images are there already, you say" ;;
    *)
        cannot "it is not known how images get into the cluster of KUBECONFIG" \
            "--images=kind[=NAME], --images=k3s, --images=registry=PREFIX with a registry that you are logged in to and the nodes may pull from, or --images=loaded when every node has target/images/*.tar and target/cluster/images/*.tar"
        ;;
    esac
}

# From the name that kind gives its contexts, or a k3s on this machine.
guess_image_way() {
    local context
    context=$(kubectl config current-context)
    if [[ $context == kind-* ]] && command -v kind >/dev/null; then
        echo "kind=${context#kind-}"
    elif [[ $context == default ]] && command -v k3s >/dev/null; then
        echo k3s
    fi
}

# borrowed_prefix DEFAULT: where the images are called from.
borrowed_prefix() {
    case $image_way in
    registry=*) printf '%s' "${image_way#registry=}" ;;
    *) printf '%s' "$1" ;;
    esac
}
