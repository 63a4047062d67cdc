#!/bin/sh
# Pins every requirement with its hashes; no index address may end up in the files.
set -eu
cd "$(dirname "$0")/.."
PIN="uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate"
$PIN --group build --output-file requirements/build.txt
$PIN pyproject.toml --output-file requirements/runtime.txt
$PIN pyproject.toml --all-extras --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
$PIN --group keyfactor-client --output-file requirements/keyfactor-client.txt
