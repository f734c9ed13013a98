# shellcheck shell=bash
# The node image: Debian, kind's own files, the binaries, and every container image that a cluster here needs.

# The image and the container of a build bear the number of this cache, so that a later run finds what a killed one left, and
# leaves alone what a build in another cache is at. A label would pass to the node image and on to every node.
CACHE_NUMBER=$(cksum <<<"$IMAGES_CACHE" | cut -d ' ' -f 1)
ROOTFS_IMAGE=localhost/mtls-conformance/rootfs-$CACHE_NUMBER
BUILD_CONTAINER=mtls-conformance-build-$CACHE_NUMBER

# kind's own files come from the module version that the suite links.
kind_module() { (cd "$REPO" && GOFLAGS=-mod=readonly go list -m -f "{{.$1}}" sigs.k8s.io/kind); }

# node_key KUBERNETES-UNIT ISTIO-UNIT
node_key() {
  {
    echo "${KEYS[$1]} ${KEYS[$2]} $(kind_module Version)"
    declare -f build_node node_tree node_import node_settings source_manifest istio_release commit_date
    (cd "$IMAGES/node" && sha256sum ./*)
  } | short_sum
}

# build_node KUBERNETES-UNIT ISTIO-UNIT REFERENCE TREE makes the image REFERENCE in the engine; TREE is scratch space.
build_node() {
  local kubernetes=$1 istio=$2 ref=$3 tree=$4 container=$BUILD_CONTAINER unit setting settings=()
  node_tree "$kubernetes" "$tree"
  "$ENGINE" import --change 'LABEL mtls-conformance=1' "$(unit_dir "$(companion "$kubernetes" debian)")/node.tar" "$ROOTFS_IMAGE:${ref##*:}"
  # What systemd stops on; commit takes it from the container, not every engine knows it as a change.
  "$ENGINE" run --detach --name "$container" --stop-signal SIGRTMIN+3 --privileged --security-opt seccomp=unconfined \
    --network none --entrypoint sleep "$ROOTFS_IMAGE:${ref##*:}" infinity
  tar -C "$tree" --owner=0 --group=0 --numeric-owner -cf - . | "$ENGINE" cp - "$container:/"
  "$ENGINE" exec -i "$container" bash -s <"$IMAGES/node/setup.sh"
  "$ENGINE" exec --detach "$container" bash -c 'exec containerd >/dev/null 2>&1'
  "$ENGINE" exec "$container" timeout "${LIMIT[NodeRuntime]}" bash -c 'until ctr version >/dev/null 2>&1; do sleep 0.2; done'
  for unit in "$kubernetes" "$istio"; do node_import "$container" "$(unit_dir "$unit")/images"; done
  "$ENGINE" exec "$container" bash -c "pkill -x containerd && timeout ${LIMIT[NodeRuntimeEnd]} bash -c 'while pgrep -x containerd; do sleep 0.2; done'" >/dev/null
  while read -r setting; do settings+=(--change "$setting"); done < <(node_settings)
  "$ENGINE" commit "${settings[@]}" "$container" "$ref"
  node_sweep
}

# node_tree lays out what comes on top of Debian.
node_tree() {
  local base kubernetes=$1 tree=$2 name
  (cd "$REPO" && GOFLAGS=-mod=readonly go mod download sigs.k8s.io/kind)
  base=$(kind_module Dir)/images/base/files
  mkdir -p "$tree"/{usr/bin,usr/local/{bin,sbin},opt/cni/bin,kind/manifests,etc}
  cp -r "$base/usr" "$base/kind" "$base/etc" "$tree/"
  chmod -R u+w "$tree"
  cp "$(unit_dir "$kubernetes")"/bin/* "$tree/usr/bin/"
  cp "$(unit_dir "$(companion "$kubernetes" containerd)")"/* "$IMAGES/node/crictl" "$tree/usr/local/bin/"
  cp "$(unit_dir "$(companion "$kubernetes" runc)")/runc" "$tree/usr/local/sbin/"
  cp "$(unit_dir "$(companion "$kubernetes" cni-plugins)")"/* "$tree/opt/cni/bin/"
  echo "${kubernetes#*/}" >"$tree/kind/version"
  for name in default-cni default-storage; do sed "s/NAME/$name/" "$IMAGES/node/empty.yaml" >"$tree/kind/manifests/$name.yaml"; done
  # kubeadm pulls the sandbox image that it names, containerd must name the same.
  sed -i "s#sandbox_image = .*#sandbox_image = \"$(jq -r '.[].RepoTags[0] | select(test("/pause:"))' "$(unit_dir "$kubernetes")/images/manifest.json")\"#" \
    "$tree/etc/containerd/config.toml"
  find "$tree" -type d -exec chmod 0755 {} +
  find "$tree/etc" -type f -exec chmod 0644 {} +
  chmod 0755 "$tree"/usr/bin/* "$tree"/usr/local/*/* "$tree"/opt/cni/bin/* "$tree"/kind/bin/*
}

node_import() {
  tar -C "$2" -cf - . | "$ENGINE" exec -i "$1" \
    ctr --namespace=k8s.io images import --label=io.cri-containerd.pinned=pinned --all-platforms --no-unpack --digests -
}

node_settings() {
  cat <<'SETTINGS'
LABEL mtls-conformance=1
LABEL mtls-conformance.cni=ptp
ENV container=docker
ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]
SETTINGS
}

# node_sweep removes what a build leaves in the engine besides its result, also an earlier build that was killed.
node_sweep() {
  "$ENGINE" ps --all --quiet --filter "name=^$BUILD_CONTAINER\$" | xargs -r "$ENGINE" rm --force --volumes >/dev/null
  # By name: the image itself stays as a layer of the node image.
  "$ENGINE" images --format '{{.Repository}}:{{.Tag}}' "$ROOTFS_IMAGE" | xargs -r "$ENGINE" rmi >/dev/null
}
