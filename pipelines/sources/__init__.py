"""Sources: one reader for each shape that slang comes in. A reader yields records and bad records, nothing is lost.

entries, bad = read_source(SourceSettings(name="genz", path="all_slangs.csv"), root=Path("data/raw"))

read.py        one source of a recipe → entries and bad records; the fingerprint of its content
settings.py    what a recipe's [[sources]] may say
files.py       which files a source names, and which format each is in
snapshots.py   what collect left, with its rights
text_files.py  bytes → lines of text: compression, encodings, what is no text at all
columns.py     their columns → the entry's fields
chat.py        chat files of every usual layout → messages
the rest       one shape a file: delimited, json_files (with maps), lists, wiktextract, dictd, parquet, sqlite, hub
"""

from pipelines.sources.read import fingerprint, read_source
from pipelines.sources.record import SourceError
from pipelines.sources.settings import SourceSettings

__all__ = ["SourceError", "SourceSettings", "fingerprint", "read_source"]
