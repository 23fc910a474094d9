#!/bin/sh
# An agent for every keeper, on any shell and in the smallest container. It is called with what it does and with a file, and
# begins by adding a line to it: the file's time is the moment it ran, without another process that would have to be started.
echo $$ >>"$2"
command -v setsid >/dev/null || setsid() { busybox setsid "$@"; }
case $1 in
idle) exec sleep 86400 ;;
crash-at-once) exit 1 ;;
crash-slowly) sleep 1.5; exit 1 ;;
family)
  trap 'exit 0' TERM INT
  sleep 86400 &
  (setsid sleep 86400 &)
  wait
  ;;
hang)
  for turn in 1 2 3 4 5; do echo "$turn" >"$2.turn"; sleep 1; done
  while :; do :; done
  ;;
esac
