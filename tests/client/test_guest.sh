#!/bin/bash
# The client library is a guest in its host: it calls nothing that aborts when memory ends and whose size the wire or
# the host decides (what gRPC takes for itself, a few hundred bytes a call, is its own affair), it prints and logs
# nothing, takes no signals, ends no process, and asks no clock that somebody may set.
set -euo pipefail
aborting='arena_(alloc|copy|copy_n|print|vprint|allocator)|faults_add|wire_(pack|unpack)'
aborting+='|grpc_slice_(malloc|from_copied_buffer)|grpc_byte_buffer_reader_readall'
loud='v?f?printf|v?dprintf|puts|fputs|putchar|fwrite|perror|v?syslog|std(out|err)|gpr_log'
taking='signal|sigaction|sigwait|atexit|exit|_exit|quick_exit|setenv|putenv|setlocale|fork|system'
setting='time|gettimeofday|ftime'
[ $# -gt 10 ] || { echo "these are not the client's objects: $*" >&2; exit 1; }
[ "$(nm -u "$@" | grep -cE ' grpc_')" -gt 10 ] || { echo "nm sees no calls of gRPC" >&2; exit 1; }
found=$(nm -A -u "$@" | sed 's/@.*//; s/__\([a-z]*\)_chk$/\1/' | grep -E " U ($aborting|$loud|$taking|$setting)\$" || true)
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    echo "this is the host's: answer a status, and see client/kontor.h" >&2
    exit 1
fi
