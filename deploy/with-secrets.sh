#!/bin/sh
# Runs a command with secrets that are kept in files: where NAME_FILE is set, NAME becomes what is in
# that file. Prefect reads no such files itself, and one way serves all.
# Only these names: SSL_CERT_FILE and its like are something else.
set -eu

for name in \
  PGPASSWORD \
  SCOREWIRE_DATABASE_URL SCOREWIRE_JWT_SECRET \
  PREFECT_API_AUTH_STRING PREFECT_SERVER_API_AUTH_STRING PREFECT_SERVER_DATABASE_CONNECTION_URL \
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; do
  eval "file=\${${name}_FILE:-}"
  [ -n "$file" ] || continue
  if [ ! -r "$file" ]; then
    echo "${name}_FILE names $file, which cannot be read by user $(id -u): see docs/operations.md" >&2
    exit 78
  fi
  export "$name=$(cat "$file")"
  unset "${name}_FILE"
done

exec "$@"
