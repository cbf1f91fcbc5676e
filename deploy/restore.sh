#!/bin/sh
# deploy/restore.sh FOLDER: into an empty database and data folder, with Signoff stopped.
# Then: signoff db upgrade && signoff doctor && signoff audit verify
set -eu
source=$1
data=${SIGNOFF_DATA_DIR:-var}
url=${SIGNOFF_DATABASE_URL:-sqlite:///$data/signoff.db}
mkdir -p "$data"
case $url in
  sqlite:///*)
    if [ -s "${url#sqlite:///}" ]; then echo "${url#sqlite:///} is there already: move it away" >&2; exit 1; fi
    cp "$source/signoff.db" "${url#sqlite:///}" ;;
  *) pg_restore --no-owner --exit-on-error --dbname="postgresql://${url#*://}" "$source/signoff.dump" ;;
esac
case ${SIGNOFF_FILES_URL:-} in
  file://*) files=${SIGNOFF_FILES_URL#file://} ;;
  *) files=$data/files ;;
esac
if [ -f "$source/files.tar.gz" ]; then
  # backups of older versions have them below files/
  if tar -tzf "$source/files.tar.gz" | sed -n 1p | grep -q '^files/'; then files=$data; fi
  mkdir -p "$files"
  tar -C "$files" -xzf "$source/files.tar.gz"
fi
if [ -f "$source/secret.key" ] && [ ! -f "$data/secret.key" ]; then cp -p "$source/secret.key" "$data/secret.key"; fi
echo "restored from $source"
