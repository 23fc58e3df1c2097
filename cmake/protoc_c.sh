#!/bin/sh
# usage: protoc_c.sh SOURCE_DIR OUT_DIR FILE.proto...
# Compiles .proto files to C. protoc-c 1.4 knows no proto3 `optional`: for it alone, a copy has
# `optional T f = n;` written as `oneof _f { T f = n; }`, which is the same on the wire.
set -eu
source=$1
out=$2
shift 2
plain=$out/plain
mkdir -p "$plain"
for file in "$@"; do
    mkdir -p "$plain/$(dirname "$file")"
    sed -E 's/^( *)optional +([A-Za-z0-9_.]+) +([a-z0-9_]+) *= *([0-9]+) *;/\1oneof _\3 { \2 \3 = \4; }/' \
        "$source/$file" > "$plain/$file"
done
protoc -I"$plain" -I/usr/include --c_out="$out" "$@"
protoc -I/usr/include --c_out="$out" google/protobuf/any.proto google/protobuf/duration.proto \
    google/protobuf/field_mask.proto google/protobuf/timestamp.proto google/protobuf/descriptor.proto
# A method Export is a member `export` of its service there, which is a word of C++.
for file in "$@"; do
    sed -i 's/(\*export)(/(*export_)(/' "$out/${file%.proto}.pb-c.h"
done
