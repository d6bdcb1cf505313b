#!/bin/sh
# Collects the sentences of code and templates into the catalogue, keeps what is translated, compiles.
# Usage, from the top of the repository: mall/translations/update.sh [check]
#   check: only says which sentences lack Chinese (exit 1 if any does).
set -eu
cd "$(dirname "$0")/../.."
PYBABEL="${PYBABEL:-.venv/bin/pybabel}"
HERE=mall/translations
POT="$(mktemp)"
trap 'rm -f "$POT"' EXIT
"$PYBABEL" -q extract -F $HERE/babel.cfg -k _l -k lazy_gettext --no-location --no-wrap --sort-output \
  --project="Points mall" --version=1 -o "$POT" mall points catalog admin templates
if [ "${1:-}" != check ]; then
  "$PYBABEL" -q update -i "$POT" -d $HERE -l zh --no-fuzzy-matching --no-wrap --ignore-obsolete --omit-header
  "$PYBABEL" -q compile -d $HERE
fi
"${PYTHON:-.venv/bin/python}" - "$POT" <<'PY'
import sys
from babel.messages.pofile import read_po
wanted = read_po(open(sys.argv[1], "rb"))
have = read_po(open("mall/translations/zh/LC_MESSAGES/messages.po", "rb"), locale="zh")
missing = [m.id for m in wanted if m.id and not (have.get(m.id) and have.get(m.id).string and all(have.get(m.id).string if isinstance(have.get(m.id).string, tuple) else [have.get(m.id).string]))]
for sentence in missing:
    print("no Chinese:", sentence if isinstance(sentence, str) else sentence[0])
sys.exit(bool(missing))
PY
