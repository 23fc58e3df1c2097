#!/bin/bash
# tools/demo on a machine without Python: it lets tools/deps install it, and says the cure when that fails.
set -euo pipefail
demo=$1
folder=$(mktemp -d "/tmp/kontor bare XXXXXX")
trap 'rm -r "$folder"' EXIT
mkdir "$folder/tools" "$folder/bin"
cp "$demo" "$folder/tools/demo"
for program in sh dirname cat chmod; do
    ln -s "$(command -v $program)" "$folder/bin/$program"
done

fail() { echo "test_demo_bare: $1" >&2; exit 1; }

# It cannot be installed.
printf '#!/bin/sh\necho "deps: run this as root, or install sudo" >&2\nexit 1\n' > "$folder/tools/deps"
chmod +x "$folder/tools/deps"
code=0
cd /
PATH=$folder/bin "$folder/tools/demo" 2> "$folder/err" || code=$?
[ "$code" = 1 ] || fail "it ended with $code"
grep -q "python3 is missing: run $folder/tools/deps as root" "$folder/err" || fail "$(cat "$folder/err")"

# It is installed: the demo goes on with its words as they were given.
cat > "$folder/tools/deps" <<'EOF'
#!/bin/sh
cat > "${0%/tools/deps}/bin/python3" <<'EOS'
#!/bin/sh
printf '%s|' "$@"
EOS
chmod +x "${0%/tools/deps}/bin/python3"
EOF
said=$(PATH=$folder/bin "$folder/tools/demo" --folder "a b" 2> "$folder/err")
[ "$said" = "$folder/tools/demo.py|--folder|a b|" ] || fail "it ran: $said; $(cat "$folder/err")"
