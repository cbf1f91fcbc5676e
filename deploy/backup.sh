#!/bin/sh
# deploy/backup.sh FOLDER: the database first, the files after it, so that every row finds its file.
# Reads SIGNOFF_DATABASE_URL and SIGNOFF_DATA_DIR as Signoff does; works while it runs.
set -eu
target=$1
data=${SIGNOFF_DATA_DIR:-var}
url=${SIGNOFF_DATABASE_URL:-sqlite:///$data/signoff.db}
mkdir -p "$target"
case $url in
  sqlite:///*) sqlite3 "${url#sqlite:///}" ".backup '$target/signoff.db'" ;;
  *) pg_dump --format=custom --no-owner --file="$target/signoff.dump" "postgresql://${url#*://}" ;;
esac
if [ -d "$data/files" ]; then tar -C "$data" -czf "$target/files.tar.gz" files; fi
if [ -f "$data/secret.key" ]; then cp -p "$data/secret.key" "$target/secret.key"; fi
echo "backed up to $target"
