#!/usr/bin/env bash
# Sees to it that this machine can build and test kmscope.
#
#   packaging/setup.sh [--check] [build|test]
#
#   build    a C compiler, the headers that the window needs, and Go (default)
#   test     all of that, and what only the tests use: a virtual display,
#            Node.js for the test with the official JavaScript client, zstd, jq
#   --check  install nothing; list what is missing and exit with status 1
#
# When everything is there it does nothing, says nothing and asks for nothing.
# Otherwise it names what is missing, prints the command it is about to run,
# and runs it (through sudo, unless it runs as root). Go itself is never
# installed, only looked for: distributions are often too far behind.
#
# What is there is found out by asking for the thing (pkg-config, a command),
# not for a package, so that other ways to install it count as well. It runs on
# the bash 3.2 of macOS: no associative arrays.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

check_only=no
level=build
for arg in "$@"; do
  case $arg in
    --check) check_only=yes ;;
    build | test) level=$arg ;;
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "setup: unknown argument \"$arg\"; use build, test, --check or --help" >&2
      exit 2
      ;;
  esac
done

say() { echo "setup: $*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# system names the family of this system by its package tool.
system() {
  case $(uname -s) in
    Darwin) echo macos ;;
    Linux)
      if have apt-get; then
        echo apt
      elif have dnf; then
        echo dnf
      else
        echo other
      fi
      ;;
    *) echo other ;;
  esac
}

# The pkg-config modules that Fyne (X11 and Wayland) and the native file
# dialogs (GTK 3) are compiled against.
modules="x11 xcursor xrandr xinerama xi xxf86vm gl egl wayland-client wayland-cursor wayland-egl xkbcommon gtk+-3.0"

# missing_things prints the name of everything that is not there, one a line.
missing_things() {
  if [ "$sys" = macos ]; then
    xcode-select -p >/dev/null 2>&1 || echo xcode
  else
    have make || echo make
    have git || echo git
    if ! have cc || ! echo '#include <stdlib.h>' | cc -E -o /dev/null - >/dev/null 2>&1; then
      echo cc
    fi
    # Linux without a bundle of certificate authorities downloads no module.
    [ "$sys" != apt ] || [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    if ! have pkg-config; then
      echo pkg-config
      printf '%s\n' $modules
    elif ! pkg-config --exists $modules 2>/dev/null; then
      for m in $modules; do
        pkg-config --exists "$m" 2>/dev/null || echo "$m"
      done
    fi
  fi
  if [ "$level" = test ]; then
    if [ "$sys" != macos ]; then
      have xvfb-run || echo xvfb-run
      have xauth || echo xauth
    fi
    for c in node npm zstd jq; do
      have "$c" || echo "$c"
    done
  fi
}

# package_for prints the package that brings a thing, in the words of the
# system's package tool.
package_for() {
  case $sys:$1 in
    apt:cc) echo gcc libc6-dev ;;
    apt:x11) echo libx11-dev ;;
    apt:xcursor) echo libxcursor-dev ;;
    apt:xrandr) echo libxrandr-dev ;;
    apt:xinerama) echo libxinerama-dev ;;
    apt:xi) echo libxi-dev ;;
    apt:xxf86vm) echo libxxf86vm-dev ;;
    apt:gl) echo libgl-dev ;;
    apt:egl) echo libegl-dev ;;
    apt:wayland-*) echo libwayland-dev ;;
    apt:xkbcommon) echo libxkbcommon-dev ;;
    apt:gtk+-3.0) echo libgtk-3-dev ;;
    apt:xvfb-run) echo xvfb ;;
    apt:node) echo nodejs ;;

    dnf:cc) echo gcc glibc-devel ;;
    dnf:pkg-config) echo pkgconf-pkg-config ;;
    dnf:x11) echo libX11-devel ;;
    dnf:xcursor) echo libXcursor-devel ;;
    dnf:xrandr) echo libXrandr-devel ;;
    dnf:xinerama) echo libXinerama-devel ;;
    dnf:xi) echo libXi-devel ;;
    dnf:xxf86vm) echo libXxf86vm-devel ;;
    dnf:gl) echo mesa-libGL-devel ;;
    dnf:egl) echo mesa-libEGL-devel ;;
    dnf:wayland-*) echo wayland-devel ;;
    dnf:xkbcommon) echo libxkbcommon-devel ;;
    dnf:gtk+-3.0) echo gtk3-devel ;;
    dnf:xvfb-run) echo xorg-x11-server-Xvfb ;;
    dnf:xauth) echo xorg-x11-xauth ;;
    dnf:node) echo nodejs ;;

    macos:node | macos:npm) echo node ;;
    *) echo "$1" ;;
  esac
}

# run prints a command and runs it with the rights to install packages.
run() {
  if [ "$(id -u)" -eq 0 ]; then
    say "running: $*"
    "$@"
  elif have sudo; then
    say "running: sudo $*   (your password may be asked for)"
    sudo "$@"
  else
    say "not root and no sudo here; as root, run: $*"
    exit 1
  fi
}

# look_for_go fails with a sentence unless a Go is there that can build this
# module. A Go from 1.21 on fetches the release that go.mod names by itself.
look_for_go() {
  local wanted version dir
  wanted=$(awk '$1 == "go" {print $2; exit}' "$here/go.mod")
  for dir in /usr/local/go/bin /opt/homebrew/bin /usr/local/bin "$HOME/go/bin" /usr/lib/go/bin /snap/bin; do
    have go && break
    [ -x "$dir/go" ] && PATH=$PATH:$dir
  done
  if ! have go; then
    say "Go is not installed (looked in PATH and in /usr/local/go/bin)."
    say "Install Go $wanted or later from https://go.dev/dl/ and run this again."
    return 1
  fi
  # In the module's folder the go command itself says when it is too old.
  if ! version=$(cd "$here" && go env GOVERSION 2>&1); then
    say "$(command -v go) cannot build this module: $version"
    say "Install Go $wanted or later from https://go.dev/dl/ and run this again."
    return 1
  fi
  version=${version#go}
  if [ "$(printf '%s\n%s\n' "$wanted" "$version" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" != "$wanted" ]; then
    say "$(command -v go) is Go $version, and kmscope needs Go $wanted."
    say "Install Go $wanted or later from https://go.dev/dl/ and run this again."
    return 1
  fi
}

# install_things installs what brings the given things, or says what to do.
install_things() {
  local packages
  packages=$(for thing in "$@"; do package_for "$thing" | tr ' ' '\n'; done | sort -u)
  case $sys in
    apt)
      # The lists of a fresh machine or container are empty or stale.
      run apt-get update
      run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
      ;;
    dnf)
      run dnf install -y $packages
      ;;
    macos)
      case " $* " in
        *" xcode "*)
          say "Apple's command line tools are missing; run: xcode-select --install"
          say "and start this again when they are there."
          exit 1
          ;;
      esac
      if ! have brew; then
        say "Homebrew is not installed; get it from https://brew.sh, or install by hand: $(echo $packages)"
        exit 1
      fi
      say "running: brew install $(echo $packages)"
      brew install $packages
      ;;
    other)
      say "this system is none of Debian, Ubuntu, Fedora and macOS; please install by hand what is missing."
      say "(Names such as xcursor are development headers, in the spelling of pkg-config.)"
      exit 1
      ;;
  esac
}

sys=$(system)
missing=$(missing_things)

if [ -n "$missing" ]; then
  say "missing here: $(echo $missing)"
  if [ "$check_only" = yes ]; then
    look_for_go || true
    exit 1
  fi
  # npm comes with Node.js in some packages and conflicts with it as a package
  # of its own there; so it is installed in a second round, if still missing.
  case " $(echo $missing) " in
    *" node npm "*) install_things $(printf '%s\n' $missing | grep -vx npm) ;;
    *) install_things $missing ;;
  esac
  hash -r
  [ "$(missing_things)" != npm ] || install_things npm
  left=$(missing_things)
  if [ -n "$left" ]; then
    say "still missing after the installation: $(echo $left)"
    exit 1
  fi
fi

look_for_go
