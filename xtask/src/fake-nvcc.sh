#!/bin/sh
# Stands in for NVIDIA's compiler in type checks: says a version and writes empty output files.
case " $* " in
*" --version "*)
    printf 'nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 13.0, V13.0.88\n'
    exit 0
    ;;
esac
output=
folder=.
source=
kind=object
while [ $# -gt 0 ]; do
    case "$1" in
    -o) output=$2 && shift ;;
    --output-directory) folder=$2 && shift ;;
    --ptx) kind=ptx ;;
    --lib) kind=archive ;;
    *.cu) source=$1 ;;
    esac
    shift
done
case $kind in
ptx) : >"$folder/$(basename "${source%.cu}").ptx" ;;
archive) ar crs "$output" ;;
object) : >"$output" ;;
esac
