# Against a real etcd, kube-apiserver and Vault, with the real Helm.

readonly KUBERNETES_VERSION=v1.36.3

prepare_servers() {
    step "the Rust toolchain" need_rust &&
        step "Go" need_go &&
        step "tools" need_servers_tools &&
        step "real servers" need_servers &&
        step "the refresher, as it is released" need_refresher &&
        step "the tests" cargo test --locked --features e2e --test servers --no-run
}

need_servers() {
    server etcd etcd go.etcd.io/etcd/server/v3 &&
        kubernetes kube-apiserver &&
        kubernetes kubectl &&
        server vault vault github.com/hashicorp/vault &&
        need_helm
}

kubernetes() {
    server "$1" kubernetes "k8s.io/kubernetes/cmd/$1" \
        "-X k8s.io/component-base/version.gitVersion=$KUBERNETES_VERSION"
}

# Told, as its releases are, for which Kubernetes it renders where there is no cluster to ask.
need_helm() {
    local minor=${KUBERNETES_VERSION#v1.} variable=helm.sh/helm/v3/pkg/chartutil.k8sVersion
    server helm helm helm.sh/helm/v3/cmd/helm \
        "-X ${variable}Major=1 -X ${variable}Minor=${minor%.*}"
}

need_servers_tools() {
    need_command ip iproute2 && need_command unshare util-linux
    isolated true || cannot "namespaces cannot be made here" "root, or a kernel that lets users make namespaces"
}

part_servers() {
    step "tests" isolated cargo test --locked --features e2e --test servers
}

# In namespaces of its own: only loopback, free ports, and all that it started ends with it, however
# it ends.
isolated() {
    local as_root=()
    ((EUID == 0)) || as_root=(--map-root-user)
    unshare "${as_root[@]}" --net --pid --fork --kill-child --mount-proc -- \
        sh -c 'ip link set lo up && export CARGO_NET_OFFLINE=true && exec "$@"' sh "$@"
}
