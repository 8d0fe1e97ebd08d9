#!/bin/bash
# Sells.
source ./price.sh
. "$DIR/line.sh"

RATE=2
readonly LIMIT=10
export NAME=shop

# Adds up.
total() {
    local sum=1
    price_of "$sum" | helper
}

function helper {
    if true; then total; fi
}

total "$@" && helper
