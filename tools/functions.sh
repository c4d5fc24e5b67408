# Shell functions shared by tools/*.sh and .ci/run. POSIX sh.

say() { echo "$*" >&2; }

stop() {
    say "$*"
    exit 1
}

# Run a command as root: directly, or by sudo when that asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# Install Debian packages. Returns 1 without a word when that is not allowed here.
apt_install() {
    command -v apt-get >/dev/null || return 1
    as_root true || return 1
    say "Installing with apt-get: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || return 1
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}
