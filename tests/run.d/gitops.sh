# From a commit to a page, with a real Argo CD on the cluster of `cluster`.

readonly ARGOCD_VERSION=3.2.1

prepare_gitops() {
    step "a cluster of our own" need_own_cluster &&
        step "the Rust toolchain" need_rust &&
        step "Go" need_go &&
        step "tools" need_gitops_tools &&
        step "real servers" need_gitops_servers &&
        step "the images" release_images &&
        step "the images of the tests" test_images &&
        step "the tests" cargo test --locked --features e2e --test gitops --no-run
}

part_gitops() {
    # They wait more than they work.
    local tests=(cargo test --locked --features e2e --test gitops -- --test-threads=4) stays=false
    # Somebody started it by hand.
    ! cluster_alive || stays=true
    step "up" cluster_up && step "Argo CD" gitops_up && step "tests" cluster_shell "${tests[@]}"
    $stays || step "down" cluster_down
}

gitops_up() {
    cluster_shell tests/gitops/argocd/start "$PWD/target/servers" target/servers/argocd-crds.yaml
}

# Argo CD and the registry of the example's image are programs beside the node's own.
need_own_cluster() {
    ! borrowed || cannot "Argo CD runs in the network of a node that this run starts itself" "unset KUBECONFIG"
}

need_gitops_tools() {
    need_cluster_tools && need_command git git && need_command redis-server redis-server &&
        need_command chromium chromium && need_package /usr/share/fonts/truetype/dejavu fonts-dejavu-core
}

need_gitops_servers() {
    need_cluster_servers && server argocd argocd github.com/argoproj/argo-cd/v3/cmd "-X github.com/argoproj/argo-cd/v3/common.version=$ARGOCD_VERSION" &&
        argocd_crds
}

# Argo CD's CRDs, as its module has them, in one file.
argocd_crds() {
    local module
    module=$(env -C tests/servers/argocd GOWORK=off GOFLAGS= go mod download -json github.com/argoproj/argo-cd/v3 | jq -r .Dir) &&
        awk 'FNR == 1 { print "---" } { print }' "$module"/manifests/crds/app*-crd.yaml >target/servers/argocd-crds.yaml
}
