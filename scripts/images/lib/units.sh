# shellcheck shell=bash
# A unit is one component in one version: its folder scripts/images/<component>/<version> is its name.
# A unit that can be built from source has a recipe (recipes.sh); `components` in its folder names the units that go with it.

declare -A KEYS=()
UNITS=()

# known LANE COMPONENT lists the versions that a lane offers, the newest last.
known() {
  local marker=go.mod file
  [ "$1" = source ] || marker=Dockerfile
  for file in "$IMAGES/$2"/*/"$marker"; do
    [ ! -f "$file" ] || basename "$(dirname "$file")"
  done | sort -V
}

# pick LANE COMPONENT WANTED prints the version meant; nothing or "default" means the newest, a minor its newest.
pick() {
  local versions minor=${3#v}
  versions=$(known "$1" "$2")
  case $3 in
    '' | default) tail -n 1 <<<"$versions" ;;
    *)
      if ! [[ $minor =~ ^[0-9]+\.[0-9]+$ ]]; then
        grep -Fx -- "$3" <<<"$versions"
      else
        grep -E "^v?${minor//./\\.}\." <<<"$versions" | tail -n 1 | grep .
      fi || fail "unknown version of $2 in lane $1: $3; known: $(xargs <<<"$versions")"
      ;;
  esac
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
