#!/usr/bin/env bash
# Upstream's kubelet over containerd, as node $NODE of the cluster of $KUBECONFIG. The directory $DIRECTORY holds ca.crt, node.crt,
# node.key and image.tar, an archive of $IMAGE. $KUBELET listens on $PORT. To be run as the first process of process and mount
# namespaces: with those ends all that runs and is mounted here, and what the network's plugins have noted.
set -euo pipefail
cd "$DIRECTORY"
mkdir -p cni /var/lib/cni
for directory in /run /var/log /var/lib/cni; do mount -t tmpfs tmpfs "$directory"; done
cat > containerd.toml <<EOF
version = 2
root = "$DIRECTORY/root"
state = "$DIRECTORY/state"
[grpc]
  address = "$DIRECTORY/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$DIRECTORY/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$IMAGE"
  # Without CAP_SYS_RESOURCE no score can be lowered.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$DIRECTORY/cni"
EOF
cat > cni/pods.conflist <<EOF
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp", "ipam": {
  "type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
EOF
cat > kubelet.yaml <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
port: $PORT
healthzPort: 0
containerRuntimeEndpoint: unix://$DIRECTORY/containerd.sock
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: $DIRECTORY/ca.crt}}
tlsCertFile: $DIRECTORY/node.crt
tlsPrivateKeyFile: $DIRECTORY/node.key
podLogsDir: $DIRECTORY/logs
volumePluginDir: $DIRECTORY/plugins
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
# How full this machine's disk is does not matter.
evictionHard: {imagefs.available: 0%, nodefs.available: 0%}
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
EOF
containerd --config containerd.toml &
ctr() { command ctr --address containerd.sock --namespace k8s.io "$@"; }
for _ in $(seq 100); do ctr version > /dev/null 2>&1 && break; sleep 0.1; done
ctr images import image.tar
"$KUBELET" --config kubelet.yaml --kubeconfig "$KUBECONFIG" --hostname-override "$NODE" --root-dir "$DIRECTORY/kubelet" &
wait -n
