#!/bin/sh
# usage: build.sh PROTO: not needed here, the program reads the contract when it starts.
set -eu

# docs:begin build
npm ci --ignore-scripts
# docs:end build
