#!/bin/sh
# Runs Node ($NODE) on a machine whose hosts file is $HOSTS and which has no name server.
# shellcheck disable=SC2016 # the inner shell expands it
exec unshare --map-root-user --mount sh -c '
  mount --bind "$HOSTS" /etc/hosts && mount --bind /dev/null /etc/resolv.conf && exec "$NODE" "$@"' sh "$@"
