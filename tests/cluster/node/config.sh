# What containerd, the CNI plugins and the kubelet are told.

# make_config FOLDER: all of it.
make_config() {
    mkdir -p "$1/cni"
    containerd_config >"$1/containerd.toml"
    cni_config >"$1/cni/10-node.conflist"
    kubelet_config >"$1/kubelet.yaml"
    # Nobody outside answers: names of the cluster alone.
    : >"$1/resolv.conf"
}

containerd_config() {
    cat <<TOML
version = 2
root = "$STATE/containerd"
state = "/run/containerd"

[grpc]
  address = "$CONTAINERD"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$IMAGES/pause:1"
  # Without it every sandbox fails where root may not lower its score (no CAP_SYS_RESOURCE): "can't
  # get final child's PID from pipe".
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    # Where Debian installs the plugins.
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/config/cni"
TOML
}

cni_config() {
    cat <<JSON
{
  "cniVersion": "0.4.0",
  "name": "node",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "pods",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "$STATE/addresses",
        "ranges": [[{ "subnet": "$PODS" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON
}

kubelet_config() {
    cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$CONTAINERD
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: $STATE/pki/ca.crt }
authorization: { mode: Webhook }
tlsCertFile: $STATE/pki/kubelet.crt
tlsPrivateKeyFile: $STATE/pki/kubelet.key
clusterDomain: cluster.local
clusterDNS: ["$DNS_SERVICE"]
resolvConf: $STATE/config/resolv.conf
volumePluginDir: $STATE/kubelet/volume-plugins
# A folder of its own in each hierarchy, so that clusters on one machine do not meet.
cgroupRoot: /$CGROUP
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
# Lowering it takes CAP_SYS_RESOURCE.
oomScoreAdj: 0
# The disk is the machine's, however full: nothing is evicted and no image is thrown away.
evictionHard: { memory.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0% }
imageGCHighThresholdPercent: 100
registerNode: true
YAML
}
