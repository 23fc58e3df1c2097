#!/bin/sh
# usage: build.sh PROTO: the folder of the contract's .proto files; installed, it is
# /usr/local/share/kontor/proto.
set -eu
proto=$1

# docs:begin build
# The two generators of code, in the versions of go.mod.
go build -o bin/ google.golang.org/protobuf/cmd/protoc-gen-go \
    google.golang.org/grpc/cmd/protoc-gen-go-grpc
# The contract says nothing of Go's packages: each file is told that it belongs to portal/kontorv1.
set --
for file in "$proto"/kontor/v1/*.proto; do
    name=kontor/v1/$(basename "$file")
    set -- "$@" --go_opt="M$name=portal/kontorv1" --go-grpc_opt="M$name=portal/kontorv1" "$name"
done
PATH=$PWD/bin:$PATH protoc -I"$proto" -I/usr/include --go_out=. --go_opt=module=portal \
    --go-grpc_out=. --go-grpc_opt=module=portal "$@"
go vet .
go build -o client .
# docs:end build
