#!/bin/sh
# Makes the secrets that docker-compose.yml reads, where they are missing.
# Compose shows each file to a container as it is, so the container's user must be able to read it;
# the folder keeps all others out.
set -eu
umask 077
folder="$(dirname "$0")/../secrets"
mkdir -p "$folder"

random() { # 32 bytes as hexadecimal digits, which stand in a URL as they are
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

make() {
  [ -s "$folder/$1" ] && return
  printf %s "$2" > "$folder/$1"
  chmod 644 "$folder/$1"
  echo "made secrets/$1"
}

make postgres_password "$(random)"
make prefect_login "scorewire:$(random)"
make jwt_secret "$(random)"
