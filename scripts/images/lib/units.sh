# shellcheck shell=bash
# A unit is one component in one version: its folder scripts/images/<component>/<version> is its name.
# A unit that can be built from source has a recipe (recipes.sh); `components` in its folder names the units that go with it.

declare -A KEYS=()
UNITS=()

# cells prints the pairs of versions that the table offers, one a line: lane, Istio, Kubernetes. The newest of a lane is its first.
cells() { awk -F ' *[|] *' '($2 == "source" || $2 == "pull") && !seen[$2, $3, $4]++ {print $2, $3, $4}' "$REPO/scripts/versions/README.md"; }

# pick WHAT WANTED VERSION... prints the version meant; nothing or "default" means the first, a minor its first.
pick() {
  local what=$1 wanted=$2 version
  shift 2
  [ "$wanted" != default ] || wanted=
  for version in "$@"; do
    case ${version#v} in
      "${wanted#v}" | "${wanted#v}${wanted:+.}"*)
        echo "$version"
        return
        ;;
    esac
  done
  fail "$what $wanted: lane $LANE does not offer it; known: $*"
}

# with UNIT lists the units that go with it.
with() {
  [ ! -f "$IMAGES/$1/components" ] || awk '!/^#/ && NF == 2 {print $1 "/" $2}' "$IMAGES/$1/components"
}

# companion UNIT COMPONENT prints the unit of that component that goes with UNIT.
companion() { with "$1" | grep "^$2/"; }

# collect UNIT adds the unit to UNITS, after the units that go with it, each with its content key.
collect() {
  local other
  [ -z "${KEYS[$1]:-}" ] || return 0
  for other in $(with "$1"); do collect "$other"; done
  KEYS[$1]=$(unit_key "$1")
  UNITS+=("$1")
}

# unit_key covers all that decides what a build of the unit yields.
unit_key() {
  local other
  {
    uname -m
    declare -f "build_${1%%/*}" go_tools module_dir tree_layer image_add rootfs kubernetes_image
    for other in $(with "$1"); do echo "$other ${KEYS[$other]}"; done
    cd "$IMAGES/$1" || exit
    if [ -f go.mod ]; then go env GOVERSION; fi
    find . -type f -exec sha256sum {} + | LC_ALL=C sort
  } | short_sum
}

short_sum() { sha256sum | cut -c 1-12; }

# unit_dir UNIT prints where its result stands; the directory exists only when it is whole.
unit_dir() { echo "$IMAGES_CACHE/$1-${KEYS[$1]}"; }

# build_unit UNIT runs its recipe beside the place of the result and moves the result there at the end.
build_unit() {
  local dir
  dir=$(unit_dir "$1")
  mkdir -p "$dir.building/out" "$dir.building/tmp"
  export TMPDIR=$dir.building/tmp
  cd "$IMAGES/$1" || exit
  "build_${1%%/*}" "$1" "$dir.building/out"
  mv "$dir.building/out" "$dir"
  remove "$dir.building"
}

# remove DIRECTORY does not follow mounts that an interrupted debootstrap may have left.
remove() {
  chmod -R u+w "$1" 2>/dev/null || true
  rm -rf --one-file-system "$1"
}
