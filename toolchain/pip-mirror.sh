# Sourced: hands pip's mirror settings (pip.conf, PIP_* variables) to uv, which reads neither.
pip_setting() { "${PYTHON:-python3}" -m pip config get "global.$1" 2>/dev/null || "${PYTHON:-python3}" -m pip config get ":env:.$1" 2>/dev/null || true; }
index="$(pip_setting index-url)"
extra="$(pip_setting extra-index-url)"
links="$(pip_setting find-links)"
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"; fi
if [ -n "$extra" ]; then export UV_INDEX="${UV_INDEX:-$extra}"; fi
if [ -n "$links" ] && [ -e "$links" ]; then export UV_FIND_LINKS="${UV_FIND_LINKS:-$links}"; fi
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
unset index extra links
