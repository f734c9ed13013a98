# shellcheck shell=bash
# Messages for people. They go to stderr: stdout carries results only.
# MTLS_LIVE: what reads them shows them on a terminal, above a live line that tells the time.
# shellcheck disable=SC2034 # colours are for those who source this

if { [ -t 2 ] || [ -n "${MTLS_LIVE:-}" ]; } && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
  red='' dim='' plain=''
fi

say() { printf '%s\n' "$*" >&2; }

# fail ends the script over bad input or a machine that lacks something: exit 2.
fail() {
  say "${red}error:${plain} $*"
  exit 2
}

# broken ends the script over work that was begun and did not succeed: exit 1.
broken() {
  say "${red}error:${plain} $*"
  exit 1
}
