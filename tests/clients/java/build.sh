#!/bin/sh
# usage: build.sh PROTO: the folder of the contract's .proto files; installed, it is
# /usr/local/share/kontor/proto.
set -eu
proto=$1

# docs:begin build
mvn -q -B -C -Dproto.dir="$proto" compile dependency:copy-dependencies -DincludeScope=runtime
# docs:end build
