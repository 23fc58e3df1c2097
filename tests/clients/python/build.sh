#!/bin/sh
# usage: build.sh PROTO: the folder of the contract's .proto files; installed, it is
# /usr/local/share/kontor/proto.
# PYTHON: which Python; else python3.
set -eu
proto=$1
python=${PYTHON-python3}

# docs:begin build
"$python" -m venv venv
venv/bin/pip install --quiet --only-binary :all: -r requirements.txt
# Below the folder of the contract, so that the packages are kontor.v1.
venv/bin/python -m grpc_tools.protoc -I"$proto" --python_out=. --grpc_python_out=. \
    "$proto"/kontor/v1/*.proto
# docs:end build
