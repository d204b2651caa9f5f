#!/usr/bin/env bash
# Makes .venv from its lock file, on a machine that has only Python 3.11. A second run does nothing.
# uv does the work; it is told what pip knows of mirrors, so a company index configured for pip is honoured.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
cache="${WEIR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir}"
uv_home="$cache/uv-$UV_VERSION"
python="${PYTHON:-python3}"

if ! "$python" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 13)))' 2>/dev/null; then
  echo "weir needs Python 3.11 or 3.12; '$python' is not. Install python3.11, or set PYTHON=/path/to/python3.11." >&2
  exit 2
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3-venv
  else
    echo "weir needs Python's venv module: install the Debian package python3-venv, then run this again." >&2
    exit 2
  fi
fi

if [ ! -x "$uv_home/bin/uv" ]; then
  mkdir -p "$cache"
  staging="$(mktemp -d "$cache/uv.XXXXXX")"
  trap 'rm -rf "$staging"' EXIT
  "$python" -m venv "$staging/env"
  "$staging/env/bin/pip" install --quiet --disable-pip-version-check "uv==$UV_VERSION"
  mkdir -p "$uv_home/bin" && cp "$staging/env/bin/uv" "$uv_home/bin/uv.new" && mv "$uv_home/bin/uv.new" "$uv_home/bin/uv"
fi

# shellcheck source=toolchain/pip-mirror.sh
. toolchain/pip-mirror.sh

stamp="$(cat requirements.txt pyproject.toml infra/weir/__init__.py | sha256sum | cut -d' ' -f1) $(pwd)"
if [ -f .venv/.stamp ] && [ "$(cat .venv/.stamp)" = "$stamp" ]; then
  exit 0
fi
# In place where it can be: a platform that runs has programs and modules of it open.
if ! .venv/bin/python -c '' 2>/dev/null; then
  "$uv_home/bin/uv" venv --quiet --clear --python "$python" .venv
fi
export VIRTUAL_ENV="$PWD/.venv"
"$uv_home/bin/uv" pip sync --quiet --require-hashes requirements.txt
"$uv_home/bin/uv" pip install --quiet --no-deps --editable .
printf '%s' "$stamp" > .venv/.stamp
