#!/usr/bin/env bash
# Steps of the setup action: find | install | sandbox; and installer: uv alone. Works on a bare runner with Python 3.11 or newer.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$here/../../.." && pwd)"

find_installed() {
  local want have
  want="factory $(sed -n 's/^version = "\(.*\)"$/\1/p' "$repository/pyproject.toml" | head -n 1)"
  have="$(factory --version 2>/dev/null || true)"
  if [ "$have" = "$want" ]; then
    echo "$have is installed already: $(command -v factory)"
    echo "ready=true" >>"$GITHUB_OUTPUT"
  fi
  echo "lock=$(sha256sum "$repository/uv.lock" | cut -d ' ' -f 1)" >>"$GITHUB_OUTPUT"
}

tools="${RUNNER_TEMP:-/tmp}/factory-uv"

install_installer() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "::error::The factory needs Python 3.11 or newer; this runner has $(python3 --version): use ubuntu-24.04."
    exit 1
  }
  # Into a folder of its own: nothing of the machine's Python changes. A Python without pip makes itself one first.
  local python=python3
  python3 -m pip --version >/dev/null 2>&1 || {
    python3 -m venv "$tools-python"
    python="$tools-python/bin/python"
  }
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --no-compile \
    --require-hashes --target "$tools" --requirement "$here/uv.txt"
}

install_locked() {
  local commands="$RUNNER_TEMP/factory-bin"
  install_installer
  export UV_PROJECT_ENVIRONMENT="$RUNNER_TEMP/factory-venv" UV_CACHE_DIR="$RUNNER_TEMP/factory-downloads"
  "$tools/bin/uv" sync --frozen --no-dev ${EXTRA:+--extra "$EXTRA"} --quiet --project "$repository" --python python3
  # Only `factory` goes on the PATH: the environment's python is not what a target's tests should find.
  mkdir -p "$commands"
  ln -sf "$UV_PROJECT_ENVIRONMENT/bin/factory" "$commands/factory"
  echo "$commands" >>"$GITHUB_PATH"
  "$commands/factory" --version
}

make_sandbox() {
  local profile=/etc/apparmor.d/bwrap
  "$repository/scripts/install-bubblewrap"
  # Ubuntu 24.04 keeps bubblewrap from making user namespaces. On a hosted, throw-away machine we allow it; on an
  # owner's box we change nothing: `factory doctor` says there what to type.
  if [ "${RUNNER_ENVIRONMENT:-}" = github-hosted ] && [ -d /etc/apparmor.d ] && ! bwrap --ro-bind / / true 2>/dev/null; then
    printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }\n' |
      sudo -n tee "$profile" >/dev/null
    sudo -n apparmor_parser -r "$profile"
  fi
  bwrap --ro-bind / / true || {
    echo "::error::bubblewrap does not start here: \`factory doctor\` on this machine says what to do."
    exit 1
  }
}

case "${1:-}" in
  find) find_installed ;;
  install) install_locked ;;
  installer) install_installer ;;
  sandbox) make_sandbox ;;
  *) echo "setup.sh: say find, install, installer or sandbox." >&2; exit 2 ;;
esac
