#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME each. What one finds stands in its package's testdata/fuzz afterwards, and go test
# plays it again ever after.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

: "${FUZZTIME:=1m}"

package=
failed=0
targets=()
while read -r first second _; do
	case $first in
	Fuzz*) targets+=("$first") ;;
	ok)
		package=$second
		for target in "${targets[@]}"; do
			echo "$package $target for $FUZZTIME"
			go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 1s "$package" || failed=1
		done
		targets=()
		;;
	esac
done < <(go test -list '^Fuzz' ./...)
exit "$failed"
