#!/bin/sh
# pyarrow 19.0.1 reads the numbers of words back as 32 bits where 8 were written: a schema compared
# with the one that was written differs, though the same version wrote the file. 20.0.0 keeps them.
# It cost us a sweep that took every file of its own for damaged, and wrote it again, for ever.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.2.6 pyarrow==19.0.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

words = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int8()), pa.array(["a", "b"]))
written = pa.table({"word": words})
pq.write_table(written, "words.parquet")
read = pq.read_table("words.parquet")
print(f"pyarrow {pa.__version__}")
print(f"written: {written.schema.field('word').type}")
print(f"read:    {read.schema.field('word').type}")
sys.exit(read.schema.equals(written.schema))
PY
