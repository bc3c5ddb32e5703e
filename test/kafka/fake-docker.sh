#!/bin/sh
# What the scripts use of Docker, for machines that have none: "run" starts a program, passes SIGTERM on to it and outlives
# no container; "kill" ends one by its name. MILLRACE_FAKE_DOCKER is a directory for its notes, MILLRACE_FAKE_LIBS has the jars.
case $1 in
run)
  name=none
  while [ "$1" != --entrypoint ]; do
    [ "$1" = --name ] && name=$2
    shift
  done
  program=$2
  shift 3
  # A container is no child of the command: it does not die with it.
  for argument in "$@"; do
    shift
    [ "$argument" = '/opt/kafka/libs/*' ] && argument="$MILLRACE_FAKE_LIBS/*"
    set -- "$@" "$argument"
  done
  "$program" "$@" &
  container=$!
  echo $container >"$MILLRACE_FAKE_DOCKER/$name"
  trap 'kill -TERM $container' TERM
  while kill -0 $container 2>/dev/null; do wait $container; status=$?; done
  rm "$MILLRACE_FAKE_DOCKER/$name"
  exit $status
  ;;
image) ;; # "image inspect": whatever is asked for has been pulled.
kill) kill -KILL "$(cat "$MILLRACE_FAKE_DOCKER/$2")" ;;
*) exit 1 ;;
esac
