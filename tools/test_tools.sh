#!/bin/sh
# Installs the programs that some tests need and Debian has: Chromium, poppler-utils, qpdf,
# libnss3-tools, softhsm2, xmlsec1. Where that is not allowed, says which tests will be skipped.
set -eu
cd "$(dirname "$0")/.."
. tools/functions.sh

missing=
need() { command -v "$1" >/dev/null || missing="$missing $2"; }
need chromium chromium
need pdfsig poppler-utils
need qpdf qpdf
need certutil libnss3-tools
need softhsm2-util softhsm2
need xmlsec1 xmlsec1
[ -z "$missing" ] && exit 0

# shellcheck disable=SC2086  # a list of package names
if ! apt_install $missing; then
    say "--------------------------------------------------------------------------------"
    say "NOT INSTALLED:$missing"
    say "Tests that need them (the browser, pdfsig, qpdf, tokens, xmlsec1) WILL BE SKIPPED. To run them:"
    say "    sudo apt-get install$missing"
    say "--------------------------------------------------------------------------------"
fi
