#!/bin/sh
# usage: test_layers.sh LAYERS
# Plants one fault of each kind in a small tree and expects tools/layers.sh to name it.
set -u
layers=$1
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
fail=0

fresh() {
    rm -rf "${tree:?}"/* "$tree"/.[!.]*
    for room in proto catalogue plan store server client tools certs examples tests; do
        mkdir -p "$tree/$room"
        echo '#include <stdio.h>' > "$tree/$room/a.c"
    done
    mkdir -p "$tree/server/rpc"
}

# expect WORDS...: layers.sh fails and says these words
expect() {
    out=$("$layers" "$tree" 2>&1) && { echo "not refused: $*"; fail=1; return; }
    case $out in
    *"$*"*) ;;
    *) echo "expected \"$*\", got: $out"; fail=1 ;;
    esac
}

plant() { # plant FILE LINE: into a fresh tree
    fresh
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n' "$2" >> "$tree/$1"
}

fresh
"$layers" "$tree" > /dev/null || { echo "a sound tree is refused"; fail=1; }

plant proto/b.h '#include "store/store.h"'
expect 'proto/b.h includes store/store.h: proto may not know store'
plant store/b.c '#include "server/broker.h"'
expect 'store may not know server'
plant client/b.c '  #  include "store/store.h"'
expect 'client may not know store'
plant server/order/b.c '#include "client/kontor.h"'
expect 'server may not know client'
plant tools/import/b.c '#include "store/store.h"'
expect 'tools may not know store'
plant certs/b.c '#include "proto/arena.h"'
expect 'certs may not know proto'
plant server/b.c '#include "tests/fake.h"'
expect 'server may not know tests'

plant server/order/b.c '#include <grpc/grpc.h>'
expect 'server/order/b.c includes <grpc/grpc.h> outside its door'
plant proto/b.c '#include <openssl/evp.h>'
expect '<openssl/evp.h> outside its door'
plant server/b.c '#include <sqlite3.h>'
expect '<sqlite3.h> outside its door'
plant server/b.c '#include <utf8proc.h>'
expect '<utf8proc.h> outside its door'
plant tools/b.c '#include <jansson.h>'
expect '<jansson.h> outside its door'
plant proto/b.c '#include <libxml/tree.h>'
expect '<libxml/tree.h> outside its door'
plant tools/b.c '#include <microhttpd.h>'
expect '<microhttpd.h> outside its door'
plant store/b.c '#include <cmocka.h>'
expect '<cmocka.h> outside its door'
plant tools/b.c '#include <kontor/kontor.h>'
expect '<kontor/kontor.h> outside its door'
plant examples/b.c '#include "client/kontor.h"'
expect 'examples may not know client'
plant store/b.c '#include <curl/curl.h>'
expect '<curl/curl.h>, which has no door'
plant store/b.c '#include <zlib.h>'
expect '<zlib.h>, which has no door'

# Quotes find the same headers as brackets.
plant server/b.c '#include "sqlite3.h"'
expect 'server/b.c includes <sqlite3.h> outside its door'
plant tools/b.c '#include "jansson.h"'
expect '<jansson.h> outside its door'
plant store/b.c '#include "grpc/grpc.h"'
expect '<grpc/grpc.h> outside its door'
plant store/b.c '#include "zlib.h"'
expect '<zlib.h>, which has no door'
plant proto/b.c '#include <store/store.h>'
expect 'proto may not know store'

# However a line is written, the compiler follows it.
tab=$(printf '\t')
plant client/b.c "$tab#include \"store/store.h\""
expect 'client may not know store'
plant client/b.c "#${tab}include$tab\"store/store.h\""
expect 'client may not know store'
plant client/b.c '#include"store/store.h"'
expect 'client may not know store'
plant client/b.c '/* a */ # /* b **/ include /**/ "store/store.h"'
expect 'client may not know store'
plant client/b.c '%:include "store/store.h"'
expect 'client may not know store'
plant client/b.c '#inc\
lude \
"store/store.h"'
expect 'client may not know store'
plant client/b.c "$(printf '#include "store/store.h"\r')"
expect 'client may not know store'
plant client/b.c '#include "../store/store.h"'
expect 'client/b.c includes ../store/store.h: write it from the root'
plant client/b.c '#include "proto/../store/store.h"'
expect 'write it from the root'
plant client/b.c '#define HEADER "store/store.h"
#include HEADER'
expect 'client/b.c includes through a macro'
plant client/b.c '#include_next <store/store.h>'
expect 'client/b.c includes through a macro or in an unknown way: #include_next'
plant client/b.c '#include "store/sqlite.c"'
expect 'client/b.c includes store/sqlite.c, which is no header'
plant 'client/a b.c' '#include "store/store.h"'
expect 'client/a b.c includes store/store.h: client may not know store'

# What is made out of the contract is the contract's.
plant certs/b.c '#include "kontor/v1/order.pb-c.h"'
expect 'certs may not know proto'
plant examples/b.c '#include <kontor/v1/order.pb-c.h>'
echo '#include "kontor/v1/order.pb-c.h"' > "$tree/store/b.c"
echo '#include "inner.h"' > "$tree/server/rpc/b.c"
echo '#include <grpc/grpc.h>' > "$tree/server/rpc/inner.h"
echo '#include "a.h"' > "$tree/proto/b.c"
: > "$tree/proto/a.h"
"$layers" "$tree" > /dev/null || { echo "what is allowed is refused"; fail=1; }

plant common/b.c '#include <stdio.h>'
expect 'common/b.c is in no room'
fresh
rm "$tree/certs/a.c"
expect 'the room certs is missing or empty'

# Folders nobody has put anything into, with git and without.
for git in false true; do
    fresh
    $git && git -C "$tree" init -q
    mkdir -p "$tree/utils/inner"
    expect 'the folder utils is empty'
    fresh
    $git && git -C "$tree" init -q
    rm "$tree/certs/a.c"
    expect 'the folder certs is empty'
done
fresh
git -C "$tree" init -q
mkdir -p "$tree/build/dev" "$tree/docs" "$tree/mine"
touch "$tree/docs/a.md"
echo '/mine/' > "$tree/.gitignore"
"$layers" "$tree" > /dev/null || { echo "a folder that may be there is refused"; fail=1; }
git -C "$tree" add certs
rm "$tree/certs/a.c"
expect 'the room certs is missing or empty'

[ "$fail" = 0 ] && echo "each planted fault is named"
exit "$fail"
