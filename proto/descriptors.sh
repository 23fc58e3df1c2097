#!/bin/sh
# usage: descriptors.sh GENERATED_DIR OUT FILE.proto...
# Writes a C file that includes the header of each .proto and lists the descriptor of each message in it.
set -eu
generated=$1
out=$2
shift 2
{
    for file in "$@"; do
        echo "#include \"${file%.proto}.pb-c.h\""
    done
    echo
    echo "static const ProtobufCMessageDescriptor *const messages[] = {"
    for file in "$@"; do
        sed -n 's/^extern const ProtobufCMessageDescriptor \([a-z0-9_]*\);$/    \&\1,/p' \
            "$generated/${file%.proto}.pb-c.h"
    done
    echo "};"
} > "$out.new"
mv "$out.new" "$out"
