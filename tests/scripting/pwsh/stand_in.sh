#!/bin/sh
# Stands in for pwsh: reads the same line and answers with the same line. Its scripts are shell.
IFS= read -r request

# The value of a parameter, spelled as it was given.
given() {
    name=$(printf %s "$1" | base64 --wrap=0)
    printf %s "$request" | sed "s|.*\"name\": \"$name\", \"json\": [a-z]*, \"value\": \"\([^\"]*\)\".*|\1|" | base64 --decode
}

# One value of the hashtable that the script returns. Any text; its lines are joined.
returns() {
    text=$(printf %s "$2" | tr -d '\000-\010\013-\037' | sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/ /g' | tr '\n' '|')
    table="${table:+$table, }\"$1\": \"$text\""
}

eval "$(printf %s "$request" | sed 's|.*"script": "\([^"]*\)".*|\1|' | base64 --decode)"
printf '\n{"items": [{"table": {%s}}], "messages": [{"kind": "host", "text": "a stand-in ran"}]}\n' "$table"
