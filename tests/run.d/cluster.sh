# On a cluster: a one-node Kubernetes of this run's own, or the one that KUBECONFIG names.

for piece in tests/cluster/*.sh; do
    # shellcheck source=/dev/null
    source "$piece"
done

prepare_cluster() {
    prepare_on_node cluster need_cluster_tools need_cluster_servers test_images
}

part_cluster() {
    test_on_node cluster 8
}

need_cluster_tools() {
    need_image_tools && need_command openssl openssl && need_command cc gcc && need_command busybox busybox-static || return
    ! borrowed || return 0
    ((EUID == 0)) || cannot "a node needs root" "run it as root, or name a cluster with KUBECONFIG" || return
    need_servers_tools && need_command nsenter util-linux &&
        need_command containerd containerd && need_command runc runc && need_command iptables iptables &&
        need_package /usr/lib/cni/bridge containernetworking-plugins || return
    # Where they are not part of the kernel; it says itself what is missing.
    modprobe --all --quiet overlay br_netfilter 2>/dev/null || :
}

# A borrowed cluster runs them, all but Vault and kubectl, by itself.
need_cluster_servers() {
    local name
    need_servers || return
    ! borrowed || return 0
    for name in kube-controller-manager kube-scheduler kubelet kube-proxy; do
        kubernetes "$name" || return
    done
    server coredns coredns github.com/coredns/coredns
}

# cluster_command up|shell|down [COMMAND...]: the cluster by hand.
cluster_command() {
    current_part=cluster
    case $1 in
    up)
        cluster_outlives=true
        prepare_cluster && step "up" cluster_up && times_table && cluster_hint
        ;;
    shell)
        cluster_alive || cannot "no cluster of this work tree runs" "tests/run cluster up" || return
        cluster_shell "${@:2}"
        ;;
    down) cluster_down ;;
    esac
}

cluster_hint() {
    cat <<'TEXT'

    tests/run cluster shell              a shell inside, with kubectl and vault
    tests/run cluster shell COMMAND...   one command inside
    tests/run cluster down               the end of it
TEXT
}
