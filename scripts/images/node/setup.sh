#!/bin/bash
# Runs once inside the node image while it is built: what kind's images/base/Dockerfile does after copying its files.
set -euo pipefail

units=/lib/systemd/system
find "$units/sysinit.target.wants/" -name systemd-tmpfiles-setup.service -delete
rm -f "$units"/multi-user.target.wants/* /etc/systemd/system/*.wants/* "$units"/local-fs.target.wants/* \
  "$units"/sockets.target.wants/*udev* "$units"/sockets.target.wants/*initctl* "$units"/basic.target.wants/*
# Kernel messages of the host in a node's journal would confuse.
echo ReadKMsg=no >>/etc/systemd/journald.conf
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
# It would register formats with the kernel of the host.
systemctl mask systemd-binfmt.service
mkdir -p /etc/kubernetes/manifests /etc/cni/net.d

ctr oci spec |
  jq '.hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    >/etc/containerd/cri-base.json
# Lowering an OOM score takes CAP_SYS_RESOURCE, which the engine may be unable to grant.
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml
