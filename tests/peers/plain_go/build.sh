#!/bin/sh
# usage: build.sh PROTO PRODUCT: the folder of the contract's .proto files, and the program.
set -eu
proto=$1
product=$2
go build -o bin/ google.golang.org/protobuf/cmd/protoc-gen-go \
    google.golang.org/grpc/cmd/protoc-gen-go-grpc
set --
for file in "$proto"/kontor/v1/*.proto; do
    name=kontor/v1/$(basename "$file")
    set -- "$@" --go_opt="M$name=plain/kontorv1" --go-grpc_opt="M$name=plain/kontorv1" "$name"
done
PATH=$PWD/bin:$PATH protoc -I"$proto" -I/usr/include --go_out=. --go_opt=module=plain \
    --go-grpc_out=. --go-grpc_opt=module=plain "$@"
go vet .
go build -trimpath -ldflags='-s -w' -o "$product" .
