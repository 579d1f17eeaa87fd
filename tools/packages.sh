# packages.sh: installs from Debian what building and running Coppice needs. Sourced, not run.
# That a command is there says nothing of libraries, so the packages themselves are asked for.

# Libraries, compiler and build tools; gnuplot draws the report's figures.
build_packages="gcc g++ libc6-dev cmake ninja-build pkg-config git ca-certificates \
  libconfig-dev libcjson-dev libxxhash-dev librandom123-dev libpng-dev libdnnl-dev \
  zlib1g-dev libjpeg62-turbo-dev libzip-dev libmatio-dev libsqlite3-dev \
  libopenblas-openmp-dev gnuplot-nox"
# python3 and binutils hold the architecture (tests/architecture); the format is that of clang-format 14,
# which Debian 12 has.
test_packages="libcmocka-dev python3 binutils"
if grep -qs '^VERSION_ID="12"' /etc/os-release; then
  test_packages="$test_packages clang-format"
fi

# The slow tier alone: a browser for the report's page; a Slurm, which the tests configure, start and stop.
slow_packages="chromium slurm-wlm slurm-wlm-basic-plugins munge"

# Installs those of the named packages that are missing; says what it does; needs root or sudo then.
install_packages() {
  command -v dpkg-query >/dev/null 2>&1 || {
    echo "not a Debian system: install the equivalents of: $*" >&2
    return 0
  }
  missing=""
  for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
      echo "these packages are missing, and there is no sudo to install them by: run as root" \
        "apt-get install$missing" >&2
      return 1
    }
    as_root=sudo
  fi
  echo "installing:$missing" >&2
  $as_root apt-get update -qq >&2
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >&2
}
