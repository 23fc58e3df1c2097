#!/bin/bash
# The client library, a guest in its host, calls nothing that aborts when memory ends and whose size the wire or the
# host decides. What gRPC takes for itself, a few hundred bytes a call, is its own affair.
set -euo pipefail
aborting='arena_(alloc|copy|copy_n|print|vprint|allocator)|faults_add|wire_(pack|unpack)'
aborting+='|grpc_slice_(malloc|from_copied_buffer)|grpc_byte_buffer_reader_readall'
[ $# -gt 10 ] || { echo "these are not the client's objects: $*" >&2; exit 1; }
[ "$(nm -u "$@" | grep -cE ' grpc_')" -gt 10 ] || { echo "nm sees no calls of gRPC" >&2; exit 1; }
if nm -A -u "$@" | grep -E " U ($aborting)\$"; then
    echo "these abort the host when memory ends: take memory with malloc, answer error_memory" >&2
    exit 1
fi
