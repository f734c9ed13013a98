# shellcheck shell=bash
# What a build needs on disk, and whether it is there.

# In GB, generously, with the modules and the compiler's results that a component leaves in Go's caches.
declare -A NEED=(
  [kubernetes]=7 [containerd]=1 [runc]=1 [cni-plugins]=1 [etcd]=1 [coredns]=3 [istio]=6
  [envoy]=1 [debian]=1 [node]=3 [pull]=4
)

# The directories where the needs of WANTED fall, and how many GB each.
declare -A FALLS=()

# disk_need COMPONENT... fills FALLS.
disk_need() {
  local component place
  FALLS=()
  for component in "$@"; do
    case $component in
      node | pull) place=$(engine_root) ;;
      envoy | debian) place=$IMAGES_CACHE ;;
      *) place=$(go env GOCACHE) ;;
    esac
    FALLS[$place]=$((${FALLS[$place]:-0} + NEED[$component]))
  done
}

disk_total() {
  local place total=0
  for place in "${!FALLS[@]}"; do total=$((total + FALLS[$place])); done
  echo "$total"
}

# disk_check fails where a filesystem has less free than what falls on it.
disk_check() {
  local place device free
  local -A need=() at=()
  for place in "${!FALLS[@]}"; do
    read -r device free < <(free_gb "$place")
    need[$device]=$((${need[$device]:-0} + FALLS[$place]))
    at[$device]="$free $place"
  done
  for device in "${!need[@]}"; do
    read -r free place <<<"${at[$device]}"
    [ "$free" -ge "${need[$device]}" ] ||
      fail "building the images needs ${need[$device]} GB on $device (where $place is), $free GB are free:" \
        "free some, or set XDG_CACHE_HOME (and GOCACHE, GOMODCACHE) to a larger filesystem"
  done
}

# free_gb PLACE prints the device that it is or would be on, and its free GB.
free_gb() {
  local place=$1
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  df --output=source,avail -B 1000000000 "$place" | tail -n 1
}

engine_root() {
  case ${ENGINE:-} in
    docker) docker info --format '{{.DockerRootDir}}' ;;
    podman) podman info --format '{{.Store.GraphRoot}}' ;;
    *) echo /var/lib/docker ;;
  esac
}
