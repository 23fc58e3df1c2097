#!/bin/sh
# usage: layers.sh [DIR]
# The rooms and their arrows. Fails on an include that runs against them, on a foreign header
# outside its door, and on a top-level room that is missing or empty. Looks at the files git
# tracks or could track; at all of them where there is no git.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 2

# room, and the rooms it may know besides itself
arrows='
proto
store    proto
server   proto store
client   proto
tools    proto client certs
certs
examples
tests    proto store server client tools certs
'
# foreign headers, and the files that may include them: patterns of whole names
doors='
grpc/.*          server/rpc/.*|client/.*|tests/.*
openssl/.*       proto/digest[.]c|server/rpc/identity.*|client/seal[.]c|certs/.*|tests/.*
sqlite3[.]h      store/sqlite.*|tests/.*
utf8proc[.]h     proto/text[.]c
jansson[.]h      proto/json.*[.]c
libxml/.*        tools/.*
microhttpd[.]h   server/metrics[.]c
cmocka[.]h       tests/.*
kontor/.*        examples/.*|tests/install/.*
'
# the C library and the system, protobuf-c and what it generates: everywhere
c='assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|std[a-z]*|string|threads|time'
posix='dirent|dlfcn|endian|fcntl|ftw|getopt|glob|libgen|malloc|netdb|poll|pthread|pwd|regex|sched|semaphore|spawn|strings|sysexits|syslog|termios|unistd'
free="($c|$posix)[.]h|(sys|arpa|netinet|net|linux)/.*|(protobuf-c|google)/.*"

files() {
    if [ -e .git ]; then
        git ls-files -co --exclude-standard -- '*.c' '*.h'
    else
        find . -name '*.[ch]' | sed 's|^[.]/||'
    fi
}

files | while IFS= read -r file; do
    [ -f "$file" ] && sed -n -E "s|^[ ]*#[ ]*include[ ]*([<\"])([^>\"]*)[>\"].*|$file \1 \2|p; \$s|.*|$file .|p" "$file"
done | awk -v arrows="$arrows" -v doors="$doors" -v free="$free" '
    function say(text) { print "layers: " text > "/dev/stderr"; failed = 1 }
    function is(text, pattern) { return text ~ ("^(" pattern ")$") }
    function check_own(file, header,    to) {
        to = header ~ "/" ? substr(header, 1, index(header, "/") - 1) : room
        if (to == room || to ~ /^(kontor|google|grpc)$/) return
        if (!((room, to) in may)) say(file " includes " header ": " room " may not know " to)
    }
    function check_foreign(file, header,    i) {
        for (i = 1; i <= n_doors; i++)
            if (is(header, door[i])) {
                if (!is(file, users[i])) say(file " includes <" header "> outside its door")
                return
            }
        if (!is(header, free)) say(file " includes <" header ">, which has no door")
    }
    BEGIN {
        n = split(arrows, lines, "\n")
        for (i = 1; i <= n; i++) {
            m = split(lines[i], words, " ")
            if (m > 0) rooms[words[1]] = 0
            for (j = 2; j <= m; j++) may[words[1], words[j]] = 1
        }
        n = split(doors, lines, "\n")
        for (i = 1; i <= n; i++)
            if (split(lines[i], words, " ") == 2) { door[++n_doors] = words[1]; users[n_doors] = words[2] }
    }
    {
        room = substr($1, 1, index($1, "/") - 1)
        if (!(room in rooms)) { if (!odd[$1]++) say($1 " is in no room"); next }
        rooms[room]++
        if ($2 == "\"") check_own($1, $3)
        if ($2 == "<") check_foreign($1, $3)
    }
    END {
        for (room in rooms) if (rooms[room] == 0) say("the room " room " is missing or empty")
        if (!failed) print "layers: arrows, doors and rooms are as they should be"
        exit failed
    }'
