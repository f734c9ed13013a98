# shellcheck shell=bash
# Container images as a directory in the format of `docker save`: no engine and no builder needed, layers are shared.

# tree_layer IMAGES SOURCE TARGET [SOURCE TARGET...] makes a layer of single files, all executable, and sets LAYER to its tar.
tree_layer() {
  local images=$1 tree
  shift
  tree=$(mktemp -d)
  while [ $# -gt 0 ]; do
    install -D -m 0755 "$1" "$tree$2"
    shift 2
  done
  LAYER=$images/layer.tar
  # Files only: an entry for a directory would change owner and mode of the one below.
  (cd "$tree" && find . -type f -print0 | LC_ALL=C sort -z |
    tar --null --no-recursion --files-from=- --owner=0 --group=0 --numeric-owner --mtime=@0 -cf -) >"$LAYER"
  rm -rf "$tree"
}

# image_add IMAGES REFERENCE CONFIG LAYER... adds an image; CONFIG is its JSON config, each LAYER an uncompressed tar.
image_add() {
  local images=$1 ref=$2 config=$3 layer digest digests=() name
  shift 3
  for layer in "$@"; do
    digest=$(sha256sum <"$layer" | cut -d ' ' -f 1)
    digests+=("$digest")
    if [ "$layer" = "$images/layer.tar" ]; then
      mv "$layer" "$images/$digest.tar"
    elif [ ! -e "$images/$digest.tar" ]; then
      cp "$layer" "$images/$digest.tar"
    fi
  done
  config=$(jq -cn --argjson config "$config" --arg arch "$(go env GOARCH)" '{
    architecture: $arch, os: "linux",
    config: ({Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]} + $config),
    rootfs: {type: "layers", diff_ids: ($ARGS.positional | map("sha256:" + .))}}' --args "${digests[@]}")
  name=$(sha256sum <<<"$config" | cut -d ' ' -f 1).json
  echo "$config" >"$images/$name"
  [ -e "$images/manifest.json" ] || echo '[]' >"$images/manifest.json"
  jq --arg ref "$ref" --arg config "$name" \
    '. + [{Config: $config, RepoTags: [$ref], Layers: ($ARGS.positional | map(. + ".tar"))}]' \
    --args "${digests[@]}" <"$images/manifest.json" >"$images/manifest.json.new"
  mv "$images/manifest.json.new" "$images/manifest.json"
}
