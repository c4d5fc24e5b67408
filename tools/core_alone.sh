#!/bin/sh
# Runs the tests of lienthong.core in an environment that has the base install and nothing of the
# platform: no Django, no server. Keeps the promise that other software may use core by itself.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/bin/uv)
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true
UV_PROJECT_ENVIRONMENT=var/core-env "$uv" sync --frozen --quiet --no-default-groups --group core
var/core-env/bin/python -c 'import importlib.util as u; assert not u.find_spec("django")'
exec var/core-env/bin/pytest -c tools/core-pytest.ini --rootdir . -q -n "${WORKERS:-2}" --dist loadfile src/lienthong/core
