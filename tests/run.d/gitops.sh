# From a commit to a page, with a real Argo CD on the cluster of `cluster`.

readonly ARGOCD_VERSION=3.2.1

prepare_gitops() {
    step "a cluster of our own" own_node "Argo CD runs in the network of a node that this run starts itself" &&
        prepare_on_node gitops need_gitops_tools need_gitops_servers test_images
}

part_gitops() {
    test_on_node gitops 4 "Argo CD" gitops_up
}

gitops_up() {
    cluster_shell tests/gitops/argocd/start "$PWD/target/servers" target/servers/argocd-crds.yaml
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
