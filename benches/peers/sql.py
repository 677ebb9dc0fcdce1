"""Runs duckdb.sql or chdb.sql over a log: sql.py duckdb|chdb LOG."""
import os
import pathlib
import sys

engine, log = sys.argv[1], os.path.abspath(sys.argv[2])
text = (pathlib.Path(__file__).parent / f"{engine}.sql").read_text()
if engine == "duckdb":
    import duckdb

    # getenv() is for the shell of DuckDB only.
    text = text.replace("getenv('LOG')", "'" + log.replace("'", "''") + "'")
    connection = duckdb.connect()
    rows = connection.execute(text).fetchall()
else:
    import chdb

    rows = str(chdb.query(text.replace("{log}", log.replace("'", "\\'")))).splitlines()
print(len(rows), rows[0])
