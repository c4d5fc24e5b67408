#!/bin/sh
# Makes the Python environment .venv from uv.lock.
#
#   tools/bootstrap.sh run    what `make demo` needs
#   tools/bootstrap.sh dev    what `make test` and `make check` need as well
#
# Messages go to standard error; a second call with nothing changed is quick and silent.
set -eu
cd "$(dirname "$0")/.."
. tools/functions.sh

mode=${1:-run}
case $mode in run|dev) ;; *) say "usage: tools/bootstrap.sh run|dev"; exit 2 ;; esac

stamp=.venv/.lienthong
wanted=$(cat uv.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ -x .venv/bin/lienthong ]; then
    case "$(cat $stamp 2>/dev/null || true)" in
        "$wanted dev" | "$wanted $mode") exit 0 ;;
    esac
fi

if ! command -v python3 >/dev/null; then
    apt_install python3 || stop "Python is missing: sudo apt-get install python3 python3-venv"
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "Python 3.11 or newer is needed; this is $(python3 --version)."

# Behind a proxy that signs with a certificate of its own, only the system's list knows it.
system_certificates=/etc/ssl/certs/ca-certificates.crt
if [ -e $system_certificates ]; then
    export UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true  # the newer and the older name
fi

# uv makes the environment; pip brings uv when the machine has none.
if command -v uv >/dev/null; then
    uv=uv
else
    if [ ! -x .venv/bin/python ]; then
        if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
            apt_install python3-venv ||
                stop "python3-venv is missing: run 'sudo apt-get install python3-venv', then again."
        fi
        say "Making .venv ..."
        python3 -m venv .venv
    fi
    if [ ! -x .venv/bin/uv ]; then
        say "Installing uv ..."
        pip_uv() { .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8' >&2; }
        pip_uv || PIP_CERT=$system_certificates pip_uv
    fi
    uv=.venv/bin/uv
fi

say "Installing the packages of uv.lock (the first time takes a minute or two) ..."
if [ "$mode" = dev ]; then
    set -- --extra server --group dev
else
    set -- --extra server --no-dev
fi
# --inexact keeps what is there already: uv itself, and the tools of an earlier `make test`.
# Compiled here once, on every core, rather than by the first program that imports it.
UV_COMPILE_BYTECODE=true UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --frozen --inexact --quiet "$@" >&2
echo "$wanted $mode" >$stamp
