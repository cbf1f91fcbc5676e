#!/bin/sh
# deploy/backup.sh FOLDER: the database first, the files after it, so that every row finds its file.
# Reads SIGNOFF_DATABASE_URL, SIGNOFF_DATA_DIR and SIGNOFF_FILES_URL as Signoff does; works while it runs.
set -eu
target=$1
data=${SIGNOFF_DATA_DIR:-var}
url=${SIGNOFF_DATABASE_URL:-sqlite:///$data/signoff.db}
mkdir -p "$target"
case $url in
  sqlite:///*) sqlite3 "${url#sqlite:///}" ".backup '$target/signoff.db'" ;;
  *) pg_dump --format=custom --no-owner --file="$target/signoff.dump" "postgresql://${url#*://}" ;;
esac
case ${SIGNOFF_FILES_URL:-} in
  "") files=$data/files ;;
  file://*) files=${SIGNOFF_FILES_URL#file://} ;;
  *) files=; echo "files are in ${SIGNOFF_FILES_URL%%\?*}: have the bucket keep versions, they are not copied" >&2 ;;
esac
if [ -n "$files" ] && [ -d "$files" ]; then
  # 1: something changed or went meanwhile, as it does where people work; what the database names is never changed
  tar -C "$files" --exclude=./parts -czf "$target/files.tar.gz" . || [ $? -eq 1 ]
fi
if [ -f "$data/secret.key" ]; then cp -p "$data/secret.key" "$target/secret.key"; fi
echo "backed up to $target"
