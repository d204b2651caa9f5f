#!/usr/bin/env bash
# Regenerates the lock files from pyproject.toml, locks/*.in and toolchain/pom.xml (make lock).
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${WEIR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir}"
uv="$(ls -d "$cache"/uv-*/bin/uv | tail -1)"
# shellcheck source=toolchain/pip-mirror.sh
. toolchain/pip-mirror.sh
compile() {
  "$uv" pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --no-annotate --custom-compile-command "make lock" "$@"
}
compile pyproject.toml --all-extras -o requirements.txt
compile locks/flink.in -o locks/flink.txt
compile locks/superset.in -o locks/superset.txt
compile locks/weir-jobs.in -o locks/weir-jobs.txt
compile locks/go.in -o locks/go.txt
compile locks/capacity-modeling.in -o locks/capacity-modeling.txt
compile --no-deps locks/superset-image.in -o locks/superset-image.txt
compile infra/policy/requirements.in -o infra/policy/requirements.txt

# The sums of what Maven resolves, which the images' Dockerfiles check. Trino's archive alone is 821 MB, once.
files="$(mktemp -d)"
trap 'rm -rf "$files"' EXIT
mkdir -p locks/maven
sed -n 's|^ *<id>\(.*\)</id>$|\1|p' toolchain/pom.xml | while read -r profile; do
  mvn --batch-mode --quiet --file toolchain/pom.xml --activate-profiles "$profile" \
    dependency:copy-dependencies -DoutputDirectory="$files/$profile" </dev/null
  (cd "$files/$profile" && LC_ALL=C sha256sum -- *) >"locks/maven/$profile.sha256"
done
