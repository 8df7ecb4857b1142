# shellcheck shell=bash
# Set-up that the tools and .ci/run share; to be sourced. Says what it does; needs no terminal.

otk_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A compiler runs under ccache where that is installed, set so that one checkout finds what another has compiled: paths are
# taken as relative to the checkout, and the directory of a build is no part of the key.
ccache=
if command -v ccache >/dev/null; then
    ccache=ccache
    export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$otk_root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
fi

say() { printf '== %s\n' "$*"; }
warn() { printf 'WARNING: %s\n' "$*" >&2; }

# Runs a command as root: directly, or by sudo where we are not root.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        say "sudo $*"
        sudo "$@"
    else
        warn "not root and no sudo here, so this was not done: $*"
        return 1
    fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installed programs shall not start services on somebody's machine (unbound would take port 53). Debian asks this file;
# one that is there already is left alone.
install_quietly() {
    local policy=/usr/sbin/policy-rc.d made=no status=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null || status=$?
    if [ "$made" = yes ]; then as_root rm -f "$policy"; fi
    return "$status"
}

# ensure_packages [GROUP...]: installs what is missing of these groups of tools/packages (default: build and test).
# Nothing missing: nothing done.
ensure_packages() {
    local group package missing=()
    if [ $# -eq 0 ]; then set -- build test; fi
    for group in "$@"; do
        while read -r package; do
            is_installed "$package" || missing+=("$package")
        done < <(awk -v group="$group" '$1 == group { print $2 }' "$otk_root/tools/packages")
    done
    if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
    say "installing with apt-get: ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        warn "no apt-get here; install what these Debian packages hold yourself: ${missing[*]}"
        return 1
    fi
    as_root apt-get update -q </dev/null || warn "apt-get update failed; trying with the lists that are there"
    install_quietly "${missing[@]}"
}

# ensure_accounts: the system users that the processes become, as packaging/ describes them (sysusers.d(5)).
ensure_accounts() {
    local file=$otk_root/packaging/otk.sysusers type name description home absent=no
    while read -r type name _; do
        if [ "$type" = u ] && ! getent passwd "$name" >/dev/null; then absent=yes; fi
    done <"$file"
    if [ "$absent" = no ]; then return 0; fi
    if command -v systemd-sysusers >/dev/null; then
        say "creating the system users of packaging/otk.sysusers with systemd-sysusers"
        as_root systemd-sysusers "$file"
        return
    fi
    while IFS='|' read -r name description home; do
        if getent passwd "$name" >/dev/null; then continue; fi
        say "creating system user $name"
        as_root useradd --system --user-group --no-create-home --home-dir "$home" --shell /usr/sbin/nologin \
            --comment "$description" "$name" || return
    done < <(sed -nE 's/^u ([^ ]+) - "([^"]*)" ([^ ]+)$/\1|\2|\3/p' "$file")
}

# ensure_build DIR [MESON OPTIONS...] [-- TARGETS...]: configures DIR where that was not done, and compiles the targets, or
# everything. CXX names another compiler than the system's own; meson puts ccache before that one alone by itself.
ensure_build() {
    local directory=$1 settings=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    if [ $# -gt 0 ]; then shift; fi
    if [ ! -f "$directory/build.ninja" ]; then
        say "configuring $directory"
        env ${CXX:+CXX="${ccache:+$ccache }$CXX"} meson setup "$directory" "$otk_root" "${settings[@]}" || return
    fi
    say "compiling in $directory"
    ninja -C "$directory" "$@"
}

# The release of Debian that this machine has, such as bookworm; nothing where it has none.
debian_release() { (. /etc/os-release && if [ "$ID" = debian ]; then echo "${VERSION_CODENAME-}"; fi); }

# sources_for SUITE: the lines of a sources.list: the mirror that OTK_SUITE_MIRROR names, else what this machine's apt has
# for its own release, with the name of the release replaced; nothing where that is no Debian.
sources_for() {
    local own suite=$1
    if [ -n "${OTK_SUITE_MIRROR-}" ]; then
        echo "deb $OTK_SUITE_MIRROR $suite main"
        return
    fi
    own=$(debian_release)
    if [ -z "$own" ]; then return; fi
    apt-get indextargets --format "\$(SITE) \$(RELEASE) \$(COMPONENT)" 'Identifier: Packages' |
        awk -v own="$own" -v suite="$suite" \
            '$2 == own || index($2, own "-") == 1 { print "deb", $1, suite substr($2, length(own) + 1), $3 }' | sort -u
}
